"""The door: HTTP, OGC API, web map, command line."""
