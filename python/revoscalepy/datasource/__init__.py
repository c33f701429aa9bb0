"""Data sources: descriptions of data that are read on use."""
