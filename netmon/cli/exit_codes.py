"""The exit codes of all commands."""

OK, ERROR, USAGE, FOUND, UNREAD, INTERRUPTED = 0, 1, 2, 3, 4, 130
