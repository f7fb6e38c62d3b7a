"""The report for people: what was seen in a period, what it shows, and how each number can be checked."""
