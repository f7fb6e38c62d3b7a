"""Golden captures about binary requests before a ClientHello, and about HTTP/2 without one."""

from __future__ import annotations

import struct

from tests.craft import tls
from tests.craft.golden_preambles import PROXY, http_session, starttls_session, tls_inside
from tests.craft.packets import ACK, PSH
from tests.craft.scene import MOSCOW, NAME, UPDATES, ZURICH, connection, ethernet_file, flight
from tests.craft.talk import Connection, Sent, split

ACCEPTED_5 = b"\x05\0\0\x01" + bytes(6)
ACCEPTED_4 = b"\0\x5a" + bytes(6)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, SETTINGS, WINDOW_UPDATE, CONTINUATION = 1, 4, 8, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 1, 4, 8, 32


def socks_request(target: str | bytes, port: int = 443) -> bytes:
    """A SOCKS 5 request for a connection to a name, or to an address with its type before it."""
    address = target if isinstance(target, bytes) else b"\x03" + tls.block8(target.encode())
    return b"\x05\x01\0" + address + struct.pack("!H", port)


def socks() -> bytes:
    """Five clients ask a SOCKS proxy for connections, four of them for TLS.

    SOCKS 5 with the request in segments of five bytes; with username and password; to an IPv6 address; SOCKS
    4a without SNI; SOCKS 5 before HTTP. Named by SNI, by the target of the request where there is no SNI, and
    by the Host (`http_host`). All are `proxied` and undecided (`behind_proxy`; nothing was promised for the
    target of the fourth).
    """
    address = b"\x04" + bytes.fromhex("20010db8000c00000000000000000010")
    greeted, password = b"\x05\x01\0", b"\x05\x02\0\x02"
    user = b"\x01" + tls.block8(b"user") + tls.block8(b"word")
    version_4 = b"\x04\x01\x01\xbb\0\0\0\x01user\0" + UPDATES.encode() + b"\0"
    sessions = [
        ([(greeted, b"\x05\0"), (socks_request(UPDATES), ACCEPTED_5)], flight(post_quantum=True)),
        (
            [(password, b"\x05\x02"), (user, b"\x01\0"), (socks_request(UPDATES), ACCEPTED_5)],
            flight(),
        ),
        ([(greeted, b"\x05\0"), (socks_request(address), ACCEPTED_5)], flight()),
        ([(version_4, ACCEPTED_4)], flight(None)),
    ]
    sent: list[Sent] = []
    for number, (dialogue, hello) in enumerate(sessions):
        talk = _proxied(number)
        talk.open()
        for command, reply in dialogue:
            talk.send(command, split(command, 5))
            talk.receive(reply)
        sent += tls_inside(talk, hello, reorder=True)
    talk = _proxied(len(sessions))
    talk.open()
    talk.send(greeted)
    talk.receive(b"\x05\0")
    talk.send(socks_request(UPDATES, 80))
    talk.receive(ACCEPTED_5)
    talk.send(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
    talk.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + bytes(9))
    talk.close()
    return ethernet_file(sent + talk.sent)


def _proxied(number: int) -> Connection:
    return connection(PROXY, 1080, client_port=50_000 + number, at_s=number)


def frame(kind: int, flags: int, payload: bytes, *, stream: int = 1) -> bytes:
    """An HTTP/2 frame."""
    return tls.block24(payload)[:3] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


def literal(entry: int, value: str) -> bytes:
    """A header field with the name of an entry of the static table, and a value without Huffman coding."""
    return bytes([0x40 | entry]) + tls.block8(value.encode())


def http2() -> bytes:
    """HTTP/2 with prior knowledge: in one segment, in frames and segments of a few bytes, and Huffman-coded.

    Named by `:authority` (`http_host`): lower case, without port. The last one is `www.example.com` in the
    example of RFC 7541, C.4.1.
    """
    opening = PREFACE + frame(SETTINGS, 0, b"", stream=0)
    get, plain = b"\x82", b"\x86\x84"
    files, updates = literal(1, f"{NAME}:8080"), literal(1, "Updates.Cloud.Example")
    block = get + plain + updates + literal(58, "agent")
    parts = b"\x03" + bytes(4) + b"\x10" + block[:9] + bytes(3)
    coded = get + plain + bytes.fromhex("418cf1e3c2e5f23a6ba0ab90f4ff")
    requests = [
        (opening + frame(HEADERS, END_STREAM | END_HEADERS, get + plain + files), None),
        (
            opening
            + frame(WINDOW_UPDATE, 0, struct.pack("!I", 65_535), stream=0)
            + frame(HEADERS, END_STREAM | PADDED | PRIORITY, parts)
            + frame(CONTINUATION, END_HEADERS, block[9:]),
            10,
        ),
        (opening + frame(HEADERS, END_STREAM | END_HEADERS, coded), None),
    ]
    sent: list[Sent] = []
    for number, (request, size) in enumerate(requests):
        talk = connection(MOSCOW if number else ZURICH, 8080, client_port=50_000 + number, at_s=number)
        sent += http_session(talk, request, parts=size)
    return ethernet_file(sent)


def requests_for_tls() -> bytes:
    """PostgreSQL, MySQL, AMQP, a remote desktop and POP3 with a bare AUTH ask for TLS.

    Each is named by the SNI of the hello after its request, which is in two segments in the wrong order.
    """
    mysql = struct.pack("<IIIB23x", 0x01000020, 0x00FFAE85, 16_777_216, 45)
    cookie = b"Cookie: mstshash=user\r\n" + struct.pack("<BBHI", 1, 0, 8, 3)
    desktop = struct.pack("!BBHBBHHB", 3, 0, 11 + len(cookie), 6 + len(cookie), 0xE0, 0, 0, 0) + cookie
    confirm = bytes.fromhex("0300001306d000001234000200080001000000")
    dialogues: list[tuple[int, bytes, list[tuple[bytes, bytes]]]] = [
        (5432, b"", [(bytes.fromhex("0000000804d21630"), b"N"), (bytes.fromhex("0000000804d2162f"), b"S")]),
        (3306, b"\x4a\0\0\0\x0a8.0.36\0" + bytes(66), [(mysql, b"")]),
        (5671, b"", [(b"AMQP\x02\x01\0\0", b"AMQP\x02\x01\0\0")]),
        (3389, b"", [(desktop, confirm)]),
        (110, b"+OK ready\r\n", [(b"AUTH\r\n", b"-ERR\r\n"), (b"STLS\r\n", b"+OK\r\n")]),
    ]
    sent: list[Sent] = []
    for number, (port, greeting, dialogue) in enumerate(dialogues):
        talk = connection(port=port, client_port=50_000 + number, at_s=number)
        sent += starttls_session(talk, dialogue, greeting=greeting)
    return ethernet_file(sent)


def sql_server() -> bytes:
    """SQL Server: a pre-login, and TLS inside of its packets. A second client begins with TLS (TDS 8).

    Both are named by SNI.
    """
    pre_login = bytes.fromhex("1201001400000100") + bytes.fromhex(
        "000006000 6ff0900000000 00".replace(" ", "")
    )
    sent: list[Sent] = []
    for number, before in enumerate((pre_login, b"")):
        talk = connection(port=1433, client_port=50_000 + number, at_s=number)
        talk.open()
        hello = flight()
        if before:
            talk.send(before)
            talk.receive(bytes.fromhex("0401001400000100") + before[8:])
            hello = struct.pack("!BBHHBB", 18, 1, 8 + len(hello), 0, 0, 0) + hello
        sent += tls_inside(talk, hello)
    return ethernet_file(sent)


def probe_before_the_hello() -> bytes:
    """Two zero bytes have the first sequence number, and the hello that the server answers has the same.

    The zeros were not acknowledged, so they are none of the stream: named by SNI. In the second flow they
    were, so what looks like a hello is something else: no name (`not_tls`).
    """
    sent: list[Sent] = []
    for number, acknowledged in enumerate((False, True)):
        talk = connection(client_port=50_000 + number, at_s=number)
        talk.open()
        talk.up(PSH | ACK, b"\0\0")
        if acknowledged:
            talk.next_up += 2
            talk.down(ACK)
            talk.next_up -= 2
        sent += tls_inside(talk, flight())
    return ethernet_file(sent)


def probe_behind_a_preamble() -> bytes:
    """A keep-alive probe of two zero bytes has the number of the hello, behind a request for TLS.

    PostgreSQL, FTP and POP3. The zeros were not acknowledged, so they are none of the stream: named by SNI.
    """
    preambles = (
        (5432, b"\0\0\0\x08\x04\xd2\x16\x2f", b"S"),
        (21, b"AUTH TLS\r\n", b"234 go\r\n"),
        (110, b"STLS\r\n", b"+OK\r\n"),
    )
    sent: list[Sent] = []
    for number, (port, first, answer) in enumerate(preambles):
        talk = connection(port=port, client_port=50_000 + number, at_s=number)
        talk.open()
        talk.send(first)
        talk.receive(answer)
        talk.up(PSH | ACK, b"\0\0")
        sent += tls_inside(talk, flight())
    return ethernet_file(sent)


def names_that_cannot_be() -> bytes:
    """Names with an empty label, a label of 300 bytes or characters of no host, and a name before an error.

    The impossible names in SNI and in Host match no vendor and are no names (`malformed`); one with a port is
    a name that matches no vendor. One hello is damaged after its name: named by SNI, with `malformed` in its
    view.
    """
    damaged = tls.client_hello(NAME, name_last=False)
    at = damaged.rindex(struct.pack("!H", tls.KEY_SHARE))
    damaged = damaged[: at + 2] + b"\xff\xff" + damaged[at + 4 :]
    hellos = [
        flight("..cloud.example"),
        flight("a" * 300 + ".cloud.example"),
        flight("a\0.cloud.example"),
        tls.hello_records(damaged),
        *map(flight, ("[a].cloud.example", "*.cloud.example", "%41.cloud.example", "a.cloud.example:443")),
    ]
    sent: list[Sent] = []
    for number, hello in enumerate(hellos):
        talk = connection(client_port=50_000 + number, at_s=number)
        talk.open()
        sent += tls_inside(talk, hello)
    requests = [
        b"GET / HTTP/1.1\r\nHost: ..cloud.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [a].cloud.example\r\n\r\n",
        b"CONNECT *.cloud.example:443 HTTP/1.1\r\n\r\n",
        b"CONNECT [2001:db8::1].cloud.example:443 HTTP/1.1\r\n\r\n",
    ]
    for number, request in enumerate(requests, start=len(hellos)):
        sent += http_session(connection(port=80, client_port=50_000 + number, at_s=number), request)
    return ethernet_file(sent)
