"""Analyses and information about data."""
