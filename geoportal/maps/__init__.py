"""Pictures of the layers: what is drawn and how (a child process with mapnik)."""
