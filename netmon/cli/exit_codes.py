"""The exit codes of all commands."""

OK, ERROR, USAGE, FOUND, INTERRUPTED = 0, 1, 2, 3, 130
