"""The findings of a run, one entry for each client, name, address and verdict, as lines of a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from netmon.days import moment_of
from netmon.language.language import Language
from netmon.language.words import OUTCOME, SEVERITY
from netmon.outputs.blocks import Line, LineBlock, Unwrapped
from netmon.outputs.flow_sums import ORDER, SEVERITY_COLOURS, FlowSum
from netmon.outputs.layout import NARROW, Paragraph, wrapped
from netmon.outputs.place_text import basis_text, place_text
from netmon.outputs.texts import bytes_text, flows_text
from netmon.places.named import told_kinds
from netmon.privacy import Privacy
from netmon.records import SEVERITIES, ClassifiedFlow, Place, Severity, Verdict, Vote
from netmon.signatures.model import Location

MAX_KEPT = 1_000
"""Findings of one severity that are told apart; further ones are only counted."""
_SHOWN_VOTES = 5

More = Callable[[int], str]
"""The command that shows so many findings."""


class _FindingKey(Struct, frozen=True):
    outcome: str
    vendor: str
    component: str
    client: str | None  # as the privacy level shows it
    name: str | None
    server: str


class _SeenFinding(Struct):
    """Flows with one key, and the place of the latest one."""

    place: Place
    first_ns: int
    total: FlowSum = field(default_factory=FlowSum)


class FindingsSeen:
    """Collects findings. Each flow counts once, when it ends."""

    def __init__(self, privacy: Privacy, locations: Mapping[str, Location], language: Language) -> None:
        self._privacy = privacy
        self._locations = locations
        self._language = language
        self._kept: dict[Severity, dict[_FindingKey, _SeenFinding]] = {one: {} for one in SEVERITIES}
        self._left_out: Counter[Severity] = Counter()

    def flow(self, classified: ClassifiedFlow, verdict: Verdict, place: Place) -> None:
        """Adds a flow that has ended, if it is a finding."""
        flow = classified.flow
        if verdict.severity is None:
            return
        kept = self._kept[verdict.severity]
        client = self._privacy.show(flow.client, flow.start_ns)
        vendor, component = classified.vendor or "", classified.component or ""
        key = _FindingKey(
            verdict.outcome, vendor, component, client, flow.name or flow.matched, flow.destination
        )
        if key not in kept and len(kept) >= MAX_KEPT:
            self._left_out[verdict.severity] += 1
            return
        one = kept.setdefault(key, _SeenFinding(place, flow.start_ns))
        one.place = place
        one.first_ns = min(one.first_ns, flow.start_ns)
        one.total.add(1, flow.sent_bytes, flow.received_bytes)

    def show(self, shown: int, more: More | None) -> Iterator[LineBlock]:
        """A heading and the findings, the worst first; what is left out is counted, with its command."""
        found = [
            (severity, key, one) for severity in reversed(SEVERITIES) for key, one in self._order(severity)
        ]
        if not found:
            return
        say = self._language.say
        yield Paragraph(say("Findings, the worst first (times in UTC)"), "bold")
        for severity, key, one in found[:shown]:
            yield self._entry(severity, key, one)
        hidden, uncounted = len(found[shown:]), self._left_out.total()
        number = self._language.number
        if hidden:
            text = say("… and {count} more", count=number(hidden))
            yield Unwrapped(f"{text}: {more(len(found))}" if more else text)
        if uncounted:
            text = say(
                "… and {flows} with further findings, of which only the sums were kept",
                flows=flows_text(uncounted, self._language),
            )
            yield Paragraph(text, others="  ")
        yield Paragraph("")

    def _order(self, severity: Severity) -> list[tuple[_FindingKey, _SeenFinding]]:
        """The findings of a severity: forbidden contacts first, then by the bytes that were sent."""
        return sorted(
            self._kept[severity].items(),
            key=lambda one: _rank(*one),
        )

    def _entry(self, severity: Severity, key: _FindingKey, one: _SeenFinding) -> FindingEntry:
        say = self._language.say
        moment = moment_of(one.first_ns)
        verdict = f"{say(OUTCOME[key.outcome])}, {say(SEVERITY[severity])}"
        client = key.client or say("a client that is not shown")
        server = f"{key.name} ({key.server})" if key.name else key.server
        where = f"{place_text(one.place, self._locations, self._language)}: {self._votes(one.place)}"
        much = say(
            "{vendor} ({component}): {flows}, {sent} sent, {received} received",
            vendor=key.vendor,
            component=key.component,
            flows=flows_text(one.total.flows, self._language),
            sent=bytes_text(one.total.sent, self._language),
            received=bytes_text(one.total.received, self._language),
        )
        body = (f"{client} → {server}", where, much)
        return FindingEntry(self._language.stamp(moment), verdict, body, SEVERITY_COLOURS[severity])

    def _votes(self, place: Place) -> str:
        """What the place rests on, and what each source says."""
        say, basis = self._language.say, basis_text(place, self._language)
        kinds = told_kinds(place.confidence)
        told = [vote for vote in place.votes if vote.about in kinds]
        said = [self._vote(vote) for vote in told[:_SHOWN_VOTES]]
        if len(told) > _SHOWN_VOTES:
            said.append(say("… and {count} more", count=len(told) - _SHOWN_VOTES))
        return f"{basis} ({', '.join(said)})" if said else basis

    def _vote(self, vote: Vote) -> str:
        country = self._language.say("another") if vote.contradicts else vote.country or "–"
        return f"{vote.source} {country} {vote.city}" if vote.city else f"{vote.source} {country}"


def _rank(key: _FindingKey, one: _SeenFinding) -> tuple[int, int, int, str, str]:
    return ORDER.index(key.outcome), -one.total.sent, one.first_ns, key.vendor, key.component


class FindingEntry(LineBlock):
    """Time and verdict, who and whom, where, how much: each in a line of its own on a narrow terminal."""

    def __init__(self, when: str, verdict: str, body: tuple[str, str, str], style: str) -> None:
        self._when = when
        self._verdict = verdict
        self._body = body
        self._style = style

    def lines(self, width: int) -> Iterator[Line]:
        """The entry; its verdict is in the style."""
        head, (who, where, much) = f"{self._when} {self._verdict}", self._body
        parts = [f"{head}: {who}", f"{where}; {much}"] if width >= NARROW else [head, who, where, much]
        for number, part in enumerate(parts):
            for at, line in enumerate(wrapped(part, width, "  " * (number > 0), "    ")):
                is_first = number == at == 0
                yield Line(line, ((self._style, len(self._when), len(head)),) if is_first else ())
