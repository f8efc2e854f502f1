"""Quarterly extracts: drawing, checking, signing off, giving out."""
