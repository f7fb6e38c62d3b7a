"""What one side says behind a preamble: tshark gets the bytes that it read of this side once more.

Wireshark follows CONNECT, SOCKS and PROXY headers only if it sees the other side's answers, each message in
one segment, and the ports that it expects; a server's certificate after STARTTLS only if none of the
server's replies before it is missing; and a message whose end is blanked or cut not at all. So the bytes of
the side, as tshark shows them, are written into a file as connections of their own: of a client from the
beginning on, and from the hello or the request on; of a server from its hello on. The missing ends of hellos
and of certificates' messages are zeros there.
"""

from __future__ import annotations

import re
import struct
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from netmon.verify import trees
from netmon.verify.facts import Endpoints, address
from netmon.verify.trees import Record
from netmon.verify.tshark import Row, Tshark

_FIELDS = (
    "frame.number",
    *("ip.src", "ip.dst", "ipv6.src", "ipv6.dst"),
    *("tcp.srcport", "tcp.dstport", "tcp.stream", "tcp.seq_raw", "tcp.flags.syn", "tcp.payload"),
)
_REQUESTS = "http.request.method || http2.headers.authority"
"""Selects requests, also those that end too early, which `http.request` does not."""
_SHOWN = f"{trees.DISPLAY_FILTER} || {_REQUESTS} || socks || proxy"
_AUTHORITY = 2  # a type of TLV
_HANDSHAKE, _MOST_RECORD = b"\x16", 16_384
_PREFERENCES = {
    "tcp.try_heuristic_first": "TRUE",  # TLS and HTTP/2 on any port
    "http.desegment_headers": "FALSE",  # evidence ends with the header that names the flow
}
_MOST_BYTES = 32_768
"""Bytes of a stream that are read."""
_MOST_PORTS = 500
_HELLO = re.compile(rb"\x16\x03[\x00-\x04]..\x01\x00", re.DOTALL)
_SERVER_HELLO = re.compile(rb"\x16\x03[\x00-\x04]..\x02\x00", re.DOTALL)
_REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) [^\r\n ]{1,4096} HTTP/1\.[01]\r\n")
_SOCKS_NAME = b"\x05\x01\x00\x03"
"""A request of SOCKS 5 to connect to a name."""
_HTTPS, _HTTP, _SOCKS = 443, 80, 1080
_CLIENTS, _CLIENT_PORT, _SERVER = 0x0A000000, 1024, bytes([192, 0, 2, 1])
"""Ends of the connections in the file: a client for each."""


@dataclass
class _SideStream:
    """The bytes of one side, by their place in the stream."""

    endpoints: Endpoints
    number: int
    first_frame: int
    begins: int | None = None  # the sequence number of the first byte
    pieces: dict[int, bytes] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Adds a segment."""
        sequence = int(row["tcp.seq_raw"][-1])
        if row["tcp.flags.syn"][-1] in ("1", "True"):
            self.begins = (sequence + 1) % 2**32
            return
        if self.begins is None:
            self.begins = sequence
        at = (sequence - self.begins) % 2**32
        if at < _MOST_BYTES and row["tcp.payload"]:
            piece = bytes.fromhex(row["tcp.payload"][-1].replace(":", ""))
            if len(piece) > len(self.pieces.get(at, b"")):  # a probe has one or two bytes of anything
                self.pieces[at] = piece

    def runs(self) -> list[bytes]:
        """The bytes between the gaps; the first one begins with the stream, and may be empty."""
        found, end = [bytearray()], 0
        for at, piece in sorted(self.pieces.items()):
            if at > end:
                found.append(bytearray())
                end = at
            found[-1] += piece[end - at :]
            end = max(end, at + len(piece))
        return [bytes(one[:_MOST_BYTES]) for one in found]


@dataclass(frozen=True)
class _Probe:
    """A segment that tshark reads again: a part of a stream, or an answer to it."""

    stream: _SideStream
    connection: int  # those with the same number belong together
    port: int
    data: bytes
    is_answer: bool = False
    is_padded: bool = False


@dataclass
class Behind:
    """What tshark reads: a name within a preamble is a request of CONNECT."""

    hellos: list[Record] = field(default_factory=list)
    beginnings: list[Record] = field(default_factory=list)  # of hellos whose end is missing
    requests: list[Record] = field(default_factory=list)
    certificates: list[Record] = field(default_factory=list)


def read_behind(
    tshark: Tshark, path: str, clients: Collection[Endpoints], servers: Collection[Endpoints]
) -> Behind:
    """What tshark reads of these sides of flows, each with its ends and its first packet."""
    probes = [probe for stream in _streams(tshark, path, clients) for probe in _probes(stream)]
    for stream in _streams(tshark, path, servers):
        probes += _server_probes(stream)
    found = Behind()
    if not probes:
        return found
    with tempfile.TemporaryDirectory(prefix="netmon-") as folder:
        file = Path(folder, "behind.pcap")
        file.write_bytes(_capture(probes))
        connects: list[Record] = []
        with closing(tshark.trees(str(file), _SHOWN, _PREFERENCES)) as packets:
            for packet in packets:
                tree = trees.read_tree(packet)
                origin = _origin(probes, tree.frame)
                hellos = [_without_pieces(one) | origin for one in tree.client_hellos]
                (found.beginnings if probes[tree.frame - 1].is_padded else found.hellos).extend(hellos)
                found.requests += [_without_pieces(one) | origin for one in tree.requests]
                found.certificates += [_without_pieces(one) | origin for one in tree.certificates]
                connects[:0] = [_connect(name) | origin for name in _names(packet)]
        found.requests[:0] = connects
    return found


def _streams(tshark: Tshark, path: str, wanted: Collection[Endpoints]) -> Iterable[_SideStream]:
    """The streams that go out from these ends."""
    if not wanted:
        return ()
    found: dict[tuple[Endpoints, int], _SideStream] = {}
    ports = sorted({one[1] for one in wanted})[:_MOST_PORTS]
    selected = f"tcp.srcport in {{{', '.join(map(str, ports))}}}"
    with closing(tshark.rows(path, _FIELDS, selected)) as rows:
        for row in rows:
            for ends in filter(wanted.__contains__, _ends(row)):
                number = int(row["tcp.stream"][-1])
                made = _SideStream(ends, number, int(row["frame.number"][0]))
                found.setdefault((ends, number), made).add(row)
    return found.values()


def _ends(row: Row) -> Iterator[Endpoints]:
    """The ends of the innermost segment: with the innermost addresses of either family, as in 6in4."""
    port, other_port = (int(row[f"tcp.{side}port"][-1]) for side in ("src", "dst"))
    for family in ("ip", "ipv6"):
        if row[f"{family}.src"]:
            source, destination = (address(row[f"{family}.{side}"][-1]) for side in ("src", "dst"))
            yield source, port, destination, other_port


def _server_probes(stream: _SideStream) -> Iterator[_Probe]:
    """The bytes from the server's hello on; what is before them may be missing."""
    for data in stream.runs():
        hello = _SERVER_HELLO.search(data)
        if hello is not None:
            messages = _reframed(data[hello.start() :])
            yield _Probe(stream, 4 * stream.first_frame, _HTTPS, messages, is_answer=True)
            return


def _probes(stream: _SideStream) -> Iterator[_Probe]:
    data, number = stream.runs()[0], stream.first_frame
    asked = data.find(_SOCKS_NAME)
    if data[:1] == b"\x05" and asked > 0:
        # tshark expects the answer that chooses "no authentication" before the request.
        yield _Probe(stream, 4 * number, _SOCKS, b"\x05\x01\x00")
        yield _Probe(stream, 4 * number, _SOCKS, b"\x05\x00", is_answer=True)
        yield _Probe(stream, 4 * number, _SOCKS, data[asked:])
    elif data:
        port = _SOCKS if data[:1] == b"\x04" else stream.endpoints[3]
        yield _Probe(stream, 4 * number + 1, port, data)
    hello, requests = _HELLO.search(data), list(_REQUEST.finditer(data))
    if hello is not None:
        found = data[hello.start() :]
        missing = bytes(max(0, 5 + int.from_bytes(found[3:5]) - len(found)))
        yield _Probe(stream, 4 * number + 2, _HTTPS, found + missing, is_padded=bool(missing))
    elif requests:
        yield _Probe(stream, 4 * number + 3, _HTTP, data[requests[-1].start() :])


def _reframed(data: bytes) -> bytes:
    """Handshake messages in new records, as those of the last message may be blanked with their headers."""
    content, at = bytearray(), 0
    while data[at : at + 1] == _HANDSHAKE and at + 5 <= len(data):
        size = int.from_bytes(data[at + 3 : at + 5])
        content += data[at + 5 : at + 5 + size]
        at += 5 + size
    end = 0
    while end < len(content):
        end += 4 + int.from_bytes(content[end + 1 : end + 4])
    content += bytes(max(0, min(end, _MOST_BYTES) - len(content)))
    pieces = [content[at : at + _MOST_RECORD] for at in range(0, len(content), _MOST_RECORD)]
    return b"".join(data[:3] + struct.pack("!H", len(piece)) + piece for piece in pieces)


def _capture(probes: Iterable[_Probe]) -> bytes:
    """A file with these segments (link type: raw IPv4)."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 2**18, 101)]
    sent: dict[tuple[int, bool], int] = {}  # bytes of each side of a connection so far
    for number, probe in enumerate(probes):
        ends = [(struct.pack("!I", _CLIENTS + probe.connection), _CLIENT_PORT), (_SERVER, probe.port)]
        (source, port), (destination, other_port) = ends[::-1] if probe.is_answer else ends
        side, other = ((probe.connection, answers) for answers in (probe.is_answer, not probe.is_answer))
        sequence, seen = 1 + sent.get(side, 0), 1 + sent.get(other, 0)
        sent[side] = sent.get(side, 0) + len(probe.data)
        tcp = struct.pack("!HHIIBBHHH", port, other_port, sequence, seen, 0x50, 0x18, 65_535, 0, 0)
        size = 20 + len(tcp) + len(probe.data)
        header = struct.pack("!BBHHHBBH", 0x45, 0, size, number % 2**16, 0, 64, 6, 0) + source + destination
        parts += [struct.pack("<IIII", number, 0, size, size), header, tcp, probe.data]
    return b"".join(parts)


def _origin(probes: list[_Probe], frame: int) -> Record:
    stream = probes[frame - 1].stream
    source, port, destination, other_port = stream.endpoints
    ends = {"src": source, "sport": port, "dst": destination, "dport": other_port}
    return ends | {"frame": stream.first_frame, "stream": stream.number}


def _connect(name: str) -> Record:
    return {"proto": "tcp", "method": "CONNECT", "uri": f"{name}:0", "host": None}


def _without_pieces(record: Record) -> Record:
    return {key: value for key, value in record.items() if key != "pieces"}


def _names(packet: Element) -> Iterator[str]:
    for name in ("socks.remote_name", "socks.v4a_dns_name"):
        yield from trees.shown(packet, name)
    types, values = (trees.shown(packet, f"proxy.v2.tlv.{part}") for part in ("type", "value"))
    for kind, value in zip(types, values, strict=False):
        if int(kind, 0) == _AUTHORITY:
            yield bytes.fromhex(value.replace(":", "")).decode("ascii", "replace")
