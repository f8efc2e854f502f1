"""Files out: which columns they have, and how rows are written."""
