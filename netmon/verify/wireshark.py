"""What tshark reads in a capture, as facts, and what may explain differences."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from netmon.verify import frames, trees
from netmon.verify.behind import read_behind
from netmon.verify.compare import Comparison, Packets
from netmon.verify.facts import Endpoints, Fact, address, name_fact, reverse
from netmon.verify.other_names import OtherNames
from netmon.verify.trees import Record
from netmon.verify.tshark import Row, Tshark
from netmon.verify.tshark_facts import (
    Hellos,
    endpoints_of,
    expect_contents,
    expect_flow,
    expect_hello,
    expect_message,
)

DNS_PORT = 53

_MOST_SHOWN = 3
_CARRIER = re.compile(r"^(?!.*:tcp\b).*(?<!:udp):data$")
"""The protocols of a packet whose content tshark does not dissect, and that is none of TCP or UDP."""

ReportPacket = Callable[[int], None]
"""Called with the number of each packet that has been read."""

ANY_PORT = {"tcp.try_heuristic_first": "TRUE"}
"""tshark tries TLS before the protocol that it assigns to a port."""
ANY_PORT_FILTER = "(tls.handshake.type == 1 || tls.handshake.type == 11) && tcp"

WITHOUT_REASSEMBLY = {
    "tcp.desegment_tcp_streams": "FALSE",
    "tls.desegment_ssl_records": "FALSE",
    "tls.desegment_ssl_application_data": "FALSE",
}
INCOMPLETE_FILTER = "tls.handshake.extensions_server_name && tcp"
"""Selects packets with a server name in the clear, also in a ClientHello that never becomes complete."""
INCOMPLETE_FIELDS = (
    "frame.number",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "tcp.srcport",
    "tcp.dstport",
    "tls.handshake.extensions_server_name",
)


class Wireshark:
    """Adds tshark's facts to a comparison. The methods are called in their order.

    `read_missed_hellos` is needed only if netmon read names over TCP that `read` did not add.
    """

    def __init__(self, tshark: Tshark, path: str, comparison: Comparison) -> None:
        self._tshark = tshark
        self._path = path
        self._comparison = comparison
        self._flows = frames.FrameFlows()
        self.times_ns = array("Q")  # of each packet
        self._numbers_of: dict[int, int] | None = None
        self._malformed: set[int] = set()
        self._hellos: Hellos = set()
        self._other_names = OtherNames()
        self._notes: dict[tuple[str, Endpoints], str] = {}
        self._shown: dict[tuple[str, Endpoints] | None, set[str]] = {}  # None: of packets without a flow
        self._connections: dict[tuple[str, Endpoints], set[str]] = {}  # of QUIC
        self._fragmented: set[frozenset[str]] = set()

    def count(self, progress: ReportPacket) -> None:
        """Adds the packets and bytes of every flow, and records which packets are malformed or truncated."""
        with closing(self._tshark.rows(self._path, frames.FIELDS)) as rows:
            for row in rows:
                self._count(row)
                progress(int(row["frame.number"][0]))
        for flow in self._flows.by_key.values():
            counts = (flow.forward[0], flow.forward[2], flow.backward[0], flow.backward[2])
            packets = (flow.first_frame, flow.last_frame)
            expect_flow(self._comparison, flow.transport, flow.endpoints, counts, packets)

    def read(self, progress: ReportPacket) -> None:
        """Adds the contents of ClientHellos and DNS messages, and collects requests and certificates."""
        with closing(self._tshark.trees(self._path, trees.DISPLAY_FILTER)) as packets:
            for tree in packets:
                found = trees.read_tree(tree)
                for hello in (*found.client_hellos, *found.gquic_chlo):
                    self._expect_hello(hello)
                for message in found.dns:
                    self._expect_message(message)
                self._other_names.add_requests(found.requests)
                self._collect_tls(found)
                progress(found.frame)

    def read_missed_hellos(self) -> None:
        """Adds the names over TCP that tshark shows only with other preferences."""
        with closing(self._tshark.trees(self._path, ANY_PORT_FILTER, ANY_PORT)) as packets:
            for found in map(trees.read_tree, packets):
                for hello in found.client_hellos:
                    if hello["over"] == "tcp" and not self._is_known(hello):
                        self._expect_hello(hello)
                self._collect_tls(found)
        incomplete = self._tshark.rows(self._path, INCOMPLETE_FIELDS, INCOMPLETE_FILTER, WITHOUT_REASSEMBLY)
        with closing(incomplete) as rows:
            for hello in incomplete_hellos(rows):
                fact = name_fact("tcp", endpoints_of(hello), hello["sni"])
                if fact not in self._comparison.expected:
                    self._comparison.optional.add(fact)

    def read_behind(self, facts: Iterable[Fact]) -> int:
        """Adds what these flows' sides say behind a preamble, unless the capture itself shows it.

        Returns the number of flows of which tshark reads something there.
        """
        wanted = [fact for fact in facts if not self._other_names.has(fact)]
        if not wanted:
            return 0
        clients = {fact.endpoints for fact in wanted if fact.over != "x509"}
        servers = {reverse(fact.endpoints) for fact in wanted if fact.over == "x509"}
        found = read_behind(self._tshark, self._path, clients, servers)
        for hello in found.hellos:
            self._expect_hello(hello)
        for hello in found.beginnings:
            expect_hello(self._comparison, hello)
        self._other_names.add_hellos(found.hellos)
        self._other_names.add_requests(found.requests)
        self._other_names.add_certificates(found.certificates)
        of_servers = {reverse(endpoints_of(one)) for one in found.certificates}
        of_clients = (*found.hellos, *found.beginnings, *found.requests)
        return len({endpoints_of(one) for one in of_clients} | of_servers)

    def expect_moved(self, facts: Iterable[Fact]) -> None:
        """Adds what a QUIC connection's hello says for its client's later addresses and ports."""
        hellos = [one for one in self._comparison.expected if _is_of_quic(one)]
        for moved in {fact.endpoints for fact in facts if _is_of_quic(fact)}:
            connections = self._connections.get(frames.flow_key("udp", moved), set())
            for one in hellos:
                of_hello = self._connections.get(frames.flow_key("udp", one.endpoints))
                if one.endpoints[2:] == moved[2:] and len(connections) == 1 and connections == of_hello:
                    fact = one._replace(endpoints=moved)
                    self._comparison.expected[fact] = 1
                    self._comparison.packets.setdefault(fact, self._comparison.packets[one])

    def expect_other_names(self) -> None:
        """Adds the hosts and certificates of flows without a name in a ClientHello."""
        self._other_names.expect(self._comparison)

    def _collect_tls(self, found: trees.Found) -> None:
        self._other_names.add_hellos(found.client_hellos)
        self._other_names.add_certificates(found.certificates)

    def _expect_hello(self, hello: Record) -> None:
        if hello.get("is_fragment"):
            text = "Wireshark does not put the fragments of this hello together"
            self._notes.setdefault(frames.flow_key("udp", endpoints_of(hello)), text)
        if hello.get("proto") in ("tcp", "udp") and not hello.get("quoted"):
            expect_hello(self._comparison, hello)
            if hello["over"] != "gquic":
                is_malformed = hello["frame"] in self._malformed
                expect_contents(self._comparison, hello, self._hellos, is_malformed=is_malformed)

    def _count(self, row: Row) -> None:
        number = int(row["frame.number"][0])
        self.times_ns.append(frames.time_ns(row))
        if frames.is_malformed(row) or "_ws.short" in frames.protocols(row):
            self._malformed.add(number)
        innermost = frames.find_innermost(row)
        key = frames.flow_key(innermost.transport, innermost.endpoints) if innermost else None
        self._shown.setdefault(key, set()).update(row["frame.protocols"])
        if key and row["quic.connection.number"]:
            self._connections.setdefault(key, set()).update(row["quic.connection.number"])
        if innermost is not None:
            self._flows.count_segment(row, innermost)
            if number in self._malformed:
                self._note(innermost, f"Wireshark reports packet {number} as malformed")
            elif int(row["frame.cap_len"][0]) < int(row["frame.len"][0]):
                self._note(innermost, f"packet {number} is truncated by the snap length")
        else:
            self._flows.count_fragment(row)
        if frames.is_fragment(row):
            self._fragmented |= set(_address_pairs(row))

    def _expect_message(self, message: Record) -> None:
        if "src" in message:
            is_doubtful = message["frame"] in self._malformed
            expect_message(self._comparison, message, is_doubtful=is_doubtful)

    def _is_known(self, hello: Record) -> bool:
        return name_fact("tcp", endpoints_of(hello), hello["sni"] or "") in self._comparison.expected

    def packets_of(self, fact: Fact) -> Packets | None:
        """The packets that hold a fact, according to tshark, or else to the times that netmon reports."""
        known = self._comparison.packets.get(fact)
        if known is not None:
            return known
        if self._numbers_of is None:
            # Of several packets with the same time, the first one counts.
            numbers = range(len(self.times_ns), 0, -1)
            self._numbers_of = dict(zip(reversed(self.times_ns), numbers, strict=True))
        first_ns, last_ns = self._comparison.times_ns[fact]
        first, last = self._numbers_of.get(first_ns), self._numbers_of.get(last_ns)
        return None if first is None or last is None else (first, max(first, last))

    def note(self, fact: Fact) -> str | None:
        """A possible reason for a difference in a fact."""
        if fact in self._comparison.notes:
            return self._comparison.notes[fact]
        if fact.over.startswith("dns") and DNS_PORT not in fact.endpoints:
            return "on ports other than 53, netmon reads DNS only if query and answer show it"
        is_of_quic = frames.flow_key("udp", fact.endpoints) in self._connections
        if fact.over == "quic" and is_of_quic and fact not in self._comparison.expected:
            return "Wireshark assigns packets by connection ID, and saw this one between other endpoints"
        source, _port, destination, _port = fact.endpoints
        if frozenset((source, destination)) in self._fragmented:
            return "these addresses exchange IP fragments, which the two programs reassemble differently"
        transports = (fact.text.partition(" ")[0],) if fact.over == "flow" else ("tcp", "udp")
        notes = (self._notes.get(frames.flow_key(transport, fact.endpoints)) for transport in transports)
        return next(filter(None, notes), None)

    def has_read_around(self, fact: Fact) -> bool:
        """True if it reads the request or the certificate that would hold this fact, or all flows."""
        if fact.over == "flow":
            return not self._packets_beside()
        return fact.over in ("http", "x509") and self._other_names.has_of(fact)

    def shown(self, fact: Fact) -> str:
        """The protocols that it finds in the packets that would hold a fact, the deepest first."""
        transport = (
            "tcp" if fact.over in ("tcp", "http", "x509") or "tcp" in fact.text.split(" ", 1) else "udp"
        )
        known = self._shown.get(frames.flow_key(transport, fact.endpoints)) or self._packets_beside()
        return ", ".join(sorted(known, key=lambda one: (-one.count(":"), one))[:_MOST_SHOWN])

    def _packets_beside(self) -> set[str]:
        """The protocols of packets that are in no flow, or in one that netmon lacks: carriers only."""
        keys = [None, *(_key(fact) for fact in self._comparison.missing if fact.over == "flow")]
        return {one for key in keys for one in self._shown.get(key, ()) if _CARRIER.search(one)}

    def _note(self, innermost: frames.Innermost, text: str) -> None:
        """Keeps the first possible reason for a difference in a flow."""
        self._notes.setdefault(frames.flow_key(innermost.transport, innermost.endpoints), text)


def _is_of_quic(fact: Fact) -> bool:
    return fact.over == "quic" or (fact.over == "hello" and fact.text.startswith("quic "))


def _key(flow: Fact) -> tuple[str, Endpoints]:
    return frames.flow_key(flow.text.partition(" ")[0], flow.endpoints)


def incomplete_hellos(rows: Iterable[Row]) -> Iterator[Record]:
    """The names in rows of INCOMPLETE_FIELDS, each once per pair of endpoints."""
    done = set()
    for row in rows:
        last = {field: values[-1] if values else "" for field, values in row.items()}  # the innermost one
        family = "ip" if last["ip.src"] else "ipv6"
        ports = int(last["tcp.srcport"]), int(last["tcp.dstport"])
        source, destination = (address(last[f"{family}.{side}"]) for side in ("src", "dst"))
        endpoints = (source, ports[0], destination, ports[1])
        name = last["tls.handshake.extensions_server_name"]
        if (endpoints, name) not in done:
            done.add((endpoints, name))
            keys = ("src", "sport", "dst", "dport")
            yield dict(zip(keys, endpoints, strict=True)) | {"frame": int(last["frame.number"]), "sni": name}


def _address_pairs(row: Row) -> Iterator[frozenset[str]]:
    for family in ("ip", "ipv6"):
        pairs = zip(row[f"{family}.src"], row[f"{family}.dst"], strict=False)
        yield from map(frozenset, pairs)
