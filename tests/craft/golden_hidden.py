"""Golden captures about what hides names: encrypted hellos, and DNS that nobody reads or that is telling."""

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
    """An HTTPS record tells a client the public name of a front, and its hello shows that name.

    ECH is used: the outer name is no name, and what the client asked for names the flow (`dns_client`).
    Another client was told nothing: the same hello of that one is GREASE, named by its SNI.
    """
    record = dns.https(HIDDEN, hints=[ELSEWHERE], ech=tls.ech_config_list(FRONT))
    sent = look_up(CLIENT, RESOLVER, HIDDEN, dns.HTTPS, [record], at_ns=START_NS, port=50_500)
    sent += tls_session(connection(ELSEWHERE, at_s=0.01), flight(FRONT, ech=True))
    other = connection(ELSEWHERE, client=OTHER_CLIENT, at_s=1)
    return ethernet_file(sent + tls_session(other, flight(FRONT, ech=True)))


def ech_known_front() -> bytes:
    """A hello with an ECH extension shows a public name that the signatures know.

    ECH is used: the flow has no name, evidence `ech_outer`, reason `ech`. That somebody else looked up a
    name at the same address changes nothing. The same name without the extension is a name.
    """
    sent = look_up_addresses(OTHER_CLIENT, RESOLVER, HIDDEN, [ELSEWHERE], at_ns=START_NS, port=50_500)
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


def encrypted_dns() -> bytes:
    """DNS over TLS by port and by ALPN, over HTTPS by a known resolver's address and by its name.

    Four flows of encrypted DNS of one client. Its hello without SNI is unnamed for the reason
    `encrypted_dns`, that of a client which is not known to use any is not. A name in a hello decides before
    a resolver's address.
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
    """Clients ask a public resolver that a vendor's products fall back to, and the site's own.

    A question for one of the vendor's names is a finding each time; other questions are told once an hour for
    each client, as anybody may ask them; what was asked over HTTPS nobody can tell. The site's resolver is no
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
