"""Golden captures about IPv4 servers that are reached over IPv6."""

from __future__ import annotations

from tests.craft.embedded import WELL_KNOWN, nat64, six_to_four, teredo
from tests.craft.scene import (
    CLIENT_V6,
    ELSEWHERE,
    MOSCOW,
    NAME,
    START_NS,
    ZURICH,
    connection,
    ethernet_file,
    flight,
)
from tests.craft.talk import SECOND_NS, Sent, look_up_addresses, tls_session

RESOLVER_V6 = "2001:db8:1::53"
LEARNED = "2001:db8:64::/48"


def _session(server: str, number: int, name: str | None = NAME) -> list[Sent]:
    """A session that begins in the second `number`."""
    talk = connection(server, client=CLIENT_V6, client_port=50_000 + number, at_s=number)
    return tls_session(talk, flight(name))


def embedded_addresses() -> bytes:
    """Sessions over IPv6 with servers in Moscow: by a well-known NAT64 prefix, 6to4, Teredo, a learned one.

    Each is judged by the IPv4 address that its address contains, like a session over IPv4: unexpected. The
    last three: a sinkhole behind the translator; an address that contains none, because its reserved octet is
    not zero; and a server in Zürich without SNI, whose IPv4 address the client looked up: as promised.
    """
    known = [nat64(LEARNED, one) for one in ("192.0.0.170", "192.0.0.171")]
    sent = look_up_addresses(CLIENT_V6, RESOLVER_V6, "ipv4only.arpa", known, at_ns=START_NS, port=50_500)
    at_ns = START_NS + 7 * SECOND_NS
    sent += look_up_addresses(CLIENT_V6, RESOLVER_V6, NAME, [ZURICH], at_ns=at_ns, port=50_501)
    for number, server in enumerate(
        (
            nat64(WELL_KNOWN, MOSCOW),
            six_to_four(MOSCOW),
            teredo(MOSCOW, ELSEWHERE),
            nat64(LEARNED, MOSCOW),
            nat64(WELL_KNOWN, "10.0.0.99"),
            nat64(LEARNED, MOSCOW, reserved=1),
        ),
        start=1,
    ):
        sent += _session(server, number)
    return ethernet_file(sent + _session(nat64(WELL_KNOWN, ZURICH), 8, None))
