"""A readable summary of a run: what went where, how the names are known, and what could not be seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from netmon.records import DnsRecord, Place, Sighting
from netmon.signatures.model import Location
from netmon.verdict import REASONS

_COLOURS = {"expected": "green", "unexpected": "bold red", "forbidden": "bold red", "undecided": "yellow"}
_ORDER = ("forbidden", "unexpected", "undecided", "expected")

EVIDENCE_TEXT = {
    "sni": "server name in the TLS hello",
    "quic_sni": "server name in the QUIC hello",
    "http_host": "HTTP host",
    "certificate": "server certificate",
    "dns_client": "this client's DNS look-up",
    "dns_any": "somebody else's DNS look-up",
    "payload": "first bytes of a vendor's protocol",
    "network": "address in a vendor's network",
    "ech_outer": "public name of an encrypted hello",
    "none": "not named",
}
UNNAMED_TEXT = {
    "ech": "the name is encrypted (ECH)",
    "no_hello_seen": "no complete hello was seen",
    "no_server_name": "the hello carries no server name",
    "truncated_capture": "the capture cut the hello",
    "encrypted_dns": "DNS is encrypted",
    "started_before_sensor": "began before the capture",
    "not_tls": "neither TLS nor looked up in DNS",
    "malformed": "malformed",
}


@dataclass(slots=True)
class _Sum:
    flows: int = 0
    sent: int = 0
    received: int = 0


class Summary:
    """Adds sightings up; `show` prints them. Each flow counts once, when it ends."""

    def __init__(self, locations: Mapping[str, Location]) -> None:
        self._locations = locations
        self._sums: dict[tuple[str, str, str, str, str], _Sum] = {}
        self._outcomes: dict[str, _Sum] = {outcome: _Sum() for outcome in _ORDER}
        self._alarms: Counter[tuple[str, str, str]] = Counter()

    @property
    def flows(self) -> int:
        """Flows of known vendors."""
        return sum(outcome.flows for outcome in self._outcomes.values())

    @property
    def findings(self) -> int:
        """Flows that are unexpected or forbidden."""
        return self._outcomes["unexpected"].flows + self._outcomes["forbidden"].flows

    def sighting(self, sighting: Sighting) -> None:
        """Adds a flow up when it ends."""
        flow, verdict, place = sighting.flow, sighting.verdict, sighting.place
        if flow.phase != "end" or verdict is None or place is None or sighting.vendor is None:
            return
        where = self.place_text(place)
        key = (verdict.outcome, sighting.vendor, sighting.component or "", where, verdict.reason)
        for total in (self._sums.setdefault(key, _Sum()), self._outcomes[verdict.outcome]):
            total.flows += 1
            total.sent += flow.sent_bytes
            total.received += flow.received_bytes
        if verdict.outcome in ("unexpected", "forbidden"):
            self._alarms[sighting.vendor, sighting.component or "", where] += 1

    def dns(self, record: DnsRecord) -> None:
        """DNS messages are counted by the engine."""

    def flush(self) -> None:
        """Nothing is written before `show`."""

    def place_text(self, place: Place) -> str:
        """A place in words."""
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
        """Prints the tables and ends with one sentence."""
        for part in self._groups():
            console.print(part)
        console.print("\nWhat was seen", style="bold")
        console.print(_view_table(stats))
        console.print()
        console.print(self.sentence(), style=self._style())

    def sentence(self) -> Text:
        """The result in one sentence."""
        total = self.flows
        if total == 0:
            return Text("No flow to a known vendor was seen.")
        if self.findings:
            places = "; ".join(
                f"{flows} {_plural(flows, 'flow')} of {vendor} ({component}) to {where}"
                for (vendor, component, where), flows in sorted(self._alarms.items())
            )
            return Text(f"Not as it should be: {places}.")
        undecided = self._outcomes["undecided"].flows
        if undecided == 0:
            return Text(f"All {total} {_plural(total, 'flow')} ended as expected.")
        decided = total - undecided
        return Text(
            f"Nothing unexpected. {decided} of {total} {_plural(total, 'flow')} ended as expected, "
            f"{undecided} cannot be judged; the reasons are in the table."
        )

    def _style(self) -> str:
        if self.findings:
            return _COLOURS["unexpected"]
        return _COLOURS["undecided" if self._outcomes["undecided"].flows else "expected"]

    def _groups(self) -> Iterator[RenderableType]:
        """For each vendor, verdict and reason: a line that says so, and a table of what it holds for."""
        groups: dict[tuple[str, int, str, str], list[tuple[str, str, _Sum]]] = {}
        for (outcome, vendor, component, where, reason), total in self._sums.items():
            group = groups.setdefault((vendor, _ORDER.index(outcome), outcome, reason), [])
            group.append((component, where, total))
        first_of_vendor = ""
        for (vendor, _, outcome, reason), rows in sorted(groups.items()):
            if vendor != first_of_vendor:
                first_of_vendor = vendor
                yield _table_of_flows([(Text(vendor, "bold"), Text("where"), None)])
            yield Text.assemble((outcome, _COLOURS[outcome]), f": {REASONS[reason]}")
            yield _table_of_flows(
                [
                    (Text(component), Text(where), total)
                    for component, where, total in sorted(rows, key=lambda row: row[:2])
                ]
            )


def _table_of_flows(rows: Sequence[tuple[Text, Text, _Sum | None]]) -> Table:
    """Rows whose columns stand below each other from table to table; without a sum, the headings."""
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(width=18)
    table.add_column(width=27)
    for width in (7, 9, 9):
        table.add_column(width=width, justify="right", no_wrap=True)
    for component, where, total in rows:
        numbers = ("flows", "sent", "received")
        if total is not None:
            component.pad_left(2)
            numbers = (f"{total.flows:,}", bytes_text(total.sent), bytes_text(total.received))
        table.add_row(component, where, *numbers)
    return table


def _view_table(stats: Mapping[str, Any]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    span = ""
    if stats["first_ns"] is not None:
        first = datetime.fromtimestamp(min(stats["first_ns"] // 10**9, 253_402_300_799), UTC)
        seconds = (stats["last_ns"] - stats["first_ns"]) / 1e9
        span = f" over {duration_text(seconds)} from {first:%Y-%m-%d %H:%M:%S} UTC"
    table.add_row(f"packets{span}", f"{stats['packets']:,}")
    table.add_row("flows", f"{stats['flows']:,}")
    table.add_row("  of no vendor", f"{stats['other_flows']:,}")
    for evidence, count in _counted(stats["named"]):
        if evidence != "none":
            table.add_row(f"  named by: {EVIDENCE_TEXT[evidence]}", f"{count:,}")
    for reason, count in _counted(stats["unnamed"]):
        table.add_row(f"  not named: {UNNAMED_TEXT[reason]}", f"{count:,}")
    table.add_row("DNS messages", f"{stats['dns_messages']:,}")
    if sum(v["cut_packets"] for v in stats["view"].values()):
        table.add_row("packets cut by the snap length", f"{stats['cut_packets']:,}")
    for (station, reason), count in _counted(stats["rejected"]):
        table.add_row(f"not decoded: {station}, {reason.replace('_', ' ')}", f"{count:,}")
    for what, count in _counted(stats["evicted"]):
        table.add_row(f"given up because a table was full: {what}", f"{count:,}")
    return table


def _counted(counts: Mapping[Any, int]) -> Iterable[tuple[Any, int]]:
    """What was counted at all, most first."""
    return sorted(((key, count) for key, count in counts.items() if count), key=lambda item: -item[1])


def bytes_text(number: int) -> str:
    """Bytes with a decimal prefix: "1.2 MB"."""
    value, unit = float(number), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{number} B" if unit == "B" else f"{value:.1f} {unit}"


def duration_text(seconds: float) -> str:
    """A time span in the unit that suits it."""
    for limit, divisor, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / divisor:.3g} {unit}"
    return f"{seconds / 86_400:.3g} days"


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else noun + "s"
