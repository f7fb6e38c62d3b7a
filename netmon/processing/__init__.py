"""What netmon stores about clients, where, why, for how long, and who can read it."""
