"""Who is this? Sign-in, sign-out, and the session between them."""
