"""The countries in which sources place an address, or may: one list for all statements about it."""

from __future__ import annotations

from collections.abc import Iterable

from netmon.records import About, Confidence, Vote

_LOCATING: frozenset[About] = frozenset({"location"})
_NAMING: frozenset[About] = frozenset({"location", "unclear", "anycast"})


def named_countries(votes: Iterable[Vote]) -> frozenset[str]:
    """The countries that sources name, also one that others contradict, replace or refute.

    A registration, or the country of a satellite provider, names none.
    """
    return frozenset(vote.country for vote in votes if vote.about in _NAMING and vote.country is not None)


def told_kinds(confidence: Confidence) -> frozenset[About]:
    """The kinds of votes that words about a place tell: of a disputed one, all that name a country."""
    return _NAMING if confidence == "disputed" else _LOCATING
