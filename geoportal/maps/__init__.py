"""Pictures of the layers: what is drawn (styles evaluated) and how (a child process with mapnik)."""
