"""Themes, learning, and what is prepared for sharing."""
