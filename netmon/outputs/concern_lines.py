"""The statement about countries of concern in words: how many flows ended there, cannot have, or may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netmon.countries import country_name
from netmon.outputs.texts import plural
from netmon.records import STANDINGS, UNCOUNTED, ClassifiedFlow, Standing, Uncounted

_UNCOUNTED_TEXT: Mapping[Uncounted, str] = {
    "not_shown": "not shown to be the vendor's",
    "redirected": "to addresses that are not global",
    "unseen": "of which too little was seen",
    "no_data": "without data",
}


class Statement(NamedTuple):
    """What a statement is about."""

    vendor: str
    country: str


class ConcernLines:
    """Counts flows by their standing for each country of concern. Each flow counts once, when it ends."""

    def __init__(self) -> None:
        self._counted: dict[Statement, Counter[Standing]] = {}
        self._uncounted: dict[Statement, Counter[Uncounted]] = {}

    def flow(self, classified: ClassifiedFlow) -> None:
        """Adds a flow when it ends."""
        if classified.flow.phase != "end" or classified.vendor is None:
            return
        for one in classified.concerns:
            about = Statement(classified.vendor, one.country)
            counted = self._counted.setdefault(about, Counter())
            if classified.uncounted is None:
                counted[one.standing] += 1
            else:
                self._uncounted.setdefault(about, Counter())[classified.uncounted] += 1

    def lines(self) -> Iterator[tuple[str, bool]]:
        """One line for each vendor and country, and whether a flow is located there."""
        for about, counted in sorted(self._counted.items()):
            yield _sentence(about, counted, self._uncounted.get(about, Counter())), counted["located"] > 0


def _sentence(about: Statement, counted: Counter[Standing], uncounted: Counter[Uncounted]) -> str:
    total = sum(counted[one] for one in STANDINGS)
    possible, unknown = counted["possible"], counted["unknown"]
    split = f" ({possible:,} named by a source, {unknown:,} by none)"
    left_out = ", ".join(f"{uncounted[one]:,} {_UNCOUNTED_TEXT[one]}" for one in UNCOUNTED if uncounted[one])
    return (
        f"{country_name(about.country)}: {total:,} {plural(total, 'flow')} of {about.vendor}: "
        f"{counted['located']:,} located there, {counted['excluded']:,} cannot be there, "
        f"{possible + unknown:,} not excluded{split if possible + unknown else ''}."
        f"{f' Not counted: {left_out}.' if left_out else ''}"
    )
