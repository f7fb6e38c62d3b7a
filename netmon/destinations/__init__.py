"""Where vendors were reached from here: what is new of it, and a file that remembers it over restarts."""
