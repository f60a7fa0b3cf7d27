"""What is published: one folder per layer, the registry, SQL as values, the store."""
