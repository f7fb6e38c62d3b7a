"""How much is shown unless more is asked for."""

FINDINGS = 10
