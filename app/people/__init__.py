"""What is done with people: adding, granting and ending, shutting out and letting in, confirming, ending sessions."""
