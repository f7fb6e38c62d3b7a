"""Scenarios: one list of captures, configurations and right verdicts, for the tests and for a page."""
