"""What a person sees in a browser: home page, map, HTML of the OGC documents, static files."""
