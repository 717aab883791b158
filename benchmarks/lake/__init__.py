"""Whole lakes, end to end: what a sweep costs beside merely reading the same columns of the same files."""
