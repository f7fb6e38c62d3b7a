"""The packets of scenarios: clients of an organisation, and what they send to addresses of the vendor.

Names and addresses of the vendor are those of its signatures; clients and resolvers have private or
documentation addresses. None of these packets was ever sent on a network.
"""

from __future__ import annotations

from tests.craft import tls
from tests.craft.packets import ACK, SYN, ethernet
from tests.craft.pcap import NANOSECONDS, pcap
from tests.craft.talk import (
    MILLISECOND_NS,
    SECOND_NS,
    SMALL,
    Connection,
    Load,
    Sent,
    frames,
    look_up_addresses,
    tls_session,
    transfer,
)

START_NS = 1_790_848_800 * SECOND_NS  # 2026-10-01 10:00:00 UTC
RESOLVER, RESOLVER_V6 = "10.0.0.53", "2001:db8:1::53"
ETHERNET_LINK = 1
UPLOAD = Load(up_bytes=180_000, down_bytes=400)
DOWNLOAD = Load(up_bytes=400, down_bytes=60_000)

FILES, REPUTATION, UPDATES = (
    "dc1-file.ksn.kaspersky-labs.com",
    "ksn-verdict-geo.kaspersky-labs.com",
    "s12.upd.kaspersky.com",
)
ACTIVATION, WEB_SITE, MAIL = "activation-v2.kaspersky.com", "www.kaspersky.ru", "mx12.kaspersky-labs.com"

ZURICH, FRANKFURT, MOSCOW = "82.202.184.20", "93.159.227.14", "77.74.176.12"
MOSCOW_ACTIVATION, MOSCOW_MAIL = "93.159.230.7", "91.103.66.155"
ZURICH_V6, TORONTO_V6, MOSCOW_NAT64 = "2a03:2480:8010::25", "2a03:2480:8032::20", "64:ff9b::4d4a:b00c"
CARRIER = "117.41.246.36"

RTT_MS = {ZURICH: 8.1, ZURICH_V6: 8.3, FRANKFURT: 3.2, TORONTO_V6: 98.0, CARRIER: 230.0}
FAR_MS = 42.0


def capture(*parts: list[Sent]) -> bytes:
    """All packets in Ethernet frames, as a pcap file."""
    sent = [one for part in parts for one in part]
    return pcap(frames(sent, ethernet), ETHERNET_LINK, magic=NANOSECONDS)


def connection(
    client: str, server: str, port: int = 443, *, number: int = 0, rtt_ms: float = 0
) -> Connection:
    """A connection before its handshake, which begins in the second `number`, 50 ms after its look-up."""
    rtt_ns = round((rtt_ms or RTT_MS.get(server, FAR_MS)) * MILLISECOND_NS)
    start_ns = START_NS + number * SECOND_NS + 50 * MILLISECOND_NS
    return Connection(client, 50_000 + number, server, port, start_ns=start_ns, rtt_ns=rtt_ns)


def look_up(client: str, name: str, server: str, number: int = 0) -> list[Sent]:
    """A look-up of a name, with this address in the answer."""
    resolver = RESOLVER_V6 if ":" in client else RESOLVER
    at_ns, port = START_NS + number * SECOND_NS, 40_000 + number
    return look_up_addresses(client, resolver, name, [server], at_ns=at_ns, port=port)


def contact(
    client: str, name: str, server: str, load: Load = SMALL, *, number: int = 0, rtt_ms: float = 0
) -> list[Sent]:
    """A look-up, and a complete TLS session with the address in the answer."""
    talk = connection(client, server, number=number, rtt_ms=rtt_ms)
    session = tls_session(talk, tls.hello_records(tls.client_hello(name)), load=load)
    return look_up(client, name, server, number) + session


def attempts(client: str, name: str, server: str) -> list[Sent]:
    """A look-up, and three SYNs that nothing answers."""
    talk = connection(client, server)
    for _ in range(3):
        talk.up(SYN)
        talk.wait(SECOND_NS)
    return look_up(client, name, server) + talk.sent


def through_proxy(client: str, name: str, proxy: str) -> list[Sent]:
    """A tunnel through an explicit proxy, which looks the name up itself, and TLS inside."""
    talk = connection(client, proxy, 3128, rtt_ms=0.4)
    talk.open()
    talk.send(f"CONNECT {name}:443 HTTP/1.1\r\nHost: {name}:443\r\n\r\n".encode())
    talk.receive(b"HTTP/1.1 200 Connection established\r\n\r\n")
    return _tls_inside(talk, name)


def mail(client: str, server: str, name: str) -> list[Sent]:
    """A message over SMTP with STARTTLS; the client names the server in its hello."""
    talk = connection(client, server, 25)
    talk.open()
    talk.receive(f"220 {name} ESMTP\r\n".encode())
    talk.send(b"EHLO mail.example.org\r\n")
    talk.receive(f"250-{name}\r\n250 STARTTLS\r\n".encode())
    talk.send(b"STARTTLS\r\n")
    talk.receive(b"220 Go ahead\r\n")
    return _tls_inside(talk, name)


def answered_on_site(client: str, rtt_ms: float, count: int) -> list[Sent]:
    """Handshakes with unrelated servers, all completed by a middlebox that is this near."""
    sent = []
    for number in range(count):
        talk = connection(client, f"3fff:{number:x}::1", number=number, rtt_ms=rtt_ms + number / 1000)
        talk.open()
        talk.close()
        sent += talk.sent
    return sent


def _tls_inside(talk: Connection, name: str) -> list[Sent]:
    talk.send(tls.hello_records(tls.client_hello(name)))
    talk.receive(tls.server_flight(name, encrypted_bytes=1400))
    talk.send(tls.client_finished(name))
    transfer(talk, SMALL)
    talk.up(ACK)
    talk.close()
    return talk.sent
