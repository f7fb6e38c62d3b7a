"""The destinations of each vendor: which of them are new, and a file that keeps them across restarts."""
