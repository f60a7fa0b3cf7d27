"""How pygeoapi is configured and called; one module per standard, in its module contract."""
