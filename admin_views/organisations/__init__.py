"""Organisations: CCGs, STPs and regions, and how they change."""
