"""A readable summary of a run: flows by vendor, place and verdict, how they were named, what was missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from netmon.countries import country_in_text, country_name
from netmon.outputs.clients_seen import ClientsSeen
from netmon.outputs.concern_lines import ConcernLines
from netmon.outputs.dns_use import DnsUse
from netmon.outputs.place_text import place_text
from netmon.outputs.seen import show_seen
from netmon.outputs.texts import bytes_text, plural
from netmon.privacy import Privacy
from netmon.quality import unread_text
from netmon.records import (
    ALARMS,
    LACKS,
    SEVERITIES,
    ClassifiedFlow,
    DnsRecord,
    Lack,
    Place,
    Severity,
    Verdict,
)
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
_FINDINGS: Mapping[Severity, str] = {
    "critical": "Critical findings",
    "warning": "Warnings",
    "notice": "Notices",
}
_SEVERITY_COLOURS: Mapping[Severity, str] = {"critical": "bold red", "warning": "red", "notice": "yellow"}

MAX_LINES = 10_000
"""Lines of the tables; places of a component beyond that share one line."""
_OTHER_PLACES = "other places"


@dataclass(slots=True)
class _Sum:
    flows: int = 0
    sent: int = 0
    received: int = 0


class _Heading(NamedTuple):
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
        return worst, _ORDER.index(self.outcome), lacks, self.reason

    @property
    def text(self) -> Text:
        """The verdict, with its severity or what is missing, and the reason."""
        more = self.severity or (_LACK_HEADING[self.lacks] if self.lacks else None)
        colour = _SEVERITY_COLOURS[self.severity] if self.severity else _COLOURS[self.outcome]
        word = f"{self.outcome}, {more}" if more else self.outcome
        return Text.assemble((word, colour), f": {REASONS[self.reason]}")


class _Key(NamedTuple):
    """What a line of the tables sums up."""

    heading: _Heading
    component: str
    where: str


class Summary:
    """Sums up the flows of a run, which `show` prints. Each flow counts once, when it ends."""

    def __init__(
        self, locations: Mapping[str, Location], privacy: Privacy, clients: ClientsSeen | None = None
    ) -> None:
        self._locations = locations
        self._clients = clients
        self._dns_use = DnsUse(privacy)
        self._concerns = ConcernLines()
        self._sums: dict[_Key, _Sum] = {}
        self._explanations: dict[_Heading, set[str]] = {}
        self._outcomes: dict[str, _Sum] = {outcome: _Sum() for outcome in _ORDER}
        self._findings: dict[Severity, Counter[tuple[str, str, str]]] = {one: Counter() for one in SEVERITIES}
        self._undecided: dict[str, _Sum] = {}  # by country as located
        self._lacks: Counter[Lack] = Counter()
        self._excluded: Counter[tuple[str, str]] = Counter()  # by vendor and country that cannot be
        self._excepted = 0
        self._edges: Counter[str] = Counter()

    @property
    def flows(self) -> int:
        """Flows of known vendors."""
        return sum(outcome.flows for outcome in self._outcomes.values())

    @property
    def alarms(self) -> int:
        """Findings of at least a warning."""
        return sum(self._findings[severity].total() for severity in ALARMS)

    @property
    def is_unjudged(self) -> bool:
        """True if there are flows of known vendors, and every one of them is undecided."""
        return 0 < self.flows == self._outcomes["undecided"].flows

    @property
    def has_unknown_subjects(self) -> bool:
        """True if a flow could not be judged because the country of its client is not known."""
        return any(key.heading.reason == "subject_unknown" for key in self._sums)

    def flow(self, classified: ClassifiedFlow) -> None:
        """Adds a flow when it ends."""
        flow, verdict, place = classified.flow, classified.verdict, classified.place
        self._dns_use.flow(classified)
        self._concerns.flow(classified)
        if self._clients is not None:
            self._clients.flow(classified)
        if flow.phase != "end" or verdict is None or place is None or classified.vendor is None:
            return
        where = self._where(place, verdict)
        heading = _Heading(
            classified.vendor, verdict.outcome, verdict.severity, verdict.lacks, verdict.reason
        )
        key = _Key(heading, classified.component or "", where)
        if key not in self._sums and len(self._sums) >= MAX_LINES:
            where = _OTHER_PLACES
            key = key._replace(where=where)
        totals = [self._sums.setdefault(key, _Sum()), self._outcomes[verdict.outcome]]
        if verdict.outcome == "undecided":
            totals.append(self._undecided.setdefault(place.country, _Sum()))
        if verdict.lacks is not None:
            self._lacks[verdict.lacks] += 1
        if verdict.explanation is not None and verdict.outcome != "undecided":
            self._explanations.setdefault(heading, set()).add(verdict.explanation)
        for total in totals:
            total.flows += 1
            total.sent += flow.sent_bytes
            total.received += flow.received_bytes
        self._excluded.update((classified.vendor, country) for country in place.not_in)
        self._excepted += verdict.reason == "policy_exception"
        if classified.edge is not None:
            self._edges[classified.edge] += 1
        if verdict.severity is not None:
            self._findings[verdict.severity][classified.vendor, classified.component or "", where] += 1

    def dns(self, record: DnsRecord) -> None:
        """Does nothing: the engine counts DNS messages."""

    def flush(self) -> None:
        """Does nothing: only `show` writes."""

    def _where(self, place: Place, verdict: Verdict) -> str:
        """The place in words, as the verdict has it."""
        if verdict.reason == "nowhere_promised":
            return f"elsewhere, disputed: {' or '.join(place.claims)}"
        return place_text(place, self._locations)

    def show(self, console: Console, stats: Mapping[str, Any]) -> None:
        """Prints the tables and a closing sentence; `stats` are the engine's counters.

        If nothing could be judged, the first line says so: no table may be read as an all-clear. Then comes
        the statement about countries of concern, which needs no promise.
        """
        unread = unread_text(stats)
        if unread is not None:
            console.print(Text(f"NOT READ: {unread}."), style=_COLOURS["undecided"])
        if self.is_unjudged:
            console.print(self.not_judged(), style=_COLOURS["undecided"])
        for line, is_located in self._concerns.lines():
            console.print(line, style=_COLOURS["unexpected"] if is_located else None)
        for part in self._groups():
            console.print(part)
        for excluded in self.not_in():
            console.print(excluded)
        if self.flows:
            console.print()
        for part in show_seen(stats):
            console.print(part)
        for line in self._dns_use.lines():
            console.print(line)
        for line in self._clients.lines() if self._clients is not None else ():
            console.print(line)
        for holder, flows in sorted(self._edges.items()):
            console.print(
                f"Edge of a third party ({holder}): {flows:,} {plural(flows, 'flow')}; origin not seen."
            )
        console.print()
        console.print(self.sentence(is_unread=unread is not None), style=self._style())

    def sentence(self, *, is_unread: bool = False) -> Text:
        """The result in one sentence. It is no all-clear if most packets could not be decoded."""
        total = self.flows
        if is_unread and not self.alarms:
            return Text(f"INCOMPLETE, as the first line says: {self._seen_in_part()}")
        if total == 0:
            return Text("No flow to a known vendor was seen.")
        if self.alarms:
            return Text(" ".join(self._found()))
        if self._findings["notice"]:
            return Text(" ".join(["No alarm.", *self._found(), self._rest()]))
        if self.is_unjudged:
            return Text(f"NOT JUDGED: none of {total:,} {plural(total, 'flow')}, as the first line says.")
        return Text(self._rest())

    def _seen_in_part(self) -> str:
        """What the packets that could be decoded show, without any conclusion about the others."""
        total = self.flows
        if total == 0:
            return "whether there was a flow to a known vendor cannot be said."
        verb = "was" if total == 1 else "were"
        seen = f"{total:,} {plural(total, 'flow')} of known vendors {verb} seen"
        return f"{seen}; whether there were more cannot be said."

    def _found(self) -> Iterator[str]:
        """The findings of each severity, the worst first."""
        for severity in reversed(SEVERITIES):
            if found := self._findings[severity]:
                places = "; ".join(
                    f"{flows:,} {plural(flows, 'flow')} of {vendor} ({component}) to {where}"
                    for (vendor, component, where), flows in sorted(found.items())
                )
                yield f"{_FINDINGS[severity]}: {places}."

    def _rest(self) -> str:
        """The flows without a finding, in one sentence."""
        total, undecided, expected = (
            self.flows,
            self._outcomes["undecided"].flows,
            self._outcomes["expected"].flows,
        )
        excepted = f", {self._excepted:,} of them by an exception of the policy" if self._excepted else ""
        if total == expected:
            return f"All {total:,} {plural(total, 'flow')} ended as expected{excepted}."
        decided = f"{expected:,} of {total:,} {plural(total, 'flow')} ended as expected{excepted}"
        if undecided == 0:
            return f"{decided}."
        return (
            f"{decided}; {undecided:,} could not be judged ({self._what_lacks()}): {self._where_undecided()}."
        )

    def not_judged(self) -> Text:
        """That no flow could be judged, why, and where they went all the same."""
        reasons: Counter[str] = Counter()
        for key, total in self._sums.items():
            reasons[key.heading.reason] += total.flows
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
            f"{_COUNTRY_TEXT.get(country, f'in {country_in_text(country)}')}"
            for country, total in ordered
        )

    def _style(self) -> str:
        worst = next((one for one in reversed(SEVERITIES) if self._findings[one]), None)
        if worst is not None:
            return _SEVERITY_COLOURS[worst]
        return _COLOURS["undecided" if self._outcomes["undecided"].flows else "expected"]

    def _groups(self) -> Iterator[RenderableType]:
        """For each vendor, verdict and reason: a heading, and a table of its components and places."""
        vendors: dict[str, dict[_Heading, list[tuple[_Key, _Sum]]]] = {}
        for key, total in self._sums.items():
            vendors.setdefault(key.heading.vendor, {}).setdefault(key.heading, []).append((key, total))
        for vendor, groups in sorted(vendors.items(), key=_rank_of_vendor):
            yield _table_of_flows([(Text(vendor, "bold"), Text("where"), None)])
            for heading, rows in sorted(groups.items(), key=lambda one: one[0].rank):
                yield heading.text
                yield _table_of_flows(
                    [
                        (Text(key.component), Text(key.where), total)
                        for key, total in sorted(rows, key=lambda row: row[0][1:])
                    ]
                )
                for text in sorted(self._explanations.get(heading, ())):
                    yield Text(text)


def _rank_of_vendor(vendor: tuple[str, Mapping[_Heading, object]]) -> tuple[int, str]:
    """Vendors with the worst findings come first."""
    return min(heading.rank[0] for heading in vendor[1]), vendor[0]


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
