"""What is done with cases: record, change, close, withdraw, find, count."""
