"""Files in: read, check, show, apply."""
