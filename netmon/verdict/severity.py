"""How much a finding matters: a second table, read like that of verdicts (`table`), over the same facts.

The verdict says what happened, the severity how urgent it is. Only a finding has one. From "warning" up it is
an alarm: `netmon read` exits with 3, and events are alerts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from netmon.records import Severity
from netmon.verdict.table import Facts, Row


class Degree(Struct, frozen=True):
    """One line of the table. The first line whose condition holds gives the severity of a finding."""

    when: str  # the condition in words
    holds: Callable[[Facts], bool]
    severity: Severity | Literal["policy"]  # "policy": `policy.forbidden_severity`


DEGREES = (
    Degree(
        "a visit to web pages of the vendor, unless the policy forbids this very component",
        lambda case: case.visited and not case.is_named_and_forbidden,
        "notice",
    ),
    Degree(
        "every country that the sources leave is one of concern, which neither policy nor a promise allows",
        lambda case: case.concern and case.ended_elsewhere and not case.visited,
        "critical",
    ),
    Degree("the policy forbids the contact, wherever it ends", lambda case: case.is_forbidden, "policy"),
    Degree(
        "the client bypasses the relay, wherever the flow ends", lambda case: case.is_bypassing, "warning"
    ),
    Degree(
        "every country that the sources leave is one that the organisation tolerates",
        lambda case: case.tolerated,
        "notice",
    ),
    Degree("any other place outside promise and policy", lambda _case: True, "warning"),
)


def find_severity(facts: Facts, row: Row, forbidden: Severity) -> Severity | None:
    """The severity of the verdict of a row, with what the policy chose for forbidden contacts."""
    if row.outcome not in ("unexpected", "forbidden"):
        return None
    found = next(degree.severity for degree in DEGREES if degree.holds(facts))
    return forbidden if found == "policy" else found
