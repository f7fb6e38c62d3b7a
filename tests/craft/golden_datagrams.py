"""Golden captures about datagrams: IP fragments, DTLS, versions of QUIC, DNS on odd ports."""

from __future__ import annotations

from dataclasses import replace

from tests.craft import dns, dtls, gquic, packets, quic, tls
from tests.craft.packets import UDP, address
from tests.craft.scene import (
    CLIENT,
    CLIENT_V6,
    ELSEWHERE,
    MOSCOW,
    NAME,
    RESOLVER,
    START_NS,
    UPDATES,
    ZURICH,
    ZURICH_V6,
    connection,
    ethernet_file,
    flight,
)
from tests.craft.talk import MILLISECOND_NS, Sent, tls_session

RESOLVER_V6 = "2001:db8:1::53"


def _long_look_up(client: str, resolver: str, answers: list[str]) -> tuple[Sent, bytes]:
    """A query, and the datagram of its response, which does not fit into one packet."""
    source, destination = address(client), address(resolver)
    kind = dns.A if source.version == 4 else dns.AAAA
    records = [dns.address(NAME, text) for text in answers]
    query = packets.udp(source, destination, (50_500, 53), dns.query(NAME, kind, message_id=7))
    answer = dns.answer(NAME, kind, records, message_id=7)
    response = packets.udp(destination, source, (53, 50_500), answer)
    return Sent(START_NS, packets.ip(source, destination, UDP, query), up=True), response


def _arriving(parts: list[bytes]) -> list[Sent]:
    """Packets from the resolver, a millisecond apart."""
    return [Sent(START_NS + at * MILLISECOND_NS, part, up=False) for at, part in enumerate(parts, start=4)]


def dns_in_fragments() -> bytes:
    """A DNS response arrives in three IPv4 fragments, the last one first, the second one twice.

    It is reassembled, and names the hello without SNI (`dns_client`). The DNS flow counts the bytes of the
    three fragments, headers included; the duplicate is counted separately.
    """
    there, datagram = _long_look_up(CLIENT, RESOLVER, [ZURICH] + [f"203.0.113.{n}" for n in range(1, 60)])
    ends = address(RESOLVER), address(CLIENT)
    parts = packets.ipv4_fragments(*ends, UDP, datagram, size=1024, identification=7)
    back = _arriving([parts[2], parts[1], parts[1], parts[0]])
    return ethernet_file([there, *back, *tls_session(connection(at_s=1), flight(None))])


def dns_in_ipv6_fragments() -> bytes:
    """A DNS response arrives in three IPv6 fragments out of order.

    As `dns_in_fragments`: it names the hello without SNI (`dns_client`).
    """
    answers = [ZURICH_V6] + [f"2001:db8:f::{n}" for n in range(1, 60)]
    there, datagram = _long_look_up(CLIENT_V6, RESOLVER_V6, answers)
    ends = address(RESOLVER_V6), address(CLIENT_V6)
    parts = packets.ipv6_fragments(*ends, UDP, datagram, size=1024, identification=7)
    back = _arriving([parts[1], parts[0], parts[2]])
    session = tls_session(connection(ZURICH_V6, client=CLIENT_V6, at_s=1), flight(None))
    return ethernet_file([there, *back, *session])


def overlapping_fragments() -> bytes:
    """A forged fragment overlaps a DNS response and would give the vendor's name to another address.

    The response is counted but not parsed, as receivers discard it: the flow to the address has no name.
    """
    there, datagram = _long_look_up(CLIENT, RESOLVER, ["203.0.113.1"] * 40)
    ends = address(RESOLVER), address(CLIENT)
    parts = packets.ipv4_fragments(*ends, UDP, datagram, size=1024, identification=7)
    forged = datagram.replace(address("203.0.113.1").packed, address(ELSEWHERE).packed)
    wrong = packets.ipv4(*ends, UDP, forged[512:1024], identification=7, offset=512, more_fragments=True)
    back = _arriving([parts[0], wrong, *parts[1:]])
    return ethernet_file([there, *back, *tls_session(connection(ELSEWHERE, at_s=1), flight(None))])


def _talk(
    payloads: list[tuple[bool, bytes]], *, server: str = ZURICH, port: int = 443, client_port: int = 50_000
) -> list[Sent]:
    """Datagrams between the client and a server, five milliseconds apart; True: from the client."""
    sent = []
    for number, (up, payload) in enumerate(payloads):
        ends, ports = (address(CLIENT), address(server)), (client_port, port)
        if not up:
            ends, ports = ends[::-1], ports[::-1]
        packet = packets.ip(*ends, UDP, packets.udp(*ends, ports, payload))
        sent.append(Sent(START_NS + 5 * number * MILLISECOND_NS, packet, up=up))
    return sent


def dtls_hello() -> bytes:
    """DTLS on an odd port: a hello, the server's HelloVerifyRequest, and the hello again with the cookie.

    Each hello is split over two datagrams, the second part first; one part of the first hello is lost. Named
    by SNI; the version is DTLS 1.2.
    """
    message = tls.client_hello(NAME, alpn=(), versions=(tls.TLS12,))
    first, again = dtls.hello_body(message), dtls.hello_body(message, cookie=b"are you there")
    middle = first.index(NAME.encode()) + 5
    pieces = [dtls.piece(dtls.CLIENT_HELLO, 0, first, middle, len(first))]
    pieces += [
        dtls.piece(dtls.CLIENT_HELLO, 1, again, start, end)
        for start, end in ((middle, len(again)), (0, middle))
    ]
    question = dtls.hello_verify_request(b"are you there")
    talk = [(True, pieces[0]), (False, question), (True, pieces[1]), (True, pieces[2])]
    return ethernet_file(_talk(talk, port=4433))


def google_quic() -> bytes:
    """Google QUIC with a hello in clear (Q043), and the same hello with one wrong bit from another port.

    The first flow is named by its hello (`quic_sni`). The hash of the second is wrong, so its name is ignored
    and only its address tags it (`no_hello_seen`). Both are counted as QUIC.
    """
    packet = gquic.first_packet(b"12345678", gquic.client_hello(NAME))
    at = packet.index(NAME.encode())
    damaged = packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1 :]
    sent = _talk([(True, packet), (False, b"\0" * 40)])
    return ethernet_file(sent + _talk([(True, damaged), (False, b"\0" * 40)], client_port=50_001))


def dns_on_an_odd_port() -> bytes:
    """The client queries a resolver on port 5300; an unsolicited response comes from another odd port.

    A flow that begins with a query is DNS on any port: it names the hello without SNI (`dns_client`). The
    unsolicited response is ignored: its address has no name.
    """
    query = dns.query(NAME, dns.A, message_id=7)
    response = dns.answer(NAME, dns.A, [dns.address(NAME, ZURICH)], message_id=7)
    unsolicited = dns.answer(NAME, dns.A, [dns.address(NAME, ELSEWHERE)], message_id=8)
    sent = _talk([(True, query), (False, response)], server=RESOLVER, port=5300)
    sent += _talk([(False, unsolicited)], server=RESOLVER, port=5301, client_port=50_001)
    sent += tls_session(connection(at_s=1), flight(None))
    return ethernet_file(sent + tls_session(connection(ELSEWHERE, client_port=50_002, at_s=2), flight(None)))


def dns_first_fragment() -> bytes:
    """Of a DNS response in three fragments only the first arrives.

    Its question is reported with the damage `fragment`. Nothing is learned from its answers, which no client
    read: the flow to the address has no name.
    """
    there, datagram = _long_look_up(CLIENT, RESOLVER, [ZURICH] + [f"203.0.113.{n}" for n in range(1, 60)])
    ends = address(RESOLVER), address(CLIENT)
    parts = packets.ipv4_fragments(*ends, UDP, datagram, size=1024, identification=7)
    return ethernet_file([there, *_arriving(parts[:1]), *tls_session(connection(at_s=1), flight(None))])


def dns_by_both_directions() -> bytes:
    """DNS on UDP ports 443 and 1053 with questions that are unusual by themselves, and on TCP port 5353.

    A query of a type that few know is taken for DNS once its answer follows. On port 1053 there is none, so
    the data is not DNS. A TCP stream that begins with a query is DNS. The addresses name the hellos without
    SNI (`dns_client`).
    """
    private = 65_281
    query = dns.query(NAME, private, message_id=7)
    response = dns.answer(NAME, private, [dns.address(NAME, ZURICH)], message_id=7)
    sent = _talk([(True, query), (False, response)], server=RESOLVER, port=443)
    sent += _talk([(True, query)], server=RESOLVER, port=1053, client_port=50_001)
    stream = connection(RESOLVER, 5353, client_port=50_002, at_s=0.5)
    stream.open()
    stream.send(dns.over_tcp(dns.query(UPDATES, dns.A, message_id=8)))
    stream.receive(dns.over_tcp(dns.answer(UPDATES, dns.A, [dns.address(UPDATES, MOSCOW)], message_id=8)))
    stream.close()
    sent += stream.sent
    sent += tls_session(connection(at_s=1), flight(None))
    return ethernet_file(sent + tls_session(connection(MOSCOW, client_port=50_003, at_s=2), flight(None)))


def quic_versions() -> bytes:
    """QUIC as mvfst sends it, under the numbers of two of its versions, and an unknown version.

    The first two are named by SNI (`quic_sni`). The third has no name (`unknown_quic_version`).
    """
    draft = replace(quic.V1, salt=bytes.fromhex("c3eef712c72ebb5a11a7d2432bb46365bef9f502"))
    hello = tls.client_hello(NAME, quic=True)
    sent = []
    for at, number in enumerate((0xFACEB002, 0xFACEB00E, 0xCAFEB00C)):
        origin = b"origin%d" % at
        initials = quic.Initials(origin, replace(draft, number=number))
        datagram = initials.datagram(0, [quic.crypto(0, hello)], destination=origin)
        sent += _talk([(True, datagram), (False, b"\x40" + bytes(40))], client_port=50_000 + at)
    return ethernet_file(sent)
