"""Whether an installation gives the results that it should: a capture that comes with it is read again."""
