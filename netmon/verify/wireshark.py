"""What tshark sees in a capture, as facts, and what spoils its view."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from netmon.verify import frames, trees
from netmon.verify.answers import Hellos, ends_of, expect_contents, expect_flow, expect_hello, expect_message
from netmon.verify.compare import Comparison, Packets
from netmon.verify.facts import Ends, Fact, name_fact
from netmon.verify.stated import Stated
from netmon.verify.trees import Record
from netmon.verify.tshark import Row, Tshark

DNS_PORT = 53

Progress = Callable[[int], None]
"""Called with the number of the packet that was read."""

ANY_PORT = {"tcp.try_heuristic_first": "TRUE"}
"""TLS is tried before the protocol that tshark gives a port to."""
ANY_PORT_FILTER = "(tls.handshake.type == 1 || tls.handshake.type == 11) && tcp"

UNFINISHED = {
    "tcp.desegment_tcp_streams": "FALSE",
    "tls.desegment_ssl_records": "FALSE",
    "tls.desegment_ssl_application_data": "FALSE",
}
UNFINISHED_FILTER = "tls.handshake.extensions_server_name && tcp"
"""Names that stand in the clear in a hello that never became complete."""
UNFINISHED_FIELDS = (
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
    """Fills tshark's side of a comparison: `count`, `read`, and `look_again` where that pays."""

    def __init__(self, tshark: Tshark, path: str, comparison: Comparison) -> None:
        self._tshark = tshark
        self._path = path
        self._comparison = comparison
        self._flows = frames.Flows()
        self._times_ns = array("Q")
        self._numbers_of: dict[int, int] | None = None
        self._malformed: set[int] = set()
        self._hellos: Hellos = set()
        self._stated = Stated()
        self._notes: dict[tuple[str, Ends], str] = {}
        self._fragmented: set[frozenset[str]] = set()

    def count(self, progress: Progress) -> None:
        """Packets and bytes of every flow, and which packets are malformed or cut."""
        with closing(self._tshark.rows(self._path, frames.FIELDS)) as rows:
            for row in rows:
                self._count(row)
                progress(int(row["frame.number"][0]))
        for flow in self._flows.by_key.values():
            counts = (flow.forth[0], flow.forth[2], flow.back[0], flow.back[2])
            packets = (flow.first_frame, flow.last_frame)
            expect_flow(self._comparison, flow.transport, flow.ends, counts, packets)

    def read(self, progress: Progress) -> None:
        """Names of hellos, requests and certificates, and what DNS messages say."""
        with closing(self._tshark.trees(self._path, trees.WANTED)) as packets:
            for tree in packets:
                found = trees.read_tree(tree)
                for hello in (*found.client_hellos, *found.gquic_chlo):
                    self._expect_hello(hello)
                for message in found.dns:
                    self._expect_message(message)
                self._stated.take_requests(found.requests)
                self._take_tls(found)
                progress(found.frame)

    def look_again(self) -> None:
        """Names over TCP that tshark shows only when asked otherwise: they are seen by both then."""
        with closing(self._tshark.trees(self._path, ANY_PORT_FILTER, ANY_PORT)) as packets:
            for found in map(trees.read_tree, packets):
                for hello in found.client_hellos:
                    if hello["over"] == "tcp" and not self._is_known(hello):
                        self._expect_hello(hello)
                self._take_tls(found)
        unfinished = self._tshark.rows(self._path, UNFINISHED_FIELDS, UNFINISHED_FILTER, UNFINISHED)
        with closing(unfinished) as rows:
            for hello in unfinished_hellos(rows):
                fact = name_fact("tcp", ends_of(hello), hello["sni"])
                if fact not in self._comparison.expected:
                    self._comparison.optional.add(fact)

    def expect_stated(self) -> None:
        """Hosts of requests and certificates, where no hello has a name: at last, when these are known."""
        self._stated.expect(self._comparison)

    def _take_tls(self, found: trees.Found) -> None:
        self._stated.take_hellos(found.client_hellos)
        self._stated.take_certificates(found.certificates)

    def _expect_hello(self, hello: Record) -> None:
        if hello.get("proto") in ("tcp", "udp") and not hello.get("quoted"):
            expect_hello(self._comparison, hello)
            if hello["over"] != "gquic":
                is_malformed = hello["frame"] in self._malformed
                expect_contents(self._comparison, hello, self._hellos, is_malformed=is_malformed)

    def _count(self, row: Row) -> None:
        number = int(row["frame.number"][0])
        self._times_ns.append(frames.time_ns(row))
        if frames.is_malformed(row) or "_ws.short" in frames.protocols(row):
            self._malformed.add(number)
        innermost = frames.locate(row)
        if innermost is not None:
            self._flows.take(row, innermost)
            if number in self._malformed:
                self._note(innermost, f"Wireshark calls packet {number} malformed")
            elif int(row["frame.cap_len"][0]) < int(row["frame.len"][0]):
                self._note(innermost, f"packet {number} is cut by the snap length")
        else:
            self._flows.take_part(row)
        if frames.is_fragment(row):
            self._fragmented |= set(_address_pairs(row))

    def _expect_message(self, message: Record) -> None:
        if "src" in message:
            is_doubtful = message["frame"] in self._malformed
            expect_message(self._comparison, message, is_doubtful=is_doubtful)

    def _is_known(self, hello: Record) -> bool:
        return name_fact("tcp", ends_of(hello), hello["sni"] or "") in self._comparison.expected

    def packets_of(self, fact: Fact) -> Packets | None:
        """The packets that hold a fact: tshark's, or those at the times at which netmon saw it."""
        known = self._comparison.packets.get(fact)
        if known is not None:
            return known
        if self._numbers_of is None:
            numbers = range(len(self._times_ns), 0, -1)  # of several at a time the first one stays
            self._numbers_of = dict(zip(reversed(self._times_ns), numbers, strict=True))
        first_ns, last_ns = self._comparison.times_ns[fact]
        first, last = self._numbers_of.get(first_ns), self._numbers_of.get(last_ns)
        return None if first is None or last is None else (first, max(first, last))

    def note(self, fact: Fact) -> str | None:
        """What may explain a difference in a fact."""
        if fact in self._comparison.notes:
            return self._comparison.notes[fact]
        if fact.over.startswith("dns") and DNS_PORT not in fact.ends:
            return "on other ports netmon reads DNS only in flows that begin with a query"
        if fact.over == "quic" and fact not in self._comparison.expected:
            return "Wireshark takes packets with a connection ID that it saw between other ends for theirs"
        source, _port, destination, _port = fact.ends
        if frozenset((source, destination)) in self._fragmented:
            return "there are IP fragments between these addresses, which the two put together differently"
        transports = (fact.text.partition(" ")[0],) if fact.over == "flow" else ("tcp", "udp")
        notes = (self._notes.get(frames.flow_key(transport, fact.ends)) for transport in transports)
        return next(filter(None, notes), None)

    def _note(self, innermost: frames.Innermost, text: str) -> None:
        """Keeps the first thing that spoils the view of a flow."""
        self._notes.setdefault(frames.flow_key(innermost.transport, innermost.ends), text)


def unfinished_hellos(rows: Iterable[Row]) -> Iterator[Record]:
    """The names in rows of UNFINISHED_FIELDS, each once for its ends."""
    done = set()
    for row in rows:
        last = {field: values[-1] if values else "" for field, values in row.items()}  # the innermost one
        family = "ip" if last["ip.src"] else "ipv6"
        ports = int(last["tcp.srcport"]), int(last["tcp.dstport"])
        ends = (last[f"{family}.src"], ports[0], last[f"{family}.dst"], ports[1])
        name = last["tls.handshake.extensions_server_name"]
        if (ends, name) not in done:
            done.add((ends, name))
            keys = ("src", "sport", "dst", "dport")
            yield dict(zip(keys, ends, strict=True)) | {"frame": int(last["frame.number"]), "sni": name}


def _address_pairs(row: Row) -> Iterator[frozenset[str]]:
    for family in ("ip", "ipv6"):
        pairs = zip(row[f"{family}.src"], row[f"{family}.dst"], strict=False)
        yield from map(frozenset, pairs)
