"""Code lists, which administrators keep."""
