"""DNS messages (RFC 1035): queries, and responses with A, AAAA, CNAME and HTTPS records."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

A, CNAME, AAAA, HTTPS = 1, 5, 28, 65
IN = 1
NXDOMAIN = 3


@dataclass(frozen=True, slots=True)
class Record:
    """A resource record of class IN."""

    name: str
    kind: int
    data: bytes
    ttl_s: int = 300

    def encode(self) -> bytes:
        """The record in wire format, without compression."""
        return name(self.name) + struct.pack("!HHIH", self.kind, IN, self.ttl_s, len(self.data)) + self.data


def name(text: str) -> bytes:
    """A domain name, without compression."""
    labels = [label.encode("ascii") for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def address(owner: str, text: str, *, ttl_s: int = 300) -> Record:
    """An A or AAAA record, depending on the address."""
    value = ip_address(text)
    return Record(owner, A if value.version == 4 else AAAA, value.packed, ttl_s)


def alias(owner: str, target: str, *, ttl_s: int = 300) -> Record:
    """A CNAME record."""
    return Record(owner, CNAME, name(target), ttl_s)


def https(
    owner: str,
    *,
    alpn: Sequence[str] = ("h2",),
    hints: Sequence[str] = (),
    ech: bytes = b"",
    ttl_s: int = 300,
) -> Record:
    """An HTTPS record in service mode for the owner itself, with address hints (RFC 9460, 7.3) and ECH."""
    values = [ip_address(hint) for hint in hints]
    parameters = {
        1: b"".join(bytes([len(p)]) + p.encode() for p in alpn),
        4: b"".join(v.packed for v in values if v.version == 4),
        5: ech,
        6: b"".join(v.packed for v in values if v.version == 6),
    }
    encoded = b"".join(struct.pack("!HH", key, len(data)) + data for key, data in parameters.items() if data)
    return Record(owner, HTTPS, struct.pack("!H", 1) + name(".") + encoded, ttl_s)


def query(question: str, kind: int, *, message_id: int) -> bytes:
    """A query with recursion desired."""
    return struct.pack("!6H", message_id, 0x0100, 1, 0, 0, 0) + name(question) + struct.pack("!HH", kind, IN)


def answer(question: str, kind: int, records: Sequence[Record], *, message_id: int, rcode: int = 0) -> bytes:
    """The response of a recursive resolver to a query."""
    head = struct.pack("!6H", message_id, 0x8180 | rcode, 1, len(records), 0, 0)
    return head + name(question) + struct.pack("!HH", kind, IN) + b"".join(r.encode() for r in records)


def over_tcp(message: bytes) -> bytes:
    """A message with the length prefix that TCP requires (RFC 1035, 4.2.2)."""
    return struct.pack("!H", len(message)) + message
