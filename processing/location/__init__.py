"""Where the next facilities should go: covering, median and centre models of location science."""
