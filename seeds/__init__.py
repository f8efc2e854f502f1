"""What an empty service starts with: reference lists; demo people and cases."""
