"""Units, expressions, distributions, typed equations and the registry of functions."""
