"""Golden captures about first payload bytes that signatures know."""

from __future__ import annotations

from tests.craft.packets import UDP, address, ip, udp
from tests.craft.scene import CLIENT, ELSEWHERE, RESOLVER, START_NS, ZURICH, connection, ethernet_file
from tests.craft.talk import MILLISECOND_NS, SECOND_NS, Sent, look_up_addresses

ASKED, ANSWERED = b"KE\0\0" + bytes(40), b"KS\0\0" + bytes(80)


def exchange(
    number: int, asked: bytes, answered: bytes = b"", *, server: str = ELSEWHERE, port: int = 443
) -> list[Sent]:
    """A TCP connection on which the client says something, and the server too or not."""
    talk = connection(server, port, client_port=50_000 + number, at_s=number)
    talk.open()
    if asked:
        talk.send(asked)
    if answered:
        talk.receive(answered)
    talk.close()
    return talk.sent


def datagrams(number: int, port: int, asked: bytes) -> list[Sent]:
    """A datagram and its answer."""
    client, server = address(CLIENT), address(ELSEWHERE)
    at_ns, ports = START_NS + number * SECOND_NS, (50_000 + number, port)
    there, back = udp(client, server, ports, asked), udp(server, client, ports[::-1], b"?" * 20)
    return [
        Sent(at_ns, ip(client, server, UDP, there), up=True),
        Sent(at_ns + 5 * MILLISECOND_NS, ip(server, client, UDP, back), up=False),
    ]


def payload_magic() -> bytes:
    """A protocol without names, on TCP 443 and UDP 2001: told by the first bytes of either side.

    Flows 0 to 3 are tagged (`payload`): by the client, by the server alone, by an exact length, over UDP. In
    a network of the vendor (flow 4) the payload decides and not the address.
    Not tagged: the same bytes on another port (5), behind the first payload (6), with another length (7).
    """
    sent = exchange(0, ASKED, ANSWERED)
    sent += exchange(1, b"", ANSWERED)
    sent += exchange(2, b"PI", b"PI")
    sent += datagrams(3, 2001, ASKED)
    sent += exchange(4, ASKED, ANSWERED, server=ZURICH)
    sent += exchange(5, ASKED, ANSWERED, port=4443)
    talk = connection(ELSEWHERE, client_port=50_006, at_s=6)
    talk.open()
    talk.send(b"other")
    talk.send(ASKED)
    talk.close()
    sent += talk.sent
    return ethernet_file(sent + exchange(7, b"PING"))


def payload_and_name() -> bytes:
    """The same protocol to addresses that were looked up: under nobody's name, and under one of the vendor.

    The name stays the name. That of nobody tags nobody, so the payload does; that of the vendor decides.
    """
    sent: list[Sent] = []
    servers = {"www.example.net": ELSEWHERE, "updates.cloud.example": "192.0.2.201"}
    for number, (name, server) in enumerate(servers.items()):
        at_ns = START_NS + number * SECOND_NS - SECOND_NS // 2
        sent += look_up_addresses(CLIENT, RESOLVER, name, [server], at_ns=at_ns, port=50_500 + number)
        sent += exchange(number, ASKED, ANSWERED, server=server)
    return ethernet_file(sent)
