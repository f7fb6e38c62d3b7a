"""Golden captures about names: where they come from, and which vendor they match."""

from __future__ import annotations

from tests.craft import dns
from tests.craft.scene import (
    CLIENT,
    DISPUTED,
    ELSEWHERE,
    MOSCOW,
    NAME,
    RESOLVER,
    START_NS,
    UPDATES,
    UPSTREAM,
    ZURICH,
    ZURICH_V6,
    connection,
    ethernet_file,
    flight,
)
from tests.craft.talk import (
    SECOND_NS,
    Sent,
    look_up,
    look_up_addresses,
    tls_session,
)


def dns_client() -> bytes:
    """The client looks a name up, then sends a hello without SNI to the address.

    Named by its own look-up: `dns_client`.
    """
    sent = look_up_addresses(CLIENT, RESOLVER, NAME, [ZURICH], at_ns=START_NS, port=50_500)
    return ethernet_file(sent + tls_session(connection(at_s=0.01), flight(None)))


def dns_any() -> bytes:
    """The site's resolver looks the name up, seen at the perimeter; then a client connects without SNI.

    Named by the look-up of another host: `dns_any`.
    """
    sent = look_up_addresses(UPSTREAM, "192.0.2.1", NAME, [ZURICH], at_ns=START_NS, port=50_500)
    return ethernet_file(sent + tls_session(connection(at_s=0.01), flight(None)))


def cname_chain() -> bytes:
    """A CNAME chain leads from an unrelated name through a name of the vendor to a name of a CDN.

    The flow has the queried name; the vendor's name in the middle of the chain is the one that matches.
    """
    chain = [
        dns.alias("shop.example.net", UPDATES),
        dns.alias(UPDATES, "edge7.carrier.example"),
        dns.address("edge7.carrier.example", ELSEWHERE),
    ]
    sent = look_up(CLIENT, RESOLVER, "shop.example.net", dns.A, chain, at_ns=START_NS, port=50_500)
    return ethernet_file(sent + tls_session(connection(ELSEWHERE, at_s=0.01), flight(None)))


def dns_over_tcp() -> bytes:
    """The client queries over TCP: two queries in one segment, responses in segments of seven bytes.

    Both look-ups are read, and the hello without SNI is named by the first: `dns_client`.
    """
    queries, responses = b"", b""
    for message_id, (name, at) in enumerate(((NAME, ZURICH), ("www.example.net", ELSEWHERE)), start=7):
        queries += dns.over_tcp(dns.query(name, dns.A, message_id=message_id))
        records = [dns.address(name, at)]
        responses += dns.over_tcp(dns.answer(name, dns.A, records, message_id=message_id))
    talk = connection(RESOLVER, client_port=50_500, port=53)
    talk.open()
    talk.send(queries)
    talk.mss = 7
    talk.receive(responses)
    talk.close()
    return ethernet_file(talk.sent + tls_session(connection(at_s=1), flight(None)))


def dns_over_tcp_in_segments() -> bytes:
    """The client queries over TCP on ports 5353 and 443, in segments cut behind the length and in the header.

    The query alone shows that these are DNS. Both look-ups are read, and the hello without SNI is named by
    the first: `dns_client`.
    """
    sent: list[Sent] = []
    for number, (port, cut, name, at) in enumerate(
        ((5353, 2, NAME, ZURICH), (443, 14, "www.example.net", ELSEWHERE))
    ):
        query = dns.over_tcp(dns.query(name, dns.A, message_id=number))
        talk = connection(RESOLVER, client_port=50_500 + number, port=port, at_s=number)
        talk.open()
        talk.send(query, [(0, query[:cut]), (cut, query[cut:])])
        talk.receive(dns.over_tcp(dns.answer(name, dns.A, [dns.address(name, at)], message_id=number)))
        talk.close()
        sent += talk.sent
    return ethernet_file(sent + tls_session(connection(at_s=2), flight(None)))


def https_hints() -> bytes:
    """Only an HTTPS record was queried; the client connects to its address hint without SNI.

    Named by the hint (RFC 9460, 7.3): `dns_client`.
    """
    record = dns.https(NAME, hints=[ZURICH, ZURICH_V6])
    sent = look_up(CLIENT, RESOLVER, NAME, dns.HTTPS, [record], at_ns=START_NS, port=50_500)
    return ethernet_file(sent + tls_session(connection(at_s=0.01), flight(None)))


def ech_grease() -> bytes:
    """A hello with a GREASE encrypted_client_hello extension.

    Named by SNI: the extension is recorded, and the name in clear is used.
    """
    return ethernet_file(tls_session(connection(), flight(ech=True)))


def port_8443() -> bytes:
    """TLS on a port not registered for it.

    Named by SNI: the port does not matter.
    """
    return ethernet_file(tls_session(connection(port=8443), flight()))


def lookalikes() -> bytes:
    """Names that resemble the vendor's, in SNI and in DNS, at addresses of no vendor.

    None of them matches the vendor, except the last flow's name, which has capital letters.
    """
    names = [
        "notcloud.example",
        "cloud.example.evil.test",
        "files-cloud.example",
        "files.cloudexample.test",
        "EU.Files.CLOUD.example",
    ]
    sent: list[Sent] = []
    for number, name in enumerate(names):
        at_ns = START_NS + number * SECOND_NS
        sent += look_up_addresses(CLIENT, RESOLVER, name, [ELSEWHERE], at_ns=at_ns, port=50_500 + number)
        talk = connection(ELSEWHERE, client_port=50_000 + number, at_s=number + 0.01)
        sent += tls_session(talk, flight(name))
    return ethernet_file(sent)


def candidates() -> bytes:
    """Three names resolve to one address, and the hello has no SNI.

    The latest look-up before the flow names it; the other names are candidates.
    """
    names = ["www.example.net", NAME, UPDATES]
    sent: list[Sent] = []
    for number, name in enumerate(names):
        at_ns = START_NS + number * SECOND_NS
        sent += look_up_addresses(CLIENT, RESOLVER, name, [ZURICH], at_ns=at_ns, port=50_500 + number)
    return ethernet_file(sent + tls_session(connection(at_s=4), flight(None)))


def idle_and_port_reuse() -> bytes:
    """One pair of ports, three flows: six idle minutes end the first, a new SYN the second.

    Three flows: `idle`, `reused` and `fin`, each with its own name and bytes.
    """
    sent = tls_session(connection(), flight(), fin=False)
    sent += tls_session(connection(at_s=360), flight(UPDATES), fin=False)
    sent += tls_session(connection(at_s=420), flight("portal.cloud.example"))
    return ethernet_file(sent)


def three_places() -> bytes:
    """File uploads to an address in Zürich, to one in Moscow, and to one on which the databases disagree.

    Expected, unexpected, undecided: the promise names Zürich. Updates to Moscow are undecided, because no
    promise covers them.
    """
    sent = tls_session(connection(ZURICH), flight())
    sent += tls_session(connection(MOSCOW, client_port=50_001, at_s=1), flight())
    sent += tls_session(connection(DISPUTED, client_port=50_002, at_s=2), flight())
    sent += tls_session(connection(MOSCOW, client_port=50_003, at_s=3), flight(UPDATES))
    return ethernet_file(sent)
