"""Bringing files in: the national sources, and OpenStreetMap extracts of a city."""
