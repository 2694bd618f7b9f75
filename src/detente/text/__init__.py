"""Places, diagnostics and their printing, YAML nodes with places, numbers and dates as written."""
