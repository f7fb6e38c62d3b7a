"""Golden captures about what precedes or replaces a ClientHello."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from tests.craft import tls
from tests.craft.scene import ELSEWHERE, MOSCOW, NAME, UPDATES, ZURICH, connection, ethernet_file, flight
from tests.craft.talk import SMALL, Connection, Sent, split, transfer

PROXY = "192.0.2.80"
PROXY_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
START_TLS = b"1.3.6.1.4.1.1466.20037"
STREAM = b"version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

REFUSED = (
    (21, b"220 ftp\r\n", [(b"AUTH GSSAPI\r\n", b"504 no\r\n"), (b"USER a\r\n", b"530 use TLS\r\n")]),
    (
        587,
        b"220 mail ESMTP\r\n",
        [
            (b"EHLO client.example\r\n", b"250-mail\r\n250 STARTTLS\r\n"),
            (b"MAIL FROM:<a@cloud.example>\r\n", b"530 Must issue a STARTTLS command first\r\n"),
            (b"AUTH LOGIN\r\n", b"538 Encryption required\r\n"),
        ],
    ),
    (110, b"+OK ready\r\n", [(b"USER a\r\n", b"-ERR use STLS\r\n"), (b"UTF8\r\n", b"+OK\r\n")]),
    (143, b"* OK ready\r\n", [(b"a1 LOGIN user secret\r\n", b"a1 NO [PRIVACYREQUIRED]\r\n")]),
    (119, b"200 news\r\n", [(b"AUTHINFO USER a\r\n", b"483 Encryption required\r\n")]),
    (
        4190,
        b'"IMPLEMENTATION" "sieve"\r\n"STARTTLS"\r\nOK\r\n',
        [(b'AUTHENTICATE "PLAIN" "AGEAYg=="\r\n', b"NO (ENCRYPT-NEEDED)\r\n")],
    ),
)
"""Line protocols: the port, the greeting, and commands that the server refuses before TLS."""
REQUESTS = {
    21: (b"AUTH TLS\r\n", b"234 go\r\n"),
    587: (b"STARTTLS\r\n", b"220 go\r\n"),
    110: (b"STLS\r\n", b"+OK\r\n"),
    143: (b"a2 STARTTLS\r\n", b"a2 OK\r\n"),
    119: (b"STARTTLS\r\n", b"382 go\r\n"),
    4190: (b"STARTTLS\r\n", b"OK\r\n"),
}
"""The request for TLS and its answer, by port."""


def request(line: str, *fields: str) -> bytes:
    """The head of an HTTP request."""
    return "\r\n".join([line, *fields, "", ""]).encode()


def http_session(talk: Connection, first: bytes, *more: bytes, parts: int | None = None) -> list[Sent]:
    """Requests and their answers; the first one in segments of `parts` bytes."""
    talk.open()
    for number, one in enumerate((first, *more)):
        talk.send(one, split(one, parts) if parts and not number else None)
        talk.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + bytes(900))
    talk.close()
    return talk.sent


def tls_inside(talk: Connection, hello: bytes, *, reorder: bool = False) -> list[Sent]:
    """TLS from the hello to the end, on a connection that has already carried other data."""
    parts = split(hello, 1000)
    talk.send(hello, parts[::-1] if reorder else None)
    talk.receive(tls.server_flight("inside", encrypted_bytes=1400))
    talk.send(tls.client_finished("inside"))
    transfer(talk, SMALL)
    talk.close()
    return talk.sent


def starttls(port: int, dialogue: Sequence[tuple[bytes, bytes]], *, greeting: bytes = b"") -> bytes:
    """A capture of one session that switches to TLS."""
    return ethernet_file(starttls_session(connection(port=port), dialogue, greeting=greeting))


def starttls_session(
    talk: Connection, dialogue: Sequence[tuple[bytes, bytes]], *, greeting: bytes = b""
) -> list[Sent]:
    """A session in which client and server take turns in clear text, then switch to TLS."""
    talk.open()
    if greeting:
        talk.receive(greeting)
    for command, reply in dialogue:
        talk.send(command)
        talk.receive(reply)
    return tls_inside(talk, flight(post_quantum=True), reorder=True)


def http_host() -> bytes:
    """HTTP without TLS: on port 80, on port 8080 in segments of ten bytes, and two hosts on one connection.

    Named by the Host of the first request (`http_host`): lower case, without port and final dot. The Host of
    the last flow is an address, so the flow gets no name.
    """
    updates = request("GET /base HTTP/1.1", "Accept: */*", "Host: Updates.Cloud.Example.:80")
    files = request("PUT /a/file HTTP/1.1", f"Host: {NAME}:8080", "Content-Length: 0")
    other = request("GET / HTTP/1.1", "Host: www.example.net")
    number = request("GET / HTTP/1.1", f"Host: {ELSEWHERE}")
    sent = http_session(connection(port=80), updates)
    sent += http_session(connection(port=8080, client_port=50_001, at_s=1), files, parts=10)
    sent += http_session(connection(MOSCOW, 80, client_port=50_002, at_s=2), files, other)
    sent += http_session(connection(ELSEWHERE, 80, client_port=50_003, at_s=3), number)
    return ethernet_file(sent)


def http_absolute_form() -> bytes:
    """A client requests files of the vendor from its proxy, without TLS.

    Named by the request target, not by Host. The view is `proxied`: the address is the proxy's, so the
    verdict is undecided (`behind_proxy`) and the place unknown.
    """
    head = request(f"PUT http://{NAME}/a/file HTTP/1.1", "Host: www.example.net", "Content-Length: 0")
    return ethernet_file(http_session(connection(PROXY, 3128), head))


def http_connect() -> bytes:
    """A client requests a tunnel from its proxy, has to authenticate, and repeats the CONNECT.

    The hello inside is found, in two segments in the wrong order: named by SNI, `proxied`, undecided
    (`behind_proxy`). In the second flow the hello has no SNI: named by the CONNECT (`http_host`).
    """
    sent: list[Sent] = []
    for number, hello in enumerate((flight(post_quantum=True), flight(None))):
        talk = connection(PROXY, 3128, client_port=50_000 + number, at_s=number)
        talk.open()
        talk.send(request(f"CONNECT {UPDATES}:443 HTTP/1.1", f"Host: {UPDATES}:443"))
        talk.receive(request("HTTP/1.1 407 Proxy Authentication Required", "Content-Length: 0"))
        talk.send(request(f"CONNECT {UPDATES}:443 HTTP/1.1", "Proxy-Authorization: Basic YTpi"))
        talk.receive(request("HTTP/1.1 200 Connection established"))
        sent += tls_inside(talk, hello, reorder=True)
    return ethernet_file(sent)


def proxy_headers() -> bytes:
    """A load balancer prepends PROXY headers of versions 1 and 2, one of them with an authority.

    Named by SNI after either header; by the Host of an HTTP request after one; by the authority where the
    hello has no SNI (`http_host`).
    """
    address = bytes([192, 0, 2, 99, 198, 51, 100, 10]) + struct.pack("!HH", 40_000, 443)
    authority = struct.pack("!BH", 2, len(NAME)) + NAME.encode()
    first = f"PROXY TCP4 192.0.2.99 {ZURICH} 40000 443\r\n".encode()
    second = PROXY_SIGNATURE + struct.pack("!BBH", 0x21, 0x11, len(address)) + address
    named = PROXY_SIGNATURE + struct.pack("!BBH", 0x21, 0x11, len(address + authority)) + address + authority
    sent: list[Sent] = []
    openings = [
        first + flight(),
        second + flight(post_quantum=True),
        named + flight(None),
        first + request("GET / HTTP/1.1", f"Host: {UPDATES}"),
    ]
    for number, opening in enumerate(openings):
        talk = connection(client_port=50_000 + number, at_s=number)
        talk.open()
        sent += tls_inside(talk, opening)
    return ethernet_file(sent)


def starttls_smtp() -> bytes:
    """SMTP submission: EHLO, STARTTLS, and a hello in two segments in the wrong order.

    Named by SNI.
    """
    dialogue = [
        (b"EHLO client.example\r\n", b"250-mail\r\n250 STARTTLS\r\n"),
        (b"STARTTLS\r\n", b"220 go\r\n"),
    ]
    return starttls(587, dialogue, greeting=b"220 mail ESMTP\r\n")


def starttls_imap() -> bytes:
    """IMAP: CAPABILITY, STARTTLS, and a hello in two segments in the wrong order.

    Named by SNI.
    """
    dialogue = [
        (b"a1 CAPABILITY\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK\r\n"),
        (b"a2 STARTTLS\r\n", b"a2 OK\r\n"),
    ]
    return starttls(143, dialogue, greeting=b"* OK ready\r\n")


def starttls_pop3() -> bytes:
    """POP3: CAPA, STLS, and a hello in two segments in the wrong order.

    Named by SNI.
    """
    dialogue = [(b"CAPA\r\n", b"+OK\r\nSTLS\r\n.\r\n"), (b"STLS\r\n", b"+OK\r\n")]
    return starttls(110, dialogue, greeting=b"+OK ready\r\n")


def starttls_xmpp() -> bytes:
    """XMPP: the start of a stream, starttls, and a hello in two segments in the wrong order.

    Named by SNI.
    """
    tls_namespace = b"xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
    features = b"<stream:features><starttls " + tls_namespace + b"</stream:features>"
    dialogue = [
        (
            b"<?xml version='1.0'?>\n<stream:stream to='cloud.example' " + STREAM,
            b"<?xml version='1.0'?><stream:stream id='1' from='cloud.example' " + STREAM + features,
        ),
        (b"<starttls " + tls_namespace, b"<proceed " + tls_namespace),
    ]
    return starttls(5222, dialogue)


def starttls_ldap() -> bytes:
    """LDAP: an ExtendedRequest for StartTLS, and a hello in two segments in the wrong order.

    Named by SNI.
    """
    name = b"\x80" + tls.block8(START_TLS)
    command = b"\x30" + tls.block8(b"\x02\x01\x01\x77" + tls.block8(name))
    success = b"\x0a\x01\x00\x04\x00\x04\x00"
    reply = b"\x30" + tls.block8(b"\x02\x01\x01\x78" + tls.block8(success))
    return starttls(389, [(command, reply)])


def starttls_after_refusals() -> bytes:
    """FTP, SMTP, POP3, IMAP, NNTP and ManageSieve: commands that the server refuses, then STARTTLS.

    Each flow is named by SNI.
    """
    sent: list[Sent] = []
    for number, (port, greeting, refused) in enumerate(REFUSED):
        talk = connection(port=port, client_port=50_000 + number, at_s=number)
        sent += starttls_session(talk, [*refused, REQUESTS[port]], greeting=greeting)
    return ethernet_file(sent)


def no_starttls() -> bytes:
    """The same sessions without STARTTLS, a mail whose text has it, and what looks like a hello.

    No flow has a name (`not_tls`).
    """
    sent: list[Sent] = []
    mail = (b"DATA\r\n", b"354 go\r\n"), (b"Subject: a\r\nSTARTTLS\r\n", b"")
    for number, (port, greeting, refused) in enumerate(REFUSED):
        talk = connection(port=port, client_port=50_000 + number, at_s=number)
        text = mail if port == 587 else ()
        sent += starttls_session(talk, [*refused, *text], greeting=greeting)
    return ethernet_file(sent)
