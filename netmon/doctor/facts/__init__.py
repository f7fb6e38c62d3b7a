"""What this machine, an interface and its traffic are like. A fact that cannot be found out is None."""
