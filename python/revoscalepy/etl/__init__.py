"""Import of data."""
