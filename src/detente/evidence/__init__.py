"""Evidence: sources, claims and where they come from."""
