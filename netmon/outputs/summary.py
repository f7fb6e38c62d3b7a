"""A readable summary of a run: flows by vendor, place and verdict, how they were named, what was missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from netmon.countries import country_name
from netmon.outputs.dns_use import DnsUse
from netmon.outputs.seen import show_seen
from netmon.outputs.texts import bytes_text, plural
from netmon.privacy import Privacy
from netmon.records import LACKS, ClassifiedFlow, DnsRecord, Lack, Place
from netmon.signatures.model import Location
from netmon.verdict.table import REASONS

_COLOURS = {"expected": "green", "unexpected": "bold red", "forbidden": "bold red", "undecided": "yellow"}
_COUNTRY_TEXT = {"unknown": "in an unknown country", "disputed": "where the sources contradict each other"}
_LACK_HEADING: Mapping[Lack, str] = {
    "place": "place unknown",
    "promise": "place known, nothing promised",
    "evidence": "evidence incomplete",
}
_LACK_SENTENCE: Mapping[Lack, str] = {
    "place": "of unknown place",
    "promise": "of known place, for which nothing was promised",
    "evidence": "with incomplete evidence",
}
_ORDER = ("forbidden", "unexpected", "undecided", "expected")


@dataclass(slots=True)
class _Sum:
    flows: int = 0
    sent: int = 0
    received: int = 0


class _Key(NamedTuple):
    """What a line of the tables sums up."""

    heading: tuple[str, str, Lack | None, str]  # vendor, outcome, what is missing, reason
    component: str
    where: str


class Summary:
    """Sums up the flows of a run, which `show` prints. Each flow counts once, when it ends."""

    def __init__(self, locations: Mapping[str, Location], privacy: Privacy) -> None:
        self._locations = locations
        self._dns_use = DnsUse(privacy)
        self._sums: dict[_Key, _Sum] = {}
        self._explanations: dict[tuple[str, str], set[str]] = {}  # by vendor and reason
        self._outcomes: dict[str, _Sum] = {outcome: _Sum() for outcome in _ORDER}
        self._alarms: Counter[tuple[str, str, str]] = Counter()
        self._undecided: dict[str, _Sum] = {}  # by country as located
        self._lacks: Counter[Lack] = Counter()
        self._excluded: Counter[tuple[str, str]] = Counter()  # by vendor and country that cannot be
        self._excepted = 0

    @property
    def flows(self) -> int:
        """Flows of known vendors."""
        return sum(outcome.flows for outcome in self._outcomes.values())

    @property
    def findings(self) -> int:
        """Flows that are unexpected or forbidden."""
        return self._outcomes["unexpected"].flows + self._outcomes["forbidden"].flows

    @property
    def is_unjudged(self) -> bool:
        """True if there are flows of known vendors, and every one of them is undecided."""
        return 0 < self.flows == self._outcomes["undecided"].flows

    def flow(self, classified: ClassifiedFlow) -> None:
        """Adds a flow when it ends."""
        flow, verdict, place = classified.flow, classified.verdict, classified.place
        self._dns_use.flow(classified)
        if flow.phase != "end" or verdict is None or place is None or classified.vendor is None:
            return
        where = self.place_text(place)
        heading = (classified.vendor, verdict.outcome, verdict.lacks, verdict.reason)
        key = _Key(heading, classified.component or "", where)
        totals = [self._sums.setdefault(key, _Sum()), self._outcomes[verdict.outcome]]
        if verdict.outcome == "undecided":
            totals.append(self._undecided.setdefault(place.country, _Sum()))
        if verdict.lacks is not None:
            self._lacks[verdict.lacks] += 1
        if verdict.explanation is not None:
            shown = self._explanations.setdefault((classified.vendor, verdict.reason), set())
            shown.add(verdict.explanation)
        for total in totals:
            total.flows += 1
            total.sent += flow.sent_bytes
            total.received += flow.received_bytes
        self._excluded.update((classified.vendor, country) for country in place.not_in)
        self._excepted += verdict.reason == "policy_exception"
        if verdict.outcome in ("unexpected", "forbidden"):
            self._alarms[classified.vendor, classified.component or "", where] += 1

    def dns(self, record: DnsRecord) -> None:
        """Does nothing: the engine counts DNS messages."""

    def flush(self) -> None:
        """Does nothing: only `show` writes."""

    def place_text(self, place: Place) -> str:
        """A place in words: "Zürich, CH", "disputed: CH or RU" or "unknown"."""
        if place.confidence == "disputed":
            locating = [vote for vote in place.votes if vote.about == "location"]
            countries = sorted({vote.country for vote in locating if vote.country})
            countries += ["another"] * any(vote.contradicts for vote in locating)
            return "disputed: " + " or ".join(countries)
        if place.confidence == "unknown":
            return "unknown"
        city = self._locations[place.location].city if place.location in self._locations else place.city
        return f"{city}, {place.country}" if city else place.country

    def show(self, console: Console, stats: Mapping[str, Any]) -> None:
        """Prints the tables and a closing sentence; `stats` are the engine's counters.

        If nothing could be judged, the first line says so: no table may be read as an all-clear.
        """
        if self.is_unjudged:
            console.print(self.not_judged(), style=_COLOURS["undecided"])
        for part in self._groups():
            console.print(part)
        for excluded in self.not_in():
            console.print(excluded)
        console.print()
        for part in show_seen(stats):
            console.print(part)
        for line in self._dns_use.lines():
            console.print(line)
        console.print()
        console.print(self.sentence(), style=self._style())

    def sentence(self) -> Text:
        """The result in one sentence."""
        total = self.flows
        if total == 0:
            return Text("No flow to a known vendor was seen.")
        if self.findings:
            places = "; ".join(
                f"{flows:,} {plural(flows, 'flow')} of {vendor} ({component}) to {where}"
                for (vendor, component, where), flows in sorted(self._alarms.items())
            )
            return Text(f"Findings: {places}.")
        if self.is_unjudged:
            return Text(f"NOT JUDGED: none of {total:,} {plural(total, 'flow')}, as the first line says.")
        undecided = self._outcomes["undecided"].flows
        excepted = f", {self._excepted:,} of them by an exception of the policy" if self._excepted else ""
        if undecided == 0:
            return Text(f"All {total:,} {plural(total, 'flow')} ended as expected{excepted}.")
        decided = f"{total - undecided:,} of {total:,} {plural(total, 'flow')}"
        return Text(
            f"{decided} ended as expected{excepted}; {undecided:,} could not be judged "
            f"({self._what_lacks()}): {self._where_undecided()}."
        )

    def not_judged(self) -> Text:
        """That no flow could be judged, why, and where they went all the same."""
        reasons: Counter[str] = Counter()
        for key, total in self._sums.items():
            reasons[key.heading[-1]] += total.flows
        why = "; ".join(f"{REASONS[reason]} ({flows:,})" for reason, flows in reasons.most_common())
        return Text(
            f"NOT JUDGED: none of {self.flows:,} {plural(self.flows, 'flow')}, because {why}. "
            f"As located, without a judgement: {self._where_undecided()}."
        )

    def not_in(self) -> Iterator[Text]:
        """For each vendor, the countries in which what answered cannot be, those of most flows first."""
        for vendor in sorted({vendor for vendor, _ in self._excluded}):
            counted = [(flows, country) for (of, country), flows in self._excluded.items() if of == vendor]
            counted.sort(key=lambda one: (-one[0], one[1]))
            countries = ", ".join(
                f"{country_name(country)} ({flows:,} {plural(flows, 'flow')})" for flows, country in counted
            )
            yield Text(f"By round trips, what answered for {vendor} cannot be in: {countries}.")

    def _what_lacks(self) -> str:
        """How many undecided flows lack what."""
        return ", ".join(
            f"{self._lacks[lack]:,} {_LACK_SENTENCE[lack]}" for lack in LACKS if self._lacks[lack]
        )

    def _where_undecided(self) -> str:
        """The countries in which undecided flows ended, those with most bytes first."""
        ordered = sorted(self._undecided.items(), key=lambda one: (-one[1].sent - one[1].received, one[0]))
        return "; ".join(
            f"{total.flows:,} {plural(total.flows, 'flow')} with {bytes_text(total.sent + total.received)} "
            f"{_COUNTRY_TEXT.get(country, f'in {country_name(country)}')}"
            for country, total in ordered
        )

    def _style(self) -> str:
        if self.findings:
            return _COLOURS["unexpected"]
        return _COLOURS["undecided" if self._outcomes["undecided"].flows else "expected"]

    def _groups(self) -> Iterator[RenderableType]:
        """For each vendor, verdict and reason: a heading, and a table of its components and places."""
        groups: dict[tuple[str, int, int, str], list[tuple[_Key, _Sum]]] = {}
        for key, total in self._sums.items():
            vendor, outcome, lacks, reason = key.heading
            order = LACKS.index(lacks) if lacks else 0
            groups.setdefault((vendor, _ORDER.index(outcome), order, reason), []).append((key, total))
        first_of_vendor = ""
        for (vendor, _, _, reason), rows in sorted(groups.items(), key=lambda one: one[0]):
            if vendor != first_of_vendor:
                first_of_vendor = vendor
                yield _table_of_flows([(Text(vendor, "bold"), Text("where"), None)])
            _, outcome, lacks, _ = rows[0][0].heading
            word = f"{outcome}, {_LACK_HEADING[lacks]}" if lacks else outcome
            yield Text.assemble((word, _COLOURS[outcome]), f": {REASONS[reason]}")
            yield _table_of_flows(
                [
                    (Text(key.component), Text(key.where), total)
                    for key, total in sorted(rows, key=lambda row: row[0][1:])
                ]
            )
            for text in sorted(self._explanations.get((vendor, reason), ())):
                yield Text(text)


def _table_of_flows(rows: Sequence[tuple[Text, Text, _Sum | None]]) -> Table:
    """A table whose columns align with those of the other tables; a row without a sum is a heading."""
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(width=18)
    table.add_column(width=25)
    for width in (10, 9, 9):
        table.add_column(width=width, justify="right", no_wrap=True)
    for component, where, total in rows:
        numbers = ("flows", "sent", "received")
        if total is not None:
            component.pad_left(2)
            numbers = (f"{total.flows:,}", bytes_text(total.sent), bytes_text(total.received))
        table.add_row(component, where, *numbers)
    return table
