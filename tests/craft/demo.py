"""The capture behind `netmon demo`: ten minutes of a small office near Frankfurt, crafted byte by byte.

    python -m tests.craft.demo        rewrites netmon/data/demo.pcap

Clients and the office's resolver have documentation addresses (RFC 5737, RFC 3849). Names and
addresses of the vendor are those listed in `signatures/`; round trips are typical of a line in
Frankfurt. None of these packets was ever sent on a network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.craft import dns, tls
from tests.craft.packets import ethernet
from tests.craft.pcap import NANOSECONDS, pcap
from tests.craft.talk import (
    MILLISECOND_NS,
    SECOND_NS,
    SMALL,
    Connection,
    Load,
    Sent,
    frames,
    look_up,
    tls_session,
    transfer,
)

PATH = Path(__file__).parents[2] / "netmon" / "data" / "demo.pcap"
START_NS = 1_789_461_000 * SECOND_NS  # 2026-09-15 08:30:00 UTC, a Tuesday
RESOLVER, RESOLVER_V6 = "192.0.2.53", "2001:db8:1::53"
OFFICE, OFFICE_V6 = "192.0.2.", "2001:db8:1::"
ETHERNET_LINK = 1

SPLIT_HELLO_BYTES = 1750  # more than a segment holds, so the name is in the second one

QUERY = Load(up_bytes=420, down_bytes=310)
STATUS = Load(up_bytes=350, down_bytes=240, turns=3, pause_ns=2 * SECOND_NS)
UPLOAD = Load(up_bytes=11_500, down_bytes=180)
DOWNLOAD = Load(up_bytes=380, down_bytes=14_000)
PAGE = Load(up_bytes=700, down_bytes=5_200)

# What the clients' products contact: (name, addresses, round trip in ms). Where databases agree …
ZURICH_FILE = ("ksn-file-geo.kaspersky-labs.com", "82.202.184.20", 6.4)
ZURICH_URL = ("ksn-url-geo.kaspersky-labs.com", "82.202.184.21", 6.1)
ZURICH_DC1 = ("dc1.ksn.kaspersky-labs.com", "82.202.184.30", 7.2)
ZURICH_V6 = ("ksn-verdict-geo.kaspersky-labs.com", "2a03:2480:8010::25", 5.8)
MOSCOW_STAT = ("ksn-stat-geo.kaspersky-labs.com", "77.74.176.12", 40.6)
MOSCOW_INFO = ("ksn-info-geo.kaspersky-labs.com", "77.74.177.8", 41.3)
# … where they do not agree …
DISPUTED_VERDICT = ("ksn-verdict-geo.kaspersky-labs.com", "91.103.64.40", 39.8)
DISPUTED_CERT = ("ksn-tcert-geo.kaspersky-labs.com", "93.159.228.15", 38.9)
DISPUTED_URL = ("ksn-url-geo.kaspersky-labs.com", "91.103.65.9", 40.2)
# … and where nothing is promised.
UPDATE_AMSTERDAM = ("s00.upd.kaspersky.com", "185.54.220.33", 7.6)
UPDATE_FRANKFURT = ("dnl-01.geo.kaspersky.com", "93.159.227.14", 1.2)
UPDATE_FAR = ("s19.upd.kaspersky.com", "37.203.129.5", 198.0)
ACTIVATION = ("activation-v2.kaspersky.com", "93.159.230.7", 41.9)
LOOKALIKE = ("notkaspersky.com", "203.0.113.66", 21.0)
LOOKALIKE_BELOW = ("kaspersky.com.evil.test", "203.0.113.67", 33.0)
EXAMPLE_COM = ("example.com", "198.51.100.80", 9.3)
EXAMPLE_ORG = ("www.example.org", "198.51.100.81", 12.7)
EXAMPLE_NET = ("intranet.example.net", "203.0.113.10", 3.1)
EXAMPLE_V6 = ("www.example.org", "2001:db8:ffff::81", 11.9)

Place = tuple[str, str, float]


@dataclass(frozen=True, slots=True)
class Visit:
    """A client contacts a place: a DNS look-up, unless the name is still cached, and a TLS session."""

    at_s: float
    host: int
    place: Place
    load: Load = SMALL
    post_quantum: bool = False
    ech: bool = False


VISITS = (
    Visit(2.1, 11, EXAMPLE_COM, PAGE, post_quantum=True, ech=True),
    Visit(6.4, 11, ZURICH_URL, QUERY),
    Visit(9.0, 12, ZURICH_FILE, QUERY),
    Visit(14.2, 13, UPDATE_AMSTERDAM, DOWNLOAD),
    Visit(21.7, 14, MOSCOW_STAT, STATUS),
    Visit(28.5, 12, ZURICH_V6, QUERY),
    Visit(35.9, 15, DISPUTED_VERDICT, QUERY),
    Visit(44.0, 16, EXAMPLE_ORG, PAGE),
    Visit(52.3, 11, ZURICH_DC1, STATUS),
    Visit(61.8, 17, ACTIVATION, QUERY),
    Visit(70.2, 13, ZURICH_URL, QUERY),
    Visit(83.6, 14, UPDATE_FRANKFURT, DOWNLOAD),
    Visit(95.1, 16, LOOKALIKE, PAGE),
    Visit(101.4, 12, ZURICH_FILE, UPLOAD, post_quantum=True),
    Visit(118.7, 15, EXAMPLE_NET, PAGE),
    Visit(127.0, 11, MOSCOW_INFO, QUERY),
    Visit(139.3, 17, DISPUTED_CERT, QUERY),
    Visit(152.8, 13, EXAMPLE_COM, PAGE, ech=True),
    Visit(166.5, 14, ZURICH_URL, QUERY),
    Visit(178.9, 12, EXAMPLE_V6, PAGE),
    Visit(190.2, 16, ZURICH_DC1, STATUS),
    Visit(204.4, 11, UPDATE_FAR, DOWNLOAD),
    Visit(221.0, 15, ZURICH_URL, QUERY, post_quantum=True),
    Visit(236.6, 13, ZURICH_FILE, UPLOAD),
    Visit(251.1, 16, LOOKALIKE_BELOW, PAGE),
    Visit(263.7, 14, MOSCOW_STAT, STATUS),
    Visit(280.0, 12, ZURICH_V6, QUERY),
    Visit(298.2, 17, EXAMPLE_ORG, PAGE, ech=True),
    Visit(311.9, 11, ZURICH_URL, QUERY),
    Visit(327.4, 15, DISPUTED_VERDICT, QUERY, ech=True),
    Visit(342.8, 13, EXAMPLE_NET, PAGE),
    Visit(359.0, 16, ZURICH_DC1, QUERY),
    Visit(377.5, 14, UPDATE_AMSTERDAM, DOWNLOAD),
    Visit(395.3, 12, ZURICH_FILE, QUERY),
    Visit(411.7, 17, ZURICH_URL, QUERY),
    Visit(428.1, 11, EXAMPLE_COM, PAGE, post_quantum=True),
    Visit(446.9, 15, ZURICH_FILE, UPLOAD),
    Visit(463.2, 13, DISPUTED_CERT, QUERY),
    Visit(480.6, 14, MOSCOW_STAT, STATUS),
    Visit(497.0, 16, EXAMPLE_ORG, PAGE),
    Visit(515.4, 12, ZURICH_V6, QUERY),
    Visit(533.8, 17, ZURICH_DC1, QUERY),
    Visit(551.5, 11, ZURICH_URL, QUERY),
    Visit(570.2, 13, UPDATE_FRANKFURT, DOWNLOAD),
)


class Office:
    """The office's clients: each has its own ports and DNS cache."""

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        self.known: dict[tuple[str, str], int] = {}

    def port(self, client: str) -> int:
        """The client's next ephemeral port (RFC 6335, 6)."""
        self.ports[client] = self.ports.get(client, 49_200 + sum(client.encode()) % 512) + 1
        return self.ports[client]

    def visit(self, visit: Visit) -> list[Sent]:
        """A look-up if it is needed, and a TLS session."""
        name, server, rtt_ms = visit.place
        v6 = ":" in server
        client = f"{OFFICE_V6 if v6 else OFFICE}{visit.host}"
        at_ns = START_NS + round(visit.at_s * SECOND_NS)
        sent = []
        if at_ns >= self.known.get((client, server), 0):
            kind = dns.AAAA if v6 else dns.A
            resolver = RESOLVER_V6 if v6 else RESOLVER
            answer = dns.address(name, server, ttl_s=300)
            sent += look_up(client, resolver, name, kind, [answer], at_ns=at_ns, port=self.port(client))
            self.known[client, server] = at_ns + answer.ttl_s * SECOND_NS
        connection = self.connection(client, server, 443, at_ns=at_ns + 6 * MILLISECOND_NS, rtt_ms=rtt_ms)
        hello = tls.client_hello(
            name,
            post_quantum=visit.post_quantum,
            ech=visit.ech,
            name_last=visit.post_quantum,
            pad_to=SPLIT_HELLO_BYTES if visit.post_quantum else 512,
            label=f"{client} {visit.at_s}",
        )
        sent += tls_session(
            connection, tls.hello_records(hello), load=visit.load, post_quantum=visit.post_quantum
        )
        return sent

    def connection(self, client: str, server: str, port: int, *, at_ns: int, rtt_ms: float) -> Connection:
        """A connection of a client, from its next port."""
        rtt_ns = round(rtt_ms * MILLISECOND_NS)
        return Connection(client, self.port(client), server, port, start_ns=at_ns, rtt_ns=rtt_ns)

    def under_way(self, host: int, server: str, rtt_ms: float, load: Load) -> list[Sent]:
        """A connection that was open before the capture began, and remains open."""
        first_turn_ns = START_NS + 400 * MILLISECOND_NS
        at_ns = first_turn_ns - load.pause_ns
        connection = self.connection(f"{OFFICE}{host}", server, 443, at_ns=at_ns, rtt_ms=rtt_ms)
        return transfer(connection, load)

    def plain_http(self, at_s: float, host: int, place: Place) -> list[Sent]:
        """A look-up and an HTTP request in clear."""
        name, server, rtt_ms = place
        client, at_ns = f"{OFFICE}{host}", START_NS + round(at_s * SECOND_NS)
        answer = dns.address(name, server)
        sent = look_up(client, RESOLVER, name, dns.A, [answer], at_ns=at_ns, port=self.port(client))
        connection = self.connection(client, server, 80, at_ns=at_ns + 6 * MILLISECOND_NS, rtt_ms=rtt_ms)
        connection.open()
        connection.send(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        connection.receive(
            b"HTTP/1.1 200 OK\r\nDate: Tue, 15 Sep 2026 08:33:20 GMT\r\nContent-Length: 0\r\n\r\n"
        )
        connection.close()
        return sent + connection.sent


def packets() -> Iterator[Sent]:
    """All traffic on the office's mirror port."""
    office = Office()
    for visit in VISITS:
        yield from office.visit(visit)
    # Open before the capture began: one client looks the name up again, so DNS names the flow …
    heartbeat = Load(up_bytes=160, down_bytes=160, turns=8, pause_ns=75 * SECOND_NS)
    yield from office.under_way(18, "82.202.184.44", 6.9, heartbeat)
    name = "ksn-cinfo-geo.kaspersky-labs.com"
    answer = dns.address(name, "82.202.184.44")
    at_ns = START_NS + 31 * SECOND_NS
    yield from look_up(f"{OFFICE}18", RESOLVER, name, dns.A, [answer], at_ns=at_ns, port=50_123)
    # … no client does so for the other, so only its network identifies the vendor.
    yield from office.under_way(19, "82.202.184.77", 6.3, heartbeat)
    # The time by plain HTTP; a public resolver that the product falls back to; a typing error; a browser.
    yield from office.plain_http(200.0, 18, ("touch.kaspersky.com", "93.159.228.60", 38.6))
    name, server, _ = DISPUTED_URL
    fallback = dns.address(name, server)
    at_ns = START_NS + 240 * SECOND_NS
    yield from look_up(
        f"{OFFICE}19", "223.6.6.6", name, dns.A, [fallback], at_ns=at_ns, port=50_200, takes_ns=175_000_000
    )
    yield from office.visit(Visit(240.3, 19, DISPUTED_URL, QUERY))
    at_ns = START_NS + 270 * SECOND_NS
    yield from look_up(
        f"{OFFICE}16", RESOLVER, "exmaple.invalid", dns.A, [], at_ns=at_ns, port=50_300, rcode=dns.NXDOMAIN
    )
    at_ns = START_NS + 2 * SECOND_NS
    service = dns.https("example.com", hints=["198.51.100.80"])
    yield from look_up(f"{OFFICE}11", RESOLVER, "example.com", dns.HTTPS, [service], at_ns=at_ns, port=50_400)


def demo() -> bytes:
    """The capture file."""
    return pcap(frames(packets(), ethernet), ETHERNET_LINK, magic=NANOSECONDS)


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_bytes(demo())
