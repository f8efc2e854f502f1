"""People, their grants, and the account of whoever is signed in."""
