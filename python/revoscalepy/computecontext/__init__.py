"""Compute contexts: where, and on how many threads or processes, work is done."""
