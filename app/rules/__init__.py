"""Plain Python: values in, answers out. No table, no session, no clock."""
