"""The command line: one file per command. A name with `_` in front is no command but what commands share.

Starting up is part of the interface: a command imports what it works with inside its function.
"""
