"""Compare netmon with tshark on the real captures: every name, every DNS message, every byte count.

    python -m tests.check_captures [--over tcp,quic,dns,…] [--all-differences] [FILE…]

prints precision and recall for each protocol and every difference with file and frame.
`captures/truth.jsonl` holds tshark's answers, `captures/adjudicated.tsv` the judgement where
tshark is known to miss or to allow a name. What netmon leaves to later work stands in
`captures/known_differences.tsv`; the exit code is 1 when the differences are any others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import dns.rdatatype

from netmon import _engine
from netmon.records import DnsRecord, FlowRecord

CAPTURES = Path(__file__).parent / "captures"
ANSWER_TYPES = {1, 5, 28, 64, 65}  # what truth.jsonl keeps of an answer section
TRANSPORT_OF = {"tcp": "tcp", "quic": "udp", "gquic": "udp", "dtls": "udp", "udp": "udp"}
PACKETS_AT_A_TIME = 10_000

Ends = tuple[str, int, str, int]


class Item(NamedTuple):
    """One fact that a capture holds, comparable between two programs."""

    over: str  # tcp, quic, gquic: a server name; hello: its other contents; dns, …: a message; flow: counts
    ends: Ends
    text: str


class Known(NamedTuple):
    """A line of known_differences.tsv: how many items differ in one file, and why."""

    file: str
    over: str
    side: str  # "missing": only tshark has it; "extra": only netmon has it
    count: int
    reason: str


@dataclass
class Comparison:
    """What one capture gave: facts of both programs, and how they differ."""

    file: str
    expected: Counter[Item] = field(default_factory=Counter)
    found: Counter[Item] = field(default_factory=Counter)
    optional: set[Item] = field(default_factory=set)
    frames: dict[Item, int] = field(default_factory=dict)

    @property
    def missing(self) -> Counter[Item]:
        """Facts that tshark sees and netmon does not."""
        return _without(self.expected - self.found, self.optional)

    @property
    def extra(self) -> Counter[Item]:
        """Facts that netmon reports and tshark does not."""
        return _without(self.found - self.expected, self.optional)


def _without(items: Counter[Item], optional: set[Item]) -> Counter[Item]:
    return Counter({item: count for item, count in items.items() if item not in optional})


# --- tshark's side -----------------------------------------------------------------------------


def read_truth() -> dict[str, dict]:
    """tshark's answers by file name."""
    with (CAPTURES / "truth.jsonl").open(encoding="utf-8") as lines:
        return {answer["file"]: answer for answer in map(json.loads, lines)}


def _ends(record: dict) -> Ends:
    return record["src"], record["sport"], record["dst"], record["dport"]


def _expect(comparison: Comparison, truth: dict) -> None:
    for hello in truth["sni_flows"]:
        if hello["sni"]:
            item = Item(hello["over"], _ends(hello), hello["sni"].lower())
            comparison.expected[item] = 1
            comparison.frames[item] = hello["frame"]
    _expect_hellos(comparison, truth)
    for hello in truth["sni_partial"]:
        comparison.optional.add(Item("tcp", _ends(hello), hello["sni"].lower()))
    for line in (CAPTURES / "adjudicated.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        name, proto, src, sport, dst, dport, sni, judgement, *_ = line.split("\t")
        if name == comparison.file:
            item = Item("tcp" if proto == "tcp" else "quic", (src, int(sport), dst, int(dport)), sni.lower())
            if judgement == "may":
                comparison.optional.add(item)
            else:
                comparison.expected[item] = 1
    suspicious = {*truth["malformed_frames"], *truth["short_frames"]}
    for message in truth["dns"]:
        items = [] if message.get("quoted") or message.get("decrypted") else _items_of_truth(message)
        for item in items:
            comparison.frames.setdefault(item, message["frame"])
        # In a broken message both show what they read before the fault, which is not the same.
        if message["frame"] in suspicious or any(_is_unreadable(query) for query in message["queries"]):
            comparison.optional.update(items)
        else:
            comparison.expected.update(items)
    for flow in truth["flows"]:
        counts = [(flow[way]["packets"], flow[way]["ip_bytes"]) for way in ("fwd", "rev")]
        item = _flow_item(flow["proto"], _ends(flow), *counts)
        comparison.expected[item] = 1
        comparison.frames[item] = flow["first_frame"]


def _expect_hellos(comparison: Comparison, truth: dict) -> None:
    """Of several hellos between the same ends, as after a HelloRetryRequest, the first one has to be there.

    In a malformed one tshark reads on behind the error, and netmon does not. `ech` stands for its
    forerunner, the encrypted server name, as well.
    """
    seen: set[tuple[str, frozenset]] = set()
    for hello in truth["client_hellos"]:
        if "src" not in hello or hello.get("quoted") or hello["over"] == "gquic":
            continue
        item = _hello_item(
            hello["over"], _ends(hello), hello["alpn"], is_ech=bool(hello.get("ech") or hello.get("esni"))
        )
        both = hello["proto"], frozenset([(hello["src"], hello["sport"]), (hello["dst"], hello["dport"])])
        if both in seen or hello["frame"] in truth["malformed_frames"]:
            comparison.optional.add(item)
        else:
            comparison.expected[item] = 1
            comparison.frames[item] = hello["frame"]
        seen.add(both)


def _hello_item(over: str, ends: Ends, alpn: Iterable[str], *, is_ech: bool) -> Item:
    return Item("hello", ends, f"{over} alpn {','.join(alpn) or '-'}{' ech' if is_ech else ''}")


def _items_of_truth(message: dict) -> list[Item]:
    over = message["kind"] if message["proto"] == "udp" else message["kind"] + "_tcp"
    ends = _ends(message)
    who = f"{message['id']:#06x} {'response' if message['response'] else 'query'}"
    items = []
    if message["kind"] == "dns":  # mDNS and LLMNR give the other header bits another meaning
        rcode = f" rcode {message['rcode']}" if message["response"] else ""
        items.append(
            Item(over, ends, f"{who} opcode {message['opcode']} tc {int(bool(message['tc']))}{rcode}")
        )
    for query in message["queries"]:
        # A name may be no more than a pointer to the first one, at offset 12 (RFC 1035, section 4.1.4).
        origin = message["queries"][0] if query.get("raw") == "c00c" else query
        items.append(Item(over, ends, f"{who} asks {_name_of_truth(origin)} {_type_text(query['type'])}"))
    for answer in message["answers"]:
        data = [(answer["data"] or "").lower().replace("<root>", ".")]
        if answer["type"] in (64, 65):
            data += sorted(answer["hints"]) + ["ech"] * answer["ech"]
        said = f"{answer['name'].lower().replace('<root>', '.')} {answer['ttl']} {_type_text(answer['type'])}"
        items.append(Item(over, ends, f"{who} says {said} {' '.join(data)}"))
    return items


def _is_unreadable(query: dict) -> bool:
    """Whether tshark found no name but a fault, which it shows in angle brackets."""
    return query["name"].startswith("<") and query["name"] != "<Root>"


def _name_of_truth(query: dict) -> str:
    """The question's name as netmon writes it; tshark's text loses bytes that its `raw` keeps."""
    if "raw" not in query:
        return query["name"].lower()
    raw = bytes.fromhex(query["raw"])
    labels: list[str] = []
    position = 0
    while position < len(raw) and 0 < raw[position] < 64:
        label = raw[position + 1 : position + 1 + raw[position]]
        labels.append("".join(_escaped(byte) for byte in label))
        position += 1 + raw[position]
    return ".".join(labels) or "."


def _escaped(byte: int) -> str:
    """A byte of a label in the text form of RFC 4343, section 2.1, lower case."""
    if byte in b".\\":
        return "\\" + chr(byte)
    return chr(byte).lower() if 0x20 < byte < 0x7F else f"\\{byte:03d}"


def _type_text(number: int) -> str:
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))


# --- netmon's side -----------------------------------------------------------------------------


def read_capture(path: Path) -> tuple[list[FlowRecord], list[DnsRecord]]:
    """Every flow and every DNS message that netmon sees in a capture."""
    # tshark counts a packet that a capture holds twice as two.
    engine = _engine.Engine(_engine.Matcher([], [], []), every_flow=True, duplicate_window_ms=0)
    file = _engine.CaptureFile(str(path))
    batches = []
    while engine.read(file, PACKETS_AT_A_TIME):
        batches.append(engine.drain())
    batches += [engine.drain(), engine.finish()]
    flows = [FlowRecord(*row) for batch in batches for row in batch[0]]
    messages = [DnsRecord(*row) for batch in batches for row in batch[1]]
    return flows, messages


def _find(comparison: Comparison, path: Path) -> None:
    flows, messages = read_capture(path)
    udp = {
        (item.ends, item.text): item.over
        for item in comparison.expected
        if TRANSPORT_OF.get(item.over) == "udp"
    }
    counts: dict[tuple[str, Ends], list[int]] = {}
    for flow in flows:
        ends = (flow.client, flow.client_port, flow.server, flow.server_port)
        if flow.server_name:
            over = "tcp" if flow.transport == "tcp" else udp.get((ends, flow.server_name.lower()), "quic")
            comparison.found[Item(over, ends, flow.server_name.lower())] = 1
        if flow.tls_versions:
            over = "dtls" if flow.tls_versions[0].startswith("dtls") else "tcp"
            over = "quic" if flow.transport == "udp" and over == "tcp" else over
            is_ech = flow.ech is not None
            comparison.found[_hello_item(over, ends, flow.alpn, is_ech=is_ech)] = 1
        # Ports are used again: tshark's counts are those of all flows between the same ends.
        sums = counts.setdefault((flow.transport, ends), [0, 0, 0, 0])
        forth = (flow.sent_packets, flow.sent_bytes, flow.received_packets, flow.received_bytes)
        for index, value in enumerate(forth):
            sums[index] += value
        back = counts.setdefault((flow.transport, ends[2:] + ends[:2]), [0, 0, 0, 0])
        for index, value in enumerate(forth[2:] + forth[:2]):
            back[index] += value
    # Both orders of the ends are in `counts`; tshark's order is the one that is compared.
    for item in [item for item in comparison.expected if item.over == "flow"]:
        proto = item.text.split()[0]
        found = counts.get((proto, item.ends))
        if found is not None:
            comparison.found[_flow_item(proto, item.ends, (found[0], found[1]), (found[2], found[3]))] = 1
    for message in messages:
        comparison.found.update(_items_of_netmon(message))


def _items_of_netmon(message: DnsRecord) -> Iterator[Item]:
    over = message.kind if message.transport == "udp" else message.kind + "_tcp"
    ends = (message.source, message.source_port, message.destination, message.destination_port)
    who = f"{message.message_id:#06x} {'response' if message.response else 'query'}"
    if message.kind == "dns":
        rcode = f" rcode {message.rcode & 15}" if message.response else ""  # tshark's is without EDNS' bits
        yield Item(over, ends, f"{who} opcode {message.opcode} tc {int(message.truncated)}{rcode}")
    for name, rtype in message.questions:
        yield Item(over, ends, f"{who} asks {name} {_canonical_type(rtype)}")
    for name, rtype, ttl_s, data in message.answers:
        if dns.rdatatype.from_text(rtype) in ANSWER_TYPES:
            text = _service_data(data) if rtype in ("SVCB", "HTTPS") else data
            yield Item(over, ends, f"{who} says {name} {ttl_s} {_canonical_type(rtype)} {text}")


def _canonical_type(text: str) -> str:
    return _type_text(dns.rdatatype.from_text(text))


def _service_data(data: str) -> str:
    """Target, hints and `ech` of an HTTPS or SVCB record in presentation form (RFC 9460, 2.1)."""
    _priority, target, *parameters = data.split()
    values = [parameter.partition("=") for parameter in parameters]
    hints = [hint for key, _is, value in values if key.endswith("hint") for hint in value.split(",")]
    return " ".join([target, *sorted(hints), *(key for key, _is, _value in values if key == "ech")])


def _flow_item(proto: str, ends: Ends, forth: Iterable[int], back: Iterable[int]) -> Item:
    (sent_packets, sent_bytes), (received_packets, received_bytes) = forth, back
    sent = f"{sent_packets} packets {sent_bytes} bytes"
    return Item("flow", ends, f"{proto} {sent}, back {received_packets} packets {received_bytes} bytes")


# --- the comparison ----------------------------------------------------------------------------


def compare(file: str, truth: dict) -> Comparison:
    """netmon's facts on one capture beside tshark's."""
    comparison = Comparison(file)
    _expect(comparison, truth)
    _find(comparison, CAPTURES / file)
    return comparison


def read_known_differences() -> list[Known]:
    """The committed differences."""
    lines = (CAPTURES / "known_differences.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines[1:] if line)
    return [Known(file, over, side, int(count), reason) for file, over, side, count, reason in rows]


def find_surprises(comparisons: Iterable[Comparison], known: Iterable[Known]) -> list[str]:
    """Every way in which the differences are not the committed ones; an entry that no longer differs too."""
    known_counts = {(entry.file, entry.over, entry.side): entry.count for entry in known}
    surprises = []
    for comparison in comparisons:
        for side, items in (("missing", comparison.missing), ("extra", comparison.extra)):
            by_protocol = Counter[str]()
            for item, count in items.items():
                by_protocol[item.over] += count
            listed = {over for file, over, where in known_counts if (file, where) == (comparison.file, side)}
            for over in sorted(by_protocol.keys() | listed):
                count, expected = by_protocol[over], known_counts.get((comparison.file, over, side), 0)
                if count != expected:
                    first = next((item for item in items if item.over == over), None)
                    surprises.append(
                        f"{comparison.file}: {count} {side} over {over}, {expected} are known"
                        + (f"; e.g. {_show(comparison, first)}" if first else "")
                    )
    return surprises


def _show(comparison: Comparison, item: Item) -> str:
    frame = comparison.frames.get(item)
    where = "" if frame is None else f"frame {frame}: "
    return f"{where}{item.ends[0]}:{item.ends[1]} → {item.ends[2]}:{item.ends[3]} {item.text}"


def score(comparisons: Iterable[Comparison]) -> dict[str, tuple[int, int, int]]:
    """For each protocol: facts expected, found, and common to both."""
    sums: dict[str, list[int]] = {}
    for comparison in comparisons:
        for position, items in enumerate(
            (
                comparison.expected,
                comparison.found - _surplus(comparison),
                comparison.expected & comparison.found,
            )
        ):
            for item, count in items.items():
                sums.setdefault(item.over, [0, 0, 0])[position] += count
    return {over: (row[0], row[1], row[2]) for over, row in sorted(sums.items())}


def _surplus(comparison: Comparison) -> Counter[Item]:
    """What netmon found that it was free to find: neither right nor wrong."""
    return Counter(
        {i: n for i, n in (comparison.found - comparison.expected).items() if i in comparison.optional}
    )


def main() -> int:
    """Compare, print, and say by the exit code whether all differences are known."""
    parser = argparse.ArgumentParser(description="Compare netmon with tshark on the real captures.")
    parser.add_argument("files", nargs="*", metavar="FILE", help="as named in truth.jsonl (all)")
    parser.add_argument(
        "--over", default="", help="only these, by comma: tcp,quic,dtls,gquic,dns,dns_tcp,flow,…"
    )
    parser.add_argument("--summary", action="store_true", help="no single differences")
    arguments = parser.parse_args()
    truth = read_truth()
    unknown = [file for file in arguments.files if file not in truth]
    if unknown:
        parser.error(f"not in truth.jsonl: {', '.join(unknown)}")
    wanted = set(filter(None, arguments.over.split(",")))
    comparisons = [compare(file, truth[file]) for file in arguments.files or sorted(truth)]
    for comparison in comparisons if not arguments.summary else ():
        for sign, items in (("-", comparison.missing), ("+", comparison.extra)):
            for item in items.elements():
                if not wanted or item.over in wanted:
                    print(f"{sign} {comparison.file} {item.over} {_show(comparison, item)}")
    print(f"{'':8}{'expected':>9}{'found':>8}{'precision':>11}{'recall':>9}")
    for over, (expected, found, right) in score(comparisons).items():
        if not wanted or over in wanted:
            print(f"{over:8}{expected:9}{found:8}{_percent(right, found):>11}{_percent(right, expected):>9}")
    surprises = find_surprises(comparisons, read_known_differences())
    print("\n".join(surprises) or "all differences are known")
    return 1 if surprises else 0


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"


if __name__ == "__main__":
    sys.exit(main())
