"""DTLS 1.2 on the wire (RFC 6347): fragmented ClientHellos, and the server's HelloVerifyRequest."""

from __future__ import annotations

import struct

from tests.craft.tls import HANDSHAKE, block8, block16

DTLS10, DTLS12 = 0xFEFF, 0xFEFD
CLIENT_HELLO, HELLO_VERIFY_REQUEST = 1, 3


def hello_body(message: bytes, cookie: bytes = b"") -> bytes:
    """The body of a DTLS ClientHello with the fields of a TLS one, which includes its handshake header."""
    body = message[4:]
    fixed = 2 + 32 + 1 + body[34]
    return struct.pack("!H", DTLS12) + body[2:fixed] + block8(cookie) + body[fixed:]


def piece(kind: int, number: int, body: bytes, start: int, end: int) -> bytes:
    """A record with a fragment of a handshake message."""
    header = bytes([kind]) + _u24(len(body)) + struct.pack("!H", number) + _u24(start) + _u24(end - start)
    return struct.pack("!BHHIH", HANDSHAKE, DTLS10, 0, 0, number) + block16(header + body[start:end])


def hello_verify_request(cookie: bytes) -> bytes:
    """The server's check of the client's address (RFC 6347, 4.2.1)."""
    body = struct.pack("!H", DTLS10) + block8(cookie)
    return piece(HELLO_VERIFY_REQUEST, 0, body, 0, len(body))


def _u24(number: int) -> bytes:
    return struct.pack("!I", number)[1:]
