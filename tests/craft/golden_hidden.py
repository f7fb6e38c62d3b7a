"""Golden captures about what hides names: encrypted hellos."""

from __future__ import annotations

from tests.craft import dns, tls
from tests.craft.scene import (
    CLIENT,
    ELSEWHERE,
    RESOLVER,
    START_NS,
    connection,
    ethernet_file,
    flight,
)
from tests.craft.talk import MILLISECOND_NS, SECOND_NS, look_up, look_up_addresses, tls_session

HIDDEN = "secret.example.net"
FRONT = "front.example.org"
KNOWN_FRONT = "known.front.example"
VENDOR_FRONT = "front.cloud.example"


def ech_by_record() -> bytes:
    """An HTTPS record tells a client the public name of a front, and its hello shows that name.

    ECH is used: the outer name is no name, and what the client asked for names the flow (`dns_client`).
    Another client was told nothing: the same hello of that one is GREASE, named by its SNI.
    """
    record = dns.https(HIDDEN, hints=[ELSEWHERE], ech=tls.ech_config_list(FRONT))
    sent = look_up(CLIENT, RESOLVER, HIDDEN, dns.HTTPS, [record], at_ns=START_NS, port=50_500)
    sent += tls_session(connection(ELSEWHERE, at_s=0.01), flight(FRONT, ech=True))
    other = connection(ELSEWHERE, client="192.0.2.11", at_s=1)
    return ethernet_file(sent + tls_session(other, flight(FRONT, ech=True)))


def ech_known_front() -> bytes:
    """A hello with an ECH extension shows a public name that the signatures know.

    ECH is used: the flow has no name, evidence `ech_outer`, reason `ech`. That somebody else looked up a
    name at the same address changes nothing. The same name without the extension is a name.
    """
    sent = look_up_addresses("192.0.2.11", RESOLVER, HIDDEN, [ELSEWHERE], at_ns=START_NS, port=50_500)
    sent += tls_session(connection(ELSEWHERE, at_s=0.1), flight(KNOWN_FRONT, ech=True))
    plain = connection(ELSEWHERE, client_port=50_001, at_s=1)
    return ethernet_file(sent + tls_session(plain, flight(KNOWN_FRONT)))


def ech_vendor_front() -> bytes:
    """The public name of a front lies under a vendor's suffix, and the flow ends at nobody's address.

    While ECH is used the outer name tags nobody: the flow is the vendor's only if the inner name is. A hello
    that shows the name with GREASE, before any record told of the front, is tagged by it.
    """
    sent = tls_session(connection(ELSEWHERE), flight(VENDOR_FRONT, ech=True))
    record = dns.https(HIDDEN, ech=tls.ech_config_list(VENDOR_FRONT))
    at_ns = START_NS + SECOND_NS - 10 * MILLISECOND_NS
    sent += look_up(CLIENT, RESOLVER, HIDDEN, dns.HTTPS, [record], at_ns=at_ns, port=50_500)
    hidden = connection(ELSEWHERE, client_port=50_001, at_s=1)
    return ethernet_file(sent + tls_session(hidden, flight(VENDOR_FRONT, ech=True)))
