"""Leaving again: an environment in the words of another tool, and the ids under which that takes it over.

`subjects` says what is to be written of each resource, `links` turns what one resource says of another back into a
reference. `terraform` and `cloudformation` each have a writer, and a folder with a file for each kind.
"""
