"""Monitoring networks: variogram, kriging, where a network is blind, where to put stations."""
