"""Golden captures about names: where they come from, and whom they mean."""

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

    Named by somebody's look-up: `dns_any`.
    """
    sent = look_up_addresses(UPSTREAM, "192.0.2.1", NAME, [ZURICH], at_ns=START_NS, port=50_500)
    return ethernet_file(sent + tls_session(connection(at_s=0.01), flight(None)))


def cname_chain() -> bytes:
    """A name of nobody leads by CNAME over a name of the vendor to a name of a carrier.

    The flow's name is what was asked for; the vendor's link in the middle of the chain is what matches.
    """
    chain = [
        dns.alias("shop.example.net", UPDATES),
        dns.alias(UPDATES, "edge7.carrier.example"),
        dns.address("edge7.carrier.example", ELSEWHERE),
    ]
    sent = look_up(CLIENT, RESOLVER, "shop.example.net", dns.A, chain, at_ns=START_NS, port=50_500)
    return ethernet_file(sent + tls_session(connection(ELSEWHERE, at_s=0.01), flight(None)))


def dns_over_tcp() -> bytes:
    """The client asks over TCP: two questions in one segment, answers in segments of seven bytes.

    Both look-ups are read, and the hello without SNI is named by the first: `dns_client`.
    """
    asked, told = b"", b""
    for message_id, (name, at) in enumerate(((NAME, ZURICH), ("www.example.net", ELSEWHERE)), start=7):
        asked += dns.over_tcp(dns.query(name, dns.A, message_id=message_id))
        records = [dns.address(name, at)]
        told += dns.over_tcp(dns.answer(name, dns.A, records, message_id=message_id))
    talk = connection(RESOLVER, client_port=50_500, port=53)
    talk.open()
    talk.send(asked)
    talk.mss = 7
    talk.receive(told)
    talk.close()
    return ethernet_file(talk.sent + tls_session(connection(at_s=1), flight(None)))


def https_hints() -> bytes:
    """Only an HTTPS record was asked for; the client connects to its address hint without SNI.

    Named by the hint (RFC 9460, 7.3): `dns_client`.
    """
    record = dns.https(NAME, hints=[ZURICH, ZURICH_V6])
    sent = look_up(CLIENT, RESOLVER, NAME, dns.HTTPS, [record], at_ns=START_NS, port=50_500)
    return ethernet_file(sent + tls_session(connection(at_s=0.01), flight(None)))


def ech_grease() -> bytes:
    """A hello with an encrypted_client_hello extension that only looks like one.

    Named by SNI: the extension is noted, and the name in clear is believed.
    """
    return ethernet_file(tls_session(connection(), flight(ech=True)))


def port_8443() -> bytes:
    """TLS on a port that nobody registered for it.

    Named by SNI: the port does not matter.
    """
    return ethernet_file(tls_session(connection(port=8443), flight()))


def lookalikes() -> bytes:
    """Names that look like the vendor's, at addresses of nobody: in SNI and in DNS.

    None of them may be the vendor's; the last flow's name is, in spite of its capitals.
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
    """Three names lead to one address, and the hello has no SNI.

    The latest look-up before the flow names it; the other names are candidates.
    """
    names = ["www.example.net", NAME, UPDATES]
    sent: list[Sent] = []
    for number, name in enumerate(names):
        at_ns = START_NS + number * SECOND_NS
        sent += look_up_addresses(CLIENT, RESOLVER, name, [ZURICH], at_ns=at_ns, port=50_500 + number)
    return ethernet_file(sent + tls_session(connection(at_s=4), flight(None)))


def idle_and_port_reuse() -> bytes:
    """One pair of ports, three flows: silence of six minutes ends the first, a new SYN the second.

    Three flows: `idle`, `reused` and `fin`, each with its own name and bytes.
    """
    sent = tls_session(connection(), flight(), fin=False)
    sent += tls_session(connection(at_s=360), flight(UPDATES), fin=False)
    sent += tls_session(connection(at_s=420), flight("portal.cloud.example"))
    return ethernet_file(sent)


def three_places() -> bytes:
    """File uploads to an address in Zürich, to one in Moscow, and to one on which the databases disagree.

    Expected, unexpected, undecided: the promise speaks of Zürich. Updates to Moscow are undecided, because
    nothing is promised for them.
    """
    sent = tls_session(connection(ZURICH), flight())
    sent += tls_session(connection(MOSCOW, client_port=50_001, at_s=1), flight())
    sent += tls_session(connection(DISPUTED, client_port=50_002, at_s=2), flight())
    sent += tls_session(connection(MOSCOW, client_port=50_003, at_s=3), flight(UPDATES))
    return ethernet_file(sent)
