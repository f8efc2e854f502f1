"""Cases from spreadsheets: read, compared with the cases that are there, shown, and applied at once."""
