"""One file per kind; found by being there."""
