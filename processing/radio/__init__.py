"""Radio coverage: what a propagation model loses between an antenna and a receiver, and where."""
