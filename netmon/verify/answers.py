"""tshark's records as facts, in the form in which netmon's are."""

from __future__ import annotations

from collections.abc import Iterator

from netmon.verify.compare import Comparison
from netmon.verify.facts import Ends, Fact, Message, flow_fact, hello_fact, message_facts, name_fact
from netmon.verify.trees import Record

Hellos = set[tuple[str, frozenset[tuple[str | int, ...]]]]
"""Ends between which there was a hello, whichever way."""


def ends_of(record: Record) -> Ends:
    """Source and destination of a record."""
    return record["src"], record["sport"], record["dst"], record["dport"]


def expect_hello(comparison: Comparison, hello: Record) -> None:
    """Adds the name of a ClientHello, once for a flow; an empty one is none."""
    if hello["sni"]:
        fact = name_fact(hello["over"], ends_of(hello), hello["sni"])
        comparison.expected[fact] = 1
        comparison.packets.setdefault(fact, packets_of(hello))


def expect_contents(comparison: Comparison, hello: Record, seen: Hellos, *, is_malformed: bool) -> None:
    """Adds what else a ClientHello says; `seen` keeps the ends whose hello came before.

    Of several between the same ends, as after a HelloRetryRequest, the first one has to be there. In a
    malformed one tshark reads on behind the error, and netmon does not. `ech` stands for its forerunner, the
    encrypted server name, as well.
    """
    ends = ends_of(hello)
    is_ech = bool(hello.get("ech") or hello.get("esni"))
    fact = hello_fact(hello["over"], ends, hello["alpn"], is_ech=is_ech)
    both = hello["proto"], frozenset((ends[:2], ends[2:]))
    if both in seen or is_malformed:
        comparison.optional.add(fact)
    else:
        comparison.expected[fact] = 1
        comparison.packets.setdefault(fact, packets_of(hello))
    seen.add(both)


def expect_message(comparison: Comparison, message: Record, *, is_doubtful: bool) -> None:
    """Adds what a DNS message says, unless it is quoted in an ICMP error, or was encrypted.

    In a broken message both programs show what they read before the fault, which is not the same.
    """
    if message.get("quoted") or message.get("decrypted"):
        return
    facts = list(message_facts(_message(message)))
    for fact in facts:
        comparison.packets.setdefault(fact, packets_of(message))
    if is_doubtful or any(_is_unreadable(query) for query in message["queries"]):
        comparison.optional.update(facts)
    else:
        comparison.expected.update(facts)


def expect_flow(
    comparison: Comparison,
    transport: str,
    ends: Ends,
    counts: tuple[int, int, int, int],
    packets: tuple[int, int],
) -> Fact:
    """Adds a flow; `counts` are packets and IP bytes forth, packets and IP bytes back."""
    fact = flow_fact(transport, ends, counts[:2], counts[2:])
    comparison.expected[fact] = 1
    comparison.packets[fact] = packets
    return fact


def packets_of(record: Record) -> tuple[int, int]:
    """First and last packet of what a record was put together from."""
    numbers = [record["frame"], *record.get("pieces", ())]
    return min(numbers), max(numbers)


def _message(record: Record) -> Message:
    return Message(
        record["kind"],
        record["proto"],
        ends_of(record),
        record["id"] or 0,
        bool(record["response"]),
        record["opcode"] or 0,
        record["rcode"] or 0,
        bool(record["tc"]),
        ((_question_name(record, query), query["type"]) for query in record["queries"]),
        _answers(record),
    )


def _answers(record: Record) -> Iterator[tuple[str, int, int, str]]:
    for answer in record["answers"]:
        data = [_plain(answer["data"] or "")]
        if answer["type"] in (64, 65):  # SVCB, HTTPS
            data += sorted(answer["hints"]) + ["ech"] * answer["ech"]
        yield _plain(answer["name"]), answer["ttl"], answer["type"], " ".join(data)


def _plain(name: str) -> str:
    return name.lower().replace("<root>", ".")


def _is_unreadable(query: Record) -> bool:
    """Whether tshark found no name but a fault, which it shows in angle brackets."""
    return bool(query["name"].startswith("<")) and query["name"] != "<Root>"


def _question_name(record: Record, query: Record) -> str:
    """The question's name as netmon writes it; tshark's text loses bytes that its `raw` keeps."""
    if query.get("raw") == "c00c":  # no more than a pointer to the first one (RFC 1035, section 4.1.4)
        query = record["queries"][0]
    if "raw" not in query:
        return str(query["name"]).lower()
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
