"""What every list is made of: columns, filters, pages, saved views."""
