"""Google QUIC before it used TLS, as documented by the Chromium project: the first packet of Q043."""

from __future__ import annotations

import struct

FIRST_PACKET_BYTES = 1350


def client_hello(server_name: str) -> bytes:
    """An inchoate CHLO with padding, as sent by a client that has no configuration of the server."""
    entries = [(b"PAD\0", b"-" * 700), (b"SNI\0", server_name.encode("ascii")), (b"VER\0", b"Q043")]
    index, values = b"", b""
    for tag, value in entries:
        values += value
        index += tag + struct.pack("<I", len(values))
    return b"CHLO" + struct.pack("<HH", len(entries), 0) + index + values


def first_packet(connection: bytes, message: bytes) -> bytes:
    """A client's message at the start of stream 1, in an unencrypted packet."""
    header = b"\x0d" + connection + b"Q043" + b"\x01"
    frame = b"\xa0\x01" + struct.pack("!H", len(message)) + message
    payload = frame.ljust(FIRST_PACKET_BYTES - len(header) - 12, b"\0")
    return header + _hash(header + payload + b"Client") + payload


def _hash(data: bytes) -> bytes:
    """FNV-1a with 128 bits, truncated to 96."""
    value = 0x6C62272E07BB014262B821756295C58D
    for byte in data:
        value = (value ^ byte) * 0x0000000001000000000000000000013B % 2**128
    return value.to_bytes(16, "little")[:12]
