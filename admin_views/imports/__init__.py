"""Files that come in: published lists of organisations, and cases from spreadsheets."""
