"""What the service does beside its rivals, in one run; writes nothing into the checkout."""
