"""The engine: from typed equations to numbers over many paths."""
