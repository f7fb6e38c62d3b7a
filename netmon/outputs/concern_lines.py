"""The statement about countries of concern in words: how many flows ended there, cannot have, or may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from netmon.language import words
from netmon.language.language import ENGLISH, Language
from netmon.outputs.texts import flows_text
from netmon.records import STANDINGS, UNCOUNTED, ClassifiedFlow, Standing, Uncounted


class Statement(Struct, frozen=True, order=True):
    """What a statement is about."""

    vendor: str
    country: str


class ConcernLines:
    """Counts flows by their standing for each country of concern. Each flow counts once, when it ends."""

    def __init__(self, language: Language = ENGLISH) -> None:
        self._language = language
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
            sentence = self._sentence(about, counted, self._uncounted.get(about, Counter()))
            yield sentence, counted["located"] > 0

    def _sentence(self, about: Statement, counted: Counter[Standing], uncounted: Counter[Uncounted]) -> str:
        say, number = self._language.say, self._language.number
        possible, unknown = counted["possible"], counted["unknown"]
        split = say(
            " ({possible} named by a source, {unknown} by none)",
            possible=number(possible),
            unknown=number(unknown),
        )
        sentence = say(
            "{country}: {flows} of {vendor}: {located} located there, {excluded} cannot be there, {open} not "
            "excluded{split}.",
            country=self._language.country(about.country),
            flows=flows_text(sum(counted[one] for one in STANDINGS), self._language),
            vendor=about.vendor,
            located=number(counted["located"]),
            excluded=number(counted["excluded"]),
            open=number(possible + unknown),
            split=split if possible + unknown else "",
        )
        left_out = ", ".join(
            f"{number(uncounted[one])} {say(words.UNCOUNTED[one])}" for one in UNCOUNTED if uncounted[one]
        )
        return f"{sentence} {say('Not counted: {what}.', what=left_out)}" if left_out else sentence
