"""Sums of flows by what they have in common, and their words in a summary."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from netmon.language.language import Language
from netmon.language.words import LACK, OUTCOME, SEVERITY
from netmon.records import LACKS, SEVERITIES, Lack, Severity
from netmon.verdict.table import REASONS

ORDER = ("forbidden", "unexpected", "undecided", "expected")
"""The outcomes, the worst first."""
COLOURS: Mapping[str, str] = {
    "expected": "green",
    "unexpected": "bold red",
    "forbidden": "bold red",
    "undecided": "yellow",
}
SEVERITY_COLOURS: Mapping[Severity, str] = {"critical": "bold red", "warning": "red", "notice": "yellow"}


class FlowSum(Struct):
    """Flows and their bytes."""

    flows: int = 0
    sent: int = 0
    received: int = 0

    def add(self, flows: int, sent: int, received: int) -> None:
        """Adds flows."""
        self.flows += flows
        self.sent += sent
        self.received += received


class FlowHeading(Struct, frozen=True):
    """What the flows of one table have in common."""

    vendor: str
    outcome: str
    severity: Severity | None
    lacks: Lack | None
    reason: str

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """Findings come first, the worst of them at the top."""
        worst = -SEVERITIES.index(self.severity) if self.severity else 1
        lacks = LACKS.index(self.lacks) if self.lacks else 0
        return worst, ORDER.index(self.outcome), lacks, self.reason

    @property
    def colour(self) -> str:
        """The colour of its verdict."""
        return SEVERITY_COLOURS[self.severity] if self.severity else COLOURS[self.outcome]

    def words(self, language: Language) -> tuple[str, str]:
        """The verdict, with its severity or what is missing, and the reason."""
        more = SEVERITY[self.severity] if self.severity else LACK[self.lacks] if self.lacks else None
        word = language.say(OUTCOME[self.outcome])
        return f"{word}, {language.say(more)}" if more else word, language.say(REASONS[self.reason])


class FlowLine(Struct, frozen=True):
    """What a line of the tables sums up."""

    heading: FlowHeading
    component: str
    where: str
    country: str  # as located, "unknown" or "disputed"

    @property
    def rank(self) -> tuple[str, str, str]:
        """The order of the lines below a heading."""
        return self.component, self.where, self.country
