"""What was seen and what was missed, as tables: flows by evidence or reason, packets, and view problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from netmon.days import moment_of
from netmon.encapsulations import Kind, describe
from netmon.language.language import ENGLISH, Language
from netmon.language.marking import _
from netmon.language.words import EVIDENCE, UNNAMED
from netmon.outputs.blocks import LineBlock
from netmon.outputs.layout import Grid, GridRow, Paragraph
from netmon.outputs.texts import bytes_text, duration_text
from netmon.quality import percent_text
from netmon.records import NAMES

_MAX_KINDS = 5
"""The largest number of kinds of undecoded packets in the table."""
_REJECTED: Mapping[str, str] = {
    "unknown_type": _("unknown type"),
    "truncated": _("truncated"),
    "malformed": _("malformed"),
    "not_ip": _("not IP"),
    "too_deep": _("too many headers"),
    "fragment": _("fragment"),
    "other_transport": _("other transport"),
}
"""Why the engine did not decode a packet (`rejected` in `stats()`)."""

Seen = tuple[str, str, str]
"""A line of a table: text, count, and bytes or share."""


def show_seen(stats: Mapping[str, Any], language: Language = ENGLISH) -> Iterator[LineBlock]:
    """The tables, each after its heading, from the engine's `stats`.

    The flows with a name and those without add up to all flows that ended.
    """
    say = language.say
    heading = text = say("What was seen")
    if stats["first_ns"] is not None:
        first = moment_of(stats["first_ns"])
        text = say(
            "{heading} in {span} from {time} UTC",
            heading=heading,
            span=duration_text((stats["last_ns"] - stats["first_ns"]) / 1e9, language),
            time=language.stamp(first),
        )
    yield Paragraph(text, "bold", styled=len(heading))
    flows, packets = ("", say("flows"), say("bytes")), ("", say("packets"), "")
    yield _table([flows, *_flows(stats, language), ("", "", ""), packets, *_packets(stats, language)])
    missing = list(_missing(stats, language))
    if missing:
        yield Paragraph("")
        yield Paragraph(say("What was missing or incomplete"), "bold")
        yield _table(missing)


def _flows(stats: Mapping[str, Any], language: Language) -> Iterator[Seen]:
    """Flows and bytes by evidence for their names, by reason for having none, and by other evidence."""
    flows, octets, say = stats["named"], stats["named_bytes"], language.say

    def row(text: str, count: int, size: int) -> Seen:
        return text, language.number(count), bytes_text(size, language)

    named = [key for key in NAMES if flows.get(key)]
    yield row(say("named by"), sum(flows[key] for key in named), sum(octets[key] for key in named))
    for key in sorted(named, key=lambda key: -flows[key]):
        yield row(f"  {say(EVIDENCE[key])}", flows[key], octets[key])
    if any(stats["unnamed"].values()):
        sums = (sum(stats[key].values()) for key in ("unnamed", "unnamed_bytes"))
        yield row(say("not named because"), *sums)
        for reason, count in _counted(stats["unnamed"]):
            yield row(f"  {say(UNNAMED[reason])}", count, stats["unnamed_bytes"][reason])
    for key in ("payload", "network", "ech_outer", "dns_unsolicited"):
        if flows.get(key):
            text = say("of these, by {evidence}", evidence=say(EVIDENCE[key]))
            yield row(f"  {text}", flows[key], octets[key])
    yield row(say("all flows"), sum(flows.values()), sum(octets.values()))
    size = stats["other_sent_bytes"] + stats["other_received_bytes"]
    yield row(f"  {say('matching no vendor')}", stats["other_flows"], size)


def _packets(stats: Mapping[str, Any], language: Language) -> Iterator[Seen]:
    say, number = language.say, language.number
    sieved = _sum(stats, "sieved_packets")
    packets = stats["packets"] + sieved  # shares are of all, read or not
    yield say("packets that were read") if sieved else say("all packets"), number(stats["packets"]), ""
    for text, key in (
        (say("duplicates, counted once"), "duplicate_packets"),
        (say("merged by offloading (GRO, LRO)"), "coalesced_packets"),
    ):
        count = _sum(stats, key)
        if count:
            yield f"  {text}", number(count), percent_text(count, packets, language)
    if sieved:
        yield say("dropped by the kernel sieve besides"), number(sieved), ""
    for (station, reason), count in _counted(stats["rejected"]):
        text = say("not decoded: {where}, {why}", where=station, why=say(_REJECTED.get(reason, reason)))
        yield f"  {text}", number(count), ""
    for kind, count in _counted(_undecoded(stats))[:_MAX_KINDS]:
        share = percent_text(count, packets, language)
        yield f"    {describe(kind, language)}", number(count), share
    yield say("DNS messages"), number(stats["dns_messages"]), ""


def _missing(stats: Mapping[str, Any], language: Language) -> Iterator[Seen]:
    """What is known to be missing; no rows for a perfect view."""
    say, number = language.say, language.number
    unseen, connections = _sum(stats, "unseen_tcp_bytes"), _sum(stats, "connections")
    cut, packets = _sum(stats, "cut_packets"), stats["packets"]
    one_way, hellos = _sum(stats, "one_way_connections"), _sum(stats, "incomplete_hellos")
    unsolicited = _sum(stats, "unsolicited_dns_answers")

    def share(part: int, total: int) -> str:
        return percent_text(part, total, language)

    if unseen:
        total = unseen + _sum(stats, "tcp_bytes")
        yield say("TCP bytes acknowledged but not seen"), bytes_text(unseen, language), share(unseen, total)
        if _sum(stats, "sieved_packets"):
            yield f"  {say('of what was read, without sieved packets')}", "", ""
    if one_way:
        text = say("one-way connections, of {count}", count=number(connections))
        yield text, number(one_way), share(one_way, connections)
    if hellos:
        yield say("hellos with missing segments"), number(hellos), ""
    if unsolicited:
        answers = unsolicited + _sum(stats, "solicited_dns_answers")
        text = say("DNS answers without a query seen, of {count}", count=number(answers))
        yield text, number(unsolicited), share(unsolicited, answers)
    if cut:
        yield say("packets truncated by the snap length"), number(cut), share(cut, packets)
    for text, key in (
        (say("flows with one side in several VLANs or VNIs"), "overlapping_flows"),
        (say("packets with a wrong time, read as if on time"), "misdated_packets"),
        (say("clocks set, or not that of other interfaces"), "clock_steps"),
    ):
        count = _sum(stats, key)
        if count:
            yield text, number(count), share(count, packets) if key == "misdated_packets" else ""
    for what, count in _counted(stats["evicted"]):
        yield say("evicted from a full table: {what}", what=what), number(count), ""


def _undecoded(stats: Mapping[str, Any]) -> Counter[Kind]:
    """Packets that were not decoded, of all interfaces, by what they carry."""
    total: Counter[Kind] = Counter()
    for counts in stats.get("undecoded", {}).values():
        total.update(counts)
    return total


def _table(rows: Iterable[Seen]) -> Grid:
    """Leading blanks of a text are its indent."""
    indented = []
    for text, *numbers in rows:
        plain = text.lstrip()
        indented.append(GridRow((plain,), numbers, indent=len(text) - len(plain)))
    return Grid(indented, texts=(49,), numbers=(14, 10))


def _sum(stats: Mapping[str, Any], key: str) -> int:
    """A counter summed over all interfaces."""
    return sum(view[key] for view in stats["view"].values())


def _counted(counts: Mapping[Any, int]) -> list[tuple[Any, int]]:
    """The counts above zero, largest first."""
    return sorted(((key, count) for key, count in counts.items() if count), key=lambda item: -item[1])
