"""Our pygeoapi provider plugins."""
