"""Golden captures about what hides names: Encrypted ClientHello, encrypted DNS, and fallback resolvers."""

from __future__ import annotations

from tests.craft import dns, tls
from tests.craft.scene import (
    CLIENT,
    ELSEWHERE,
    NAME,
    RESOLVER,
    START_NS,
    connection,
    ethernet_file,
    flight,
)
from tests.craft.talk import MILLISECOND_NS, SECOND_NS, Sent, look_up, look_up_addresses, tls_session

HIDDEN = "secret.example.net"
FRONT = "front.example.org"
KNOWN_FRONT = "known.front.example"
VENDOR_FRONT = "front.cloud.example"
PUBLIC_RESOLVER = "192.0.2.99"
OTHER_CLIENT = "192.0.2.11"


def ech_by_record() -> bytes:
    """A client receives the public name of an ECH server in an HTTPS record, and its hello shows that name.

    ECH is in use: the outer name does not count, and the client's DNS query names the flow (`dns_client`).
    Another client never received the record: the same hello from it is GREASE, named by its SNI.
    """
    record = dns.https(HIDDEN, hints=[ELSEWHERE], ech=tls.ech_config_list(FRONT))
    sent = look_up(CLIENT, RESOLVER, HIDDEN, dns.HTTPS, [record], at_ns=START_NS, port=50_500)
    sent += tls_session(connection(ELSEWHERE, at_s=0.01), flight(FRONT, ech=True))
    other = connection(ELSEWHERE, client=OTHER_CLIENT, at_s=1)
    return ethernet_file(sent + tls_session(other, flight(FRONT, ech=True)))


def ech_known_public_name() -> bytes:
    """A hello with an ECH extension shows a public name that the signatures list.

    ECH is in use: the flow has no name, evidence `ech_outer`, reason `ech`. Another client's look-up of a
    name at the same address changes nothing. Without the extension the same name is an ordinary SNI.
    """
    sent = look_up_addresses(OTHER_CLIENT, RESOLVER, HIDDEN, [ELSEWHERE], at_ns=START_NS, port=50_500)
    sent += tls_session(connection(ELSEWHERE, at_s=0.1), flight(KNOWN_FRONT, ech=True))
    plain = connection(ELSEWHERE, client_port=50_001, at_s=1)
    return ethernet_file(sent + tls_session(plain, flight(KNOWN_FRONT)))


def ech_vendor_public_name() -> bytes:
    """The public name of an ECH server is below a vendor's suffix; the address belongs to no vendor.

    While ECH is in use the outer name does not tag the flow: only the inner name would. A hello that shows
    the name with GREASE, before any HTTPS record announced ECH, is tagged by it.
    """
    sent = tls_session(connection(ELSEWHERE), flight(VENDOR_FRONT, ech=True))
    record = dns.https(HIDDEN, ech=tls.ech_config_list(VENDOR_FRONT))
    at_ns = START_NS + SECOND_NS - 10 * MILLISECOND_NS
    sent += look_up(CLIENT, RESOLVER, HIDDEN, dns.HTTPS, [record], at_ns=at_ns, port=50_500)
    hidden = connection(ELSEWHERE, client_port=50_001, at_s=1)
    return ethernet_file(sent + tls_session(hidden, flight(VENDOR_FRONT, ech=True)))


def encrypted_dns() -> bytes:
    """DNS over TLS, recognised by port and by ALPN; DNS over HTTPS, by a known resolver's address and name.

    Four flows of encrypted DNS from one client. Its hello without SNI is unnamed for the reason
    `encrypted_dns`; that of a client not known to use encrypted DNS is not. A name in a hello takes
    precedence over a resolver's address.
    """
    dot = tls.hello_records(tls.client_hello(None, alpn=(), label="dot"))
    by_alpn = tls.hello_records(tls.client_hello("ns.example.net", alpn=("dot",)))
    hellos = [
        (connection(ELSEWHERE, 853, client_port=50_000), dot),
        (connection(ELSEWHERE, 8443, client_port=50_001, at_s=1), by_alpn),
        (connection(PUBLIC_RESOLVER, client_port=50_002, at_s=2), flight(None)),
        (connection(ELSEWHERE, client_port=50_003, at_s=3), flight("me.dns.example")),
        (connection(ELSEWHERE, client_port=50_004, at_s=4), flight(None)),
        (connection(ELSEWHERE, client=OTHER_CLIENT, client_port=50_005, at_s=5), flight(None)),
        (
            connection(PUBLIC_RESOLVER, client=OTHER_CLIENT, client_port=50_007, at_s=7),
            flight("www.example.net"),
        ),
    ]
    sent: list[Sent] = []
    for talk, hello in hellos:
        sent += tls_session(talk, hello)
    return ethernet_file(sent)


def fallback_resolver() -> bytes:
    """Clients query a public resolver that a vendor's products fall back to, and the site's own resolver.

    Each query for one of the vendor's names is a finding; other queries, which any software may send, are
    reported once an hour for each client. Queries over HTTPS cannot be read. The site's resolver is never a
    finding.
    """
    questions = [
        (CLIENT, PUBLIC_RESOLVER, NAME, 0),
        (CLIENT, PUBLIC_RESOLVER, "www.example.net", 60),
        (CLIENT, PUBLIC_RESOLVER, NAME, 120),
        (OTHER_CLIENT, PUBLIC_RESOLVER, "www.example.net", 180),
        (OTHER_CLIENT, PUBLIC_RESOLVER, "www.example.org", 240),
        (OTHER_CLIENT, PUBLIC_RESOLVER, "www.example.org", 3900),
        (CLIENT, RESOLVER, NAME, 300),
    ]
    sent: list[Sent] = []
    for number, (client, resolver, name, at_s) in enumerate(questions):
        at_ns = START_NS + at_s * SECOND_NS
        sent += look_up_addresses(client, resolver, name, [ELSEWHERE], at_ns=at_ns, port=50_500 + number)
    third = connection(PUBLIC_RESOLVER, client="192.0.2.12", client_port=50_000, at_s=400)
    return ethernet_file(sent + tls_session(third, flight(None)))
