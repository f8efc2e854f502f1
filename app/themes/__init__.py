"""What cases have in common: filters, and what was learned from them."""
