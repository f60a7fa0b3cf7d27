"""A layer folder drafted from a file, for a person to finish."""
