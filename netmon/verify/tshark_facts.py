"""tshark's records as facts, in the same form as netmon's."""

from __future__ import annotations

from collections.abc import Iterator

from netmon.verify.compare import Comparison
from netmon.verify.facts import Endpoints, Fact, Message, flow_fact, hello_fact, message_facts, name_fact
from netmon.verify.trees import Record

Hellos = set[tuple[str, frozenset[tuple[str | int, ...]]]]
"""The pairs of endpoints that a ClientHello was sent between, in either direction."""


def endpoints_of(record: Record) -> Endpoints:
    """The source and destination of a record."""
    return record["src"], record["sport"], record["dst"], record["dport"]


def expect_hello(comparison: Comparison, hello: Record) -> None:
    """Adds the server name of a ClientHello, once per flow. An empty name is ignored."""
    if hello["sni"]:
        fact = name_fact(hello["over"], endpoints_of(hello), hello["sni"])
        comparison.expected[fact] = 1
        comparison.packets.setdefault(fact, packets_of(hello))


def expect_contents(comparison: Comparison, hello: Record, seen: Hellos, *, is_malformed: bool) -> None:
    """Adds the other contents of a ClientHello. `seen` keeps the endpoints of the ClientHellos before it.

    Of several between the same endpoints, as after a HelloRetryRequest, netmon has to read the first. In a
    malformed one, tshark reads on after the error, and netmon does not; a fragment has none of them. `ech`
    includes its predecessor, the encrypted server name (ESNI).
    """
    endpoints = endpoints_of(hello)
    is_ech = bool(hello.get("ech") or hello.get("esni"))
    fact = hello_fact(hello["over"], endpoints, hello["alpn"], is_ech=is_ech)
    both = hello["proto"], frozenset((endpoints[:2], endpoints[2:]))
    if both in seen or is_malformed or hello.get("is_fragment"):
        comparison.optional.add(fact)
    else:
        comparison.expected[fact] = 1
        comparison.packets.setdefault(fact, packets_of(hello))
    seen.add(both)


def expect_message(comparison: Comparison, message: Record, *, is_doubtful: bool) -> None:
    """Adds the contents of a DNS message, unless an ICMP error quotes it or it was encrypted.

    In a malformed message both programs show what they read before the error, which may differ.
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
    endpoints: Endpoints,
    counts: tuple[int, int, int, int],
    packets: tuple[int, int],
) -> Fact:
    """Adds a flow. `counts` are packets and IP bytes forward, then packets and IP bytes backward."""
    fact = flow_fact(transport, endpoints, counts[:2], counts[2:])
    comparison.expected[fact] = 1
    comparison.packets[fact] = packets
    return fact


def packets_of(record: Record) -> tuple[int, int]:
    """The first and the last packet that a record was reassembled from."""
    numbers = [record["frame"], *record.get("pieces", ())]
    return min(numbers), max(numbers)


def _message(record: Record) -> Message:
    return Message(
        record["kind"],
        record["proto"],
        endpoints_of(record),
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
    """Whether tshark shows an error, in angle brackets, instead of a name."""
    return bool(query["name"].startswith("<")) and query["name"] != "<Root>"


def _question_name(record: Record, query: Record) -> str:
    """The name in a question as netmon writes it. tshark's text loses bytes, which `raw` keeps."""
    if query.get("raw") == "c00c":  # only a pointer to the first name (RFC 1035, section 4.1.4)
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
    """A byte of a label in the text format of RFC 4343, section 2.1, in lower case."""
    if byte in b".\\":
        return "\\" + chr(byte)
    return chr(byte).lower() if 0x20 < byte < 0x7F else f"\\{byte:03d}"
