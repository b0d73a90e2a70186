"""Leaving again: an environment in the words of another tool, and the ids under which that takes it over."""
