"""A file for each kind, found by being there: its `FORM`."""
