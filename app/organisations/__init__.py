"""Organisations change: what is planned about them is rehearsed, applied and, for a while, undone."""
