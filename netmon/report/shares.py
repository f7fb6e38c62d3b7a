"""The shares of the bytes: each connection belongs to exactly one, the first that applies to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from netmon.report.facts import Meaning

Share = Literal[
    "right",  # in a place that was promised, or that the policy allows
    "concern",  # located in a country of concern
    "forbidden",  # a contact that the policy forbids, wherever it ended
    "elsewhere",  # in another place than was promised or allowed
    "not_there",  # undecided, but not in any country of concern: the server answered too quickly
    "no_place",  # undecided: the place is not known
    "no_promise",  # undecided: the place is known, and nothing was promised
    "no_evidence",  # undecided: not enough was seen of the connection
]
"""The shares, in the order in which they are asked: a closed set."""
SHARES: tuple[Share, ...] = get_args(Share)

STACK: tuple[Share, ...] = (
    "concern",
    "forbidden",
    "elsewhere",
    "right",
    "not_there",
    "no_promise",
    "no_place",
    "no_evidence",
)
"""The shares as they are stacked in a bar, from its bottom, and on the map, from its top."""
BAD: tuple[Share, ...] = STACK[:3]
"""The shares of findings, the worst first."""


def share_of(meaning: Meaning) -> Share:
    """The share that flows with this meaning belong to."""
    return next((share for share, holds in _TESTS.items() if holds(meaning)), "no_evidence")


def _is_excluded(meaning: Meaning) -> bool:
    concerns = meaning.concerns
    return (
        meaning.uncounted is None and bool(concerns) and all(one.standing == "excluded" for one in concerns)
    )


_TESTS: Mapping[Share, Callable[[Meaning], bool]] = {
    "right": lambda one: one.outcome == "expected",
    "concern": lambda one: bool(one.located),
    "forbidden": lambda one: one.outcome == "forbidden",
    "elsewhere": lambda one: one.outcome == "unexpected",
    "not_there": _is_excluded,
    "no_place": lambda one: one.lacks == "place",
    "no_promise": lambda one: one.lacks == "promise",
}
