"""A readable summary of a run: the verdict, findings, flows by vendor, place and verdict, what was missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from netmon.language.language import ENGLISH, Language
from netmon.language.marking import _
from netmon.language.sentences import Sentence, say_all
from netmon.outputs.blocks import BlockPrinter, LineBlock, Unwrapped
from netmon.outputs.clients_seen import ClientsSeen
from netmon.outputs.concern_lines import ConcernLines
from netmon.outputs.conclusions import Conclusion, conclude, rest
from netmon.outputs.dns_use import DnsUse
from netmon.outputs.findings_seen import FindingsSeen, More
from netmon.outputs.flow_sums import COLOURS, SEVERITY_COLOURS, FlowHeading, FlowLine, FlowSum
from netmon.outputs.layout import Grid, GridRow, Paragraph, cell_len
from netmon.outputs.looked_up import looked_up_lines
from netmon.outputs.place_text import either, place_text
from netmon.outputs.seen import show_seen
from netmon.outputs.shown import FINDINGS
from netmon.outputs.texts import bytes_text, flows_text
from netmon.outputs.verdict_box import VerdictBox
from netmon.privacy import Privacy
from netmon.quality import is_poor
from netmon.records import ALARMS, SEVERITIES, ClassifiedFlow, DnsRecord, Place, Severity, Verdict
from netmon.signatures.model import Location
from netmon.unread import partly_unread_text, unread_text

_FINDINGS: Mapping[Severity, str] = {
    "critical": _("Critical findings"),
    "warning": _("Warnings"),
    "notice": _("Notices"),
}
MAX_LINES = 10_000
"""Lines of the tables; places of a component beyond that share one line for each country."""
MAX_MEANINGS = 20
"""Explanations of one verdict and reason that are shown; further ones differ in the names of places."""


class Summary:
    """Sums up the flows of a run, which `show` prints. Each flow counts once, when it ends."""

    def __init__(
        self,
        locations: Mapping[str, Location],
        privacy: Privacy,
        clients: ClientsSeen | None = None,
        language: Language = ENGLISH,
    ) -> None:
        self._locations = locations
        self._clients = clients
        self._language = language
        self._dns_use = DnsUse(privacy, language)
        self._concerns = ConcernLines(language)
        self._findings = FindingsSeen(privacy, locations, language)
        self._sums: dict[FlowLine, FlowSum] = {}
        self._meanings: dict[FlowHeading, dict[tuple[Sentence, ...], None]] = {}
        self._excluded: Counter[tuple[str, str]] = Counter()  # by vendor and country that cannot be
        self._edges: Counter[str] = Counter()

    @property
    def flows(self) -> int:
        """Flows of known vendors."""
        return sum(total.flows for total in self._sums.values())

    @property
    def alarms(self) -> int:
        """Findings of at least a warning."""
        return sum(total.flows for line, total in self._sums.items() if line.heading.severity in ALARMS)

    @property
    def is_unjudged(self) -> bool:
        """True if there are flows of known vendors, and every one of them is undecided."""
        return bool(self._sums) and all(line.heading.outcome == "undecided" for line in self._sums)

    @property
    def has_unknown_subjects(self) -> bool:
        """True if a flow could not be judged because the country of its client is not known."""
        return any(line.heading.reason == "subject_unknown" for line in self._sums)

    def flow(self, classified: ClassifiedFlow) -> None:
        """Adds a flow when it ends."""
        flow, verdict, place = classified.flow, classified.verdict, classified.place
        self._dns_use.flow(classified)
        self._concerns.flow(classified)
        if self._clients is not None:
            self._clients.flow(classified)
        if flow.phase != "end" or verdict is None or place is None or classified.vendor is None:
            return
        heading = FlowHeading(
            classified.vendor, verdict.outcome, verdict.severity, verdict.lacks, verdict.reason
        )
        line = FlowLine(heading, classified.component or "", self._where(place, verdict), place.country)
        if line not in self._sums and len(self._sums) >= MAX_LINES:
            line = replace(line, where=self._language.say("other places"))
        self._sums.setdefault(line, FlowSum()).add(1, flow.sent_bytes, flow.received_bytes)
        if verdict.meaning and verdict.outcome != "undecided":
            meanings = self._meanings.setdefault(heading, {})
            if len(meanings) < MAX_MEANINGS:
                meanings[verdict.meaning] = None
        self._findings.flow(classified, verdict, place)
        self._excluded.update((classified.vendor, country) for country in place.not_in)
        if classified.edge is not None:
            self._edges[classified.edge] += 1

    def dns(self, record: DnsRecord) -> None:
        """Does nothing: the engine counts DNS messages."""

    def flush(self) -> None:
        """Does nothing: only `show` writes."""

    def _where(self, place: Place, verdict: Verdict) -> str:
        """The place in words, as the verdict has it."""
        if verdict.reason == "nowhere_promised":
            countries = either(list(place.claims), self._language)
            return self._language.say("elsewhere, disputed: {countries}", countries=countries)
        return place_text(place, self._locations, self._language)

    def show(
        self,
        page: BlockPrinter,
        stats: Mapping[str, Any],
        *,
        remarks: Sequence[str] = (),
        shown: int = FINDINGS,
        more: More | None = None,
    ) -> None:
        """Prints the verdict, the findings, the tables and a closing sentence.

        `stats` are the engine's counters; `remarks` are about the run, such as that it was interrupted. As
        many findings as `shown` says are shown, and `more` gives the command that shows more of them.
        """
        unread = unread_text(stats, self._language)
        partly = partly_unread_text(stats, self._language, nothing_seen=not self._sums)
        for remark in remarks:
            page.print(Paragraph(remark, "bold yellow"))
        page.print(VerdictBox(self._conclusions(unread, partly, stats)))
        for line, is_located in self._concerns.lines():
            page.print(Paragraph(line, COLOURS["unexpected"] if is_located else ""))
        looked_up = list(self.looked_up_lines(stats))
        for line in looked_up:
            page.print(Paragraph(line))
        if self.flows:
            page.print()
        for part in (*self._findings.show(shown, more), *self._groups()):
            page.print(part, soft_wrap=isinstance(part, Unwrapped))  # a command is not broken
        for line in self.not_in():
            page.print(Paragraph(line))
        if self.flows or looked_up:
            page.print()
        for part in show_seen(stats, self._language):
            page.print(part)
        for line in (*self._dns_use.lines(), *self._client_lines()):
            page.print(Paragraph(line, others="  "))
        page.print()
        sentence = self.sentence(is_unread=bool(unread or partly), is_looked_up=bool(looked_up))
        page.print(Paragraph(sentence, self._style()))

    def _conclusions(
        self, unread: str | None, partly: str | None, stats: Mapping[str, Any]
    ) -> list[Conclusion]:
        """What the summary leads with: no all-clear if most packets of an interface could not be read."""
        vendors: dict[str, list[tuple[FlowLine, FlowSum]]] = {}
        for line, total in self._sums.items():
            vendors.setdefault(line.heading.vendor, []).append((line, total))
        found = [
            conclude(vendor, lines, self._language, is_poor=is_poor(stats))
            for vendor, lines in vendors.items()
        ]
        say = self._language.say
        if unread is not None:
            seen = "" if self.alarms else f" {self._seen_in_part()}"
            alarms = [one for one in found if one.is_finding]
            return [Conclusion(-1, say("NOT READ"), f"{unread}.{seen}", COLOURS["undecided"]), *alarms]
        if partly is not None:
            label = say("INCOMPLETE") if found else say("NOTHING SEEN in what could be read")
            return [Conclusion(-1, label, f"{partly}.", COLOURS["undecided"]), *found]
        if not found:
            why = self._language.say_count(
                stats["packets"],
                "No flow to a known vendor was seen in {count} packet.",
                "No flow to a known vendor was seen in {count} packets.",
            )
            return [Conclusion(0, say("NOTHING SEEN"), why, "")]
        return found

    def _client_lines(self) -> Iterator[str]:
        yield from self._clients.lines(self._language) if self._clients is not None else ()
        for holder, flows in sorted(self._edges.items()):
            yield self._language.say(
                "Edge of a third party ({holder}): {flows}; origin not seen.",
                holder=holder,
                flows=flows_text(flows, self._language),
            )

    def looked_up_lines(self, stats: Mapping[str, Any]) -> Iterator[str]:
        """A line for each vendor of which only names were looked up."""
        seen = {line.heading.vendor for line in self._sums}
        return looked_up_lines(stats["looked_up"], seen, self._language)

    def sentence(self, *, is_unread: bool = False, is_looked_up: bool = False) -> str:
        """The result in one sentence. It is no all-clear if most packets could not be decoded.

        `is_looked_up`: it comes after `looked_up_lines`.
        """
        say = self._language.say
        if is_unread and not self.alarms:
            return say("INCOMPLETE, as said above: {what}", what=self._seen_in_part())
        if not self._sums:
            only = say("Only DNS queries for names of known vendors were seen, as said above, and no flow.")
            return only if is_looked_up else say("No flow to a known vendor was seen.")
        if self.alarms:
            return " ".join(self._found())
        if found := list(self._found()):
            return " ".join([say("No alarm."), *found, rest(list(self._sums.items()), self._language)])
        if self.is_unjudged:
            return self._language.say_count(
                self.flows,
                "NOT JUDGED: the only flow, as said above.",
                "NOT JUDGED: none of {count} flows, as said above.",
            )
        return rest(list(self._sums.items()), self._language)

    def _seen_in_part(self) -> str:
        """What the packets that could be decoded show, without any conclusion about the others."""
        if not self._sums:
            return self._language.say("Whether there was a flow to a known vendor cannot be said.")
        return self._language.say_count(
            self.flows,
            "{count} flow of known vendors was seen; whether there were more cannot be said.",
            "{count} flows of known vendors were seen; whether there were more cannot be said.",
        )

    def _found(self) -> Iterator[str]:
        """The findings of each severity, the worst first."""
        for severity in reversed(SEVERITIES):
            found: Counter[tuple[str, str, str]] = Counter()
            for line, total in self._sums.items():
                if line.heading.severity == severity:
                    found[line.heading.vendor, line.component, line.where] += total.flows
            if found:
                places = "; ".join(
                    self._language.say(
                        "{flows} of {vendor} ({component}) to {where}",
                        flows=flows_text(flows, self._language),
                        vendor=vendor,
                        component=component,
                        where=where,
                    )
                    for (vendor, component, where), flows in sorted(found.items())
                )
                yield f"{self._language.say(_FINDINGS[severity])}: {places}."

    def not_in(self) -> Iterator[str]:
        """For each vendor, the countries in which what answered cannot be, those of most flows first."""
        for vendor in sorted({vendor for vendor, _country in self._excluded}):
            counted = [(flows, country) for (of, country), flows in self._excluded.items() if of == vendor]
            counted.sort(key=lambda one: (-one[0], one[1]))
            yield self._language.say(
                "By round trips, what answered for {vendor} cannot be in: {countries}.",
                vendor=vendor,
                countries=", ".join(
                    f"{self._language.country(country)} ({flows_text(flows, self._language)})"
                    for flows, country in counted
                ),
            )

    def _style(self) -> str:
        severities = {line.heading.severity for line in self._sums}
        worst = next((one for one in reversed(SEVERITIES) if one in severities), None)
        if worst is not None:
            return SEVERITY_COLOURS[worst]
        is_open = any(line.heading.outcome == "undecided" for line in self._sums)
        return COLOURS["undecided" if is_open else "expected"]

    def _groups(self) -> Iterator[LineBlock]:
        """For each vendor, verdict and reason: a heading, and a table of its components and places."""
        say = self._language.say
        vendors: dict[str, dict[FlowHeading, list[tuple[FlowLine, FlowSum]]]] = {}
        for line, total in self._sums.items():
            vendors.setdefault(line.heading.vendor, {}).setdefault(line.heading, []).append((line, total))
        headings = (say("flows"), say("sent"), say("received"))
        for vendor, groups in sorted(vendors.items(), key=_rank_of_vendor):
            yield _table([GridRow((vendor, say("where")), headings, "bold")], headings)
            for heading, rows in sorted(groups.items(), key=lambda one: one[0].rank):
                yield self._heading(heading)
                ordered = sorted(rows, key=lambda row: row[0].rank)
                yield _table([self._row(*row) for row in ordered], headings)
                for meaning in self._meanings.get(heading, ()):
                    yield Paragraph(say_all(meaning, self._language))

    def _heading(self, heading: FlowHeading) -> Paragraph:
        word, reason = heading.words(self._language)
        return Paragraph(f"{word}: {reason}", heading.colour, styled=len(word))

    def _row(self, line: FlowLine, total: FlowSum) -> GridRow:
        sent, received = bytes_text(total.sent, self._language), bytes_text(total.received, self._language)
        numbers = (self._language.number(total.flows), sent, received)
        return GridRow((line.component, line.where), numbers, indent=2)


def _rank_of_vendor(vendor: tuple[str, Mapping[FlowHeading, object]]) -> tuple[int, str]:
    """Vendors with the worst findings come first."""
    return min(heading.rank[0] for heading in vendor[1]), vendor[0]


def _table(rows: Sequence[GridRow], headings: Sequence[str]) -> Grid:
    """A table whose columns align with those of the others; a long heading takes room from the texts."""
    numbers = [max(_NUMBER, cell_len(heading)) for heading in headings]
    more = sum(numbers) - len(numbers) * _NUMBER
    return Grid(rows, texts=(19, 26 - more), numbers=numbers)


_NUMBER = 10
"""Columns of a number."""
