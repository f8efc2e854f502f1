"""Themes: what is happening, where, and what was learned. Counts over a scope, and search in what was learned."""
