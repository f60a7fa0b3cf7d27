"""The formats that features can be exported in."""
