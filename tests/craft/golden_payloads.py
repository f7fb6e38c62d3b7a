"""Golden captures about first payload bytes that match signatures."""

from __future__ import annotations

from tests.craft.packets import UDP, address, ip, udp
from tests.craft.scene import CLIENT, ELSEWHERE, RESOLVER, START_NS, ZURICH, connection, ethernet_file
from tests.craft.talk import MILLISECOND_NS, SECOND_NS, Sent, look_up_addresses

REQUEST, RESPONSE = b"KE\0\0" + bytes(40), b"KS\0\0" + bytes(80)


def exchange(
    number: int, request: bytes, response: bytes = b"", *, server: str = ELSEWHERE, port: int = 443
) -> list[Sent]:
    """A TCP connection on which either side sends its bytes, if it has any."""
    talk = connection(server, port, client_port=50_000 + number, at_s=number)
    talk.open()
    if request:
        talk.send(request)
    if response:
        talk.receive(response)
    talk.close()
    return talk.sent


def datagrams(number: int, port: int, request: bytes) -> list[Sent]:
    """A datagram and the response."""
    client, server = address(CLIENT), address(ELSEWHERE)
    at_ns, ports = START_NS + number * SECOND_NS, (50_000 + number, port)
    there, back = udp(client, server, ports, request), udp(server, client, ports[::-1], b"?" * 20)
    return [
        Sent(at_ns, ip(client, server, UDP, there), up=True),
        Sent(at_ns + 5 * MILLISECOND_NS, ip(server, client, UDP, back), up=False),
    ]


def payload_magic() -> bytes:
    """A protocol without names, on TCP 443 and UDP 2001: recognised by the first bytes of either side.

    Flows 0 to 3 are tagged (`payload`): by the client's bytes, by the server's alone, by an exact length, and
    over UDP. In a network of the vendor (flow 4) the payload decides, not the address.
    Not tagged: the same bytes on another port (5), after the first payload (6), with another length (7).
    """
    sent = exchange(0, REQUEST, RESPONSE)
    sent += exchange(1, b"", RESPONSE)
    sent += exchange(2, b"PI", b"PI")
    sent += datagrams(3, 2001, REQUEST)
    sent += exchange(4, REQUEST, RESPONSE, server=ZURICH)
    sent += exchange(5, REQUEST, RESPONSE, port=4443)
    talk = connection(ELSEWHERE, client_port=50_006, at_s=6)
    talk.open()
    talk.send(b"other")
    talk.send(REQUEST)
    talk.close()
    sent += talk.sent
    return ethernet_file(sent + exchange(7, b"PING"))


def payload_and_name() -> bytes:
    """The same protocol to addresses from DNS: under a name of no vendor, and under one of the vendor.

    The flow keeps its name. The first name matches no vendor, so the payload decides; the second matches.
    """
    sent: list[Sent] = []
    servers = {"www.example.net": ELSEWHERE, "updates.cloud.example": "192.0.2.201"}
    for number, (name, server) in enumerate(servers.items()):
        at_ns = START_NS + number * SECOND_NS - SECOND_NS // 2
        sent += look_up_addresses(CLIENT, RESOLVER, name, [server], at_ns=at_ns, port=50_500 + number)
        sent += exchange(number, REQUEST, RESPONSE, server=server)
    return ethernet_file(sent)
