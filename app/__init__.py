"""How the service behaves."""
