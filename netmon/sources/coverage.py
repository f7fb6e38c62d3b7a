"""Which times the files of a capture cover together: gaps between them, and overlaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from netmon.days import moment_of
from netmon.language.language import ENGLISH, Language
from netmon.language.marking import _

_GAP_NS = 60 * 10**9
"""A shorter time without a packet between two files is not told: it is silence."""
_OVERLAP_NS = 10**9
"""A shorter overlap is not told: a capture that is rotated may write some packets in another order."""
_TOLD = 5
"""Gaps, and overlaps, that are told; the longest ones."""


class FileSpan(Struct, frozen=True):
    """The time of a file from its first packet to its last one."""

    path: str
    first_ns: int
    last_ns: int


class Between(Struct, frozen=True, order=True):
    """A time without a file, or with two of them: from one to another, between or in these files."""

    from_ns: int
    to_ns: int
    earlier: str
    later: str


class Coverage(Struct, frozen=True):
    """Gaps and overlaps, each by time."""

    gaps: list[Between]
    overlaps: list[Between]

    def lines(self, language: Language = ENGLISH) -> Iterator[str]:
        """What is said about them."""
        text = _("no file has a packet from {start} to {end}, between {earlier} and {later}")
        yield from _lines(self.gaps, text, language)
        if (more := len(self.gaps) - _TOLD) > 0:
            yield language.say_count(
                more, "{count} more gap, which is not longer", "{count} more gaps, which are not longer"
            )
        text = _(
            "two files cover {start} to {end}: {earlier} and {later}, read in the order of their packets' "
            "times"
        )
        yield from _lines(self.overlaps, text, language)
        if (more := len(self.overlaps) - _TOLD) > 0:
            yield language.say_count(
                more,
                "{count} more overlap, which is not longer",
                "{count} more overlaps, which are not longer",
            )


def coverage_of(spans: Sequence[FileSpan]) -> Coverage:
    """The coverage of files in the order of their beginnings."""
    gaps, overlaps = [], []
    last: FileSpan | None = None
    for span in sorted(spans, key=lambda one: (one.first_ns, one.path)):
        if last is not None and span.first_ns - last.last_ns > _GAP_NS:
            gaps.append(Between(last.last_ns, span.first_ns, last.path, span.path))
        elif last is not None and min(last.last_ns, span.last_ns) - span.first_ns > _OVERLAP_NS:
            overlaps.append(Between(span.first_ns, min(last.last_ns, span.last_ns), last.path, span.path))
        if last is None or span.last_ns > last.last_ns:
            last = span
    return Coverage(gaps, overlaps)


def _lines(found: Sequence[Between], text: str, language: Language) -> Iterator[str]:
    """The longest ones, by time."""
    longest = sorted(found, key=lambda one: one.from_ns - one.to_ns)[:_TOLD]
    for one in sorted(longest):
        start, end = _time(one.from_ns, language), _time(one.to_ns, language)
        yield language.say(text, start=start, end=end, earlier=one.earlier, later=one.later)


def _time(time_ns: int, language: Language) -> str:
    return f"{language.stamp(moment_of(time_ns))}Z"
