"""Readings of stations (CSV files of measuring networks) merged into layers of observations."""
