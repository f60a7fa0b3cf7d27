"""Jobs: what was asked to be computed, delivered by a queue, run in processes of their own."""
