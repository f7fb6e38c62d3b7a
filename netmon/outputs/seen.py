"""What was seen and what was missed, as tables: flows by evidence or reason, packets, and view problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from netmon.encapsulations import Kind, describe
from netmon.outputs.texts import bytes_text, duration_text
from netmon.quality import percent_text
from netmon.records import NAMES

EVIDENCE_TEXT = {
    "sni": "server name in the TLS hello",
    "quic_sni": "server name in the QUIC hello",
    "http_host": "HTTP host",
    "certificate": "server certificate",
    "dns_client": "this client's DNS lookup",
    "dns_any": "another client's DNS lookup",
    "dns_unsolicited": "unsolicited DNS answer",
    "payload": "a vendor's protocol",
    "network": "address in a vendor's network",
    "ech_outer": "public name of an ECH hello",
    "none": "not named",
}
UNNAMED_TEXT = {
    "ech": "the name is encrypted (ECH)",
    "no_hello_seen": "no complete hello was seen",
    "no_server_name": "the hello has no server name",
    "truncated_capture": "the hello is truncated in the capture",
    "encrypted_dns": "DNS is encrypted",
    "started_before_sensor": "started before the capture",
    "start_unknown": "start not seen, or forgotten",
    "not_tls": "not TLS, and no DNS lookup was seen",
    "malformed": "malformed",
    "unknown_quic_version": "an unknown version of QUIC",
}

_MAX_KINDS = 5
"""The largest number of kinds of undecoded packets in the table."""

Row = tuple[str, str, str]
"""A line of a table: text, count, and bytes or share."""


def show_seen(stats: Mapping[str, Any]) -> Iterator[Text | Table]:
    """The tables, each after its heading, from the engine's `stats`.

    The flows with a name and those without add up to all flows that ended.
    """
    span = ""
    if stats["first_ns"] is not None:
        first = datetime.fromtimestamp(min(stats["first_ns"] // 10**9, 253_402_300_799), UTC)
        seconds = (stats["last_ns"] - stats["first_ns"]) / 1e9
        span = f" in {duration_text(seconds)} from {first:%Y-%m-%d %H:%M:%S} UTC"
    yield Text.assemble(("What was seen", "bold"), span)
    yield _table(
        [("", "flows", "bytes"), *_flows(stats), ("", "", ""), ("", "packets", ""), *_packets(stats)]
    )
    missing = list(_missing(stats))
    if missing:
        yield Text("\nWhat was missing or incomplete", "bold")
        yield _table(missing)


def _flows(stats: Mapping[str, Any]) -> Iterator[Row]:
    """Flows and bytes by evidence for their names, by reason for having none, and by other evidence."""
    flows, octets = stats["named"], stats["named_bytes"]

    def row(text: str, count: int, size: int) -> Row:
        return text, f"{count:,}", bytes_text(size)

    named = [key for key in NAMES if flows.get(key)]
    yield row("named by", sum(flows[key] for key in named), sum(octets[key] for key in named))
    for key in sorted(named, key=lambda key: -flows[key]):
        yield row(f"  {EVIDENCE_TEXT[key]}", flows[key], octets[key])
    if any(stats["unnamed"].values()):
        sums = (sum(stats[key].values()) for key in ("unnamed", "unnamed_bytes"))
        yield row("not named because", *sums)
        for reason, count in _counted(stats["unnamed"]):
            yield row(f"  {UNNAMED_TEXT[reason]}", count, stats["unnamed_bytes"][reason])
    for key in ("payload", "network", "ech_outer", "dns_unsolicited"):
        if flows.get(key):
            yield row(f"  of these, by {EVIDENCE_TEXT[key]}", flows[key], octets[key])
    yield row("all flows", sum(flows.values()), sum(octets.values()))
    size = stats["other_sent_bytes"] + stats["other_received_bytes"]
    yield row("  matching no vendor", stats["other_flows"], size)


def _packets(stats: Mapping[str, Any]) -> Iterator[Row]:
    packets = stats["packets"]
    yield "all packets", f"{packets:,}", ""
    for text, key in (
        ("  duplicates, counted once", "duplicate_packets"),
        ("  merged by offloading (GRO, LRO)", "coalesced_packets"),
    ):
        count = _sum(stats, key)
        if count:
            yield text, f"{count:,}", percent_text(count, packets)
    for (station, reason), count in _counted(stats["rejected"]):
        yield f"  not decoded: {station}, {reason.replace('_', ' ')}", f"{count:,}", ""
    for kind, count in _counted(_undecoded(stats))[:_MAX_KINDS]:
        yield f"    {describe(kind)}", f"{count:,}", percent_text(count, packets)
    yield "DNS messages", f"{stats['dns_messages']:,}", ""


def _missing(stats: Mapping[str, Any]) -> Iterator[Row]:
    """What is known to be missing; no rows for a perfect view."""
    unseen, connections = _sum(stats, "unseen_tcp_bytes"), _sum(stats, "connections")
    cut, packets = _sum(stats, "cut_packets"), stats["packets"]
    one_way, hellos = _sum(stats, "one_way_connections"), _sum(stats, "incomplete_hellos")
    unsolicited = _sum(stats, "unsolicited_dns_answers")
    if unseen:
        share = percent_text(unseen, unseen + _sum(stats, "tcp_bytes"))
        yield "TCP bytes acknowledged but not seen", bytes_text(unseen), share
    if one_way:
        what = f"one-way connections, of {connections:,}"
        yield what, f"{one_way:,}", percent_text(one_way, connections)
    if hellos:
        yield "hellos with missing segments", f"{hellos:,}", ""
    if unsolicited:
        answers = unsolicited + _sum(stats, "solicited_dns_answers")
        what = f"DNS answers without a query seen, of {answers:,}"
        yield what, f"{unsolicited:,}", percent_text(unsolicited, answers)
    if cut:
        yield "packets truncated by the snap length", f"{cut:,}", percent_text(cut, packets)
    for what, key in (
        ("flows with one side in several VLANs or VNIs", "overlapping_flows"),
        ("packets with a wrong time, read as if on time", "misdated_packets"),
        ("clocks set, or not that of other interfaces", "clock_steps"),
    ):
        count = _sum(stats, key)
        if count:
            yield what, f"{count:,}", percent_text(count, packets) if key == "misdated_packets" else ""
    for what, count in _counted(stats["evicted"]):
        yield f"evicted from a full table: {what}", f"{count:,}", ""


def _undecoded(stats: Mapping[str, Any]) -> Counter[Kind]:
    """Packets that were not decoded, of all interfaces, by what they carry."""
    total: Counter[Kind] = Counter()
    for counts in stats.get("undecoded", {}).values():
        total.update(counts)
    return total


def _table(rows: Iterable[Row]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(width=48)
    for width in (14, 9):
        table.add_column(width=width, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _sum(stats: Mapping[str, Any], key: str) -> int:
    """A counter summed over all interfaces."""
    return sum(view[key] for view in stats["view"].values())


def _counted(counts: Mapping[Any, int]) -> list[tuple[Any, int]]:
    """The counts above zero, largest first."""
    return sorted(((key, count) for key, count in counts.items() if count), key=lambda item: -item[1])
