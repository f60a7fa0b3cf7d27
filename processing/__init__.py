"""How numbers are made: pure functions on frames and arrays, pipelines, one impure runner."""
