"""What a deal file says: loading, checking grounds, what was known when, scenarios."""
