"""TLS on the wire: ClientHellos (RFC 8446, 4.1.2), their records, and the rest of the handshake."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise

from tests.craft.packets import filler

HANDSHAKE, CHANGE_CIPHER_SPEC, APPLICATION_DATA = 22, 20, 23
TLS12, TLS13 = 0x0303, 0x0304
X25519, X25519MLKEM768 = 0x001D, 0x11EC
MLKEM_SHARE_BYTES, MLKEM_CIPHERTEXT_BYTES = 1216, 1120  # draft-ietf-tls-ecdhe-mlkem, 4.1 and 4.2
SERVER_NAME, GROUPS, ALPN, PADDING, VERSIONS, KEY_SHARE, ECH = 0, 10, 16, 21, 43, 51, 0xFE0D
TRANSPORT_PARAMETERS = 57
TRANSPORT = bytes([1, 4, 0x80, 0, 0x75, 0x30, 4, 4, 0x80, 0x10, 0, 0, 0x0F, 0])
"""Idle timeout, flow control, an empty source connection ID (RFC 9000, 18.2)."""
CIPHERS = (0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030)


def block8(data: bytes) -> bytes:
    """Bytes with a length prefix of one byte."""
    return struct.pack("!B", len(data)) + data


def block16(data: bytes) -> bytes:
    """Bytes with a length prefix of two bytes."""
    return struct.pack("!H", len(data)) + data


def block24(data: bytes) -> bytes:
    """Bytes with a length prefix of three bytes."""
    return len(data).to_bytes(3, "big") + data


def extension(kind: int, data: bytes) -> bytes:
    """A TLS extension."""
    return struct.pack("!H", kind) + block16(data)


def shares(label: str, *, post_quantum: bool) -> bytes:
    """The client's key shares: X25519, preceded by the hybrid with ML-KEM-768 if wanted."""
    classic = struct.pack("!H", X25519) + block16(filler(f"{label} x25519", 32))
    if not post_quantum:
        return classic
    return struct.pack("!H", X25519MLKEM768) + block16(filler(f"{label} mlkem", MLKEM_SHARE_BYTES)) + classic


def ech_grease(label: str) -> bytes:
    """The data of a GREASE encrypted_client_hello extension (RFC 9849, 6.2).

    Without the server's key it cannot be distinguished from a real one.
    """
    suite = struct.pack("!HH", 0x0001, 0x0001)  # HKDF-SHA256, AES-128-GCM
    enc, payload = filler(f"{label} enc", 32), filler(f"{label} payload", 208)
    return b"\0" + suite + b"\x5a" + block16(enc) + block16(payload)


def ech_config_list(public_name: str) -> bytes:
    """The ECHConfigList that a server publishes (RFC 9849, 4), with one configuration."""
    key = b"\x07" + struct.pack("!H", 0x0020) + block16(filler(f"{public_name} ech key", 32))
    suites = block16(struct.pack("!HH", 0x0001, 0x0001))  # HKDF-SHA256, AES-128-GCM
    contents = key + suites + b"\0" + block8(public_name.encode("ascii")) + block16(b"")
    return block16(struct.pack("!H", ECH) + block16(contents))


def client_hello(
    server_name: str | None,
    *,
    alpn: Sequence[str] = ("h2", "http/1.1"),
    versions: Sequence[int] = (TLS13, TLS12),
    post_quantum: bool = False,
    ech: bool = False,
    name_last: bool = False,
    pad_to: int = 0,
    quic: bool = False,
    label: str = "",
) -> bytes:
    """A ClientHello with its handshake header.

    `name_last` puts the server_name after all other extensions, as happens in clients that shuffle them;
    `pad_to` is the minimum length of the message (RFC 7685); `quic`: with transport parameters and without
    a session ID (RFC 9001, 8.2 and 8.4); `label` varies the filler.
    """
    label = f"{label} {server_name}"
    groups = (X25519MLKEM768, X25519) if post_quantum else (X25519,)
    named = b""
    if server_name is not None:
        named = extension(SERVER_NAME, block16(b"\0" + block16(server_name.encode("ascii"))))
    extensions = extension(GROUPS, block16(b"".join(struct.pack("!H", group) for group in groups)))
    if alpn:
        extensions += extension(ALPN, block16(b"".join(block8(name.encode()) for name in alpn)))
    if TLS13 in versions:
        extensions += extension(VERSIONS, block8(b"".join(struct.pack("!H", v) for v in versions)))
        extensions += extension(KEY_SHARE, block16(shares(label, post_quantum=post_quantum)))
    if ech:
        extensions += extension(ECH, ech_grease(label))
    if quic:
        extensions += extension(TRANSPORT_PARAMETERS, TRANSPORT)
    session = b"" if quic else filler(f"{label} session", 32)
    body = struct.pack("!H", TLS12) + filler(f"{label} random", 32) + block8(session)
    body += block16(b"".join(struct.pack("!H", cipher) for cipher in CIPHERS)) + block8(b"\0")
    missing = pad_to - (4 + len(body) + 2 + len(extensions) + len(named) + 4)
    if missing >= 0:
        extensions += extension(PADDING, bytes(missing))
    body += block16(extensions + named if name_last else named + extensions)
    return struct.pack("!B", 1) + struct.pack("!I", len(body))[1:] + body


def record(kind: int, data: bytes, *, version: int = TLS12) -> bytes:
    """One TLS record."""
    return struct.pack("!BH", kind, version) + block16(data)


def hello_records(hello: bytes, *, cuts: Sequence[int] = ()) -> bytes:
    """A hello in records, split at the given offsets; without offsets in one record."""
    edges = [0, *cuts, len(hello)]
    parts = [hello[start:end] for start, end in pairwise(edges)]
    return b"".join(record(HANDSHAKE, part, version=0x0301) for part in parts)


def server_flight(label: str, *, post_quantum: bool = False, encrypted_bytes: int = 2900) -> bytes:
    """The first flight of a TLS 1.3 server: ServerHello, change_cipher_spec, and its encrypted messages."""
    share = filler(f"{label} server share", 32)
    group = X25519
    if post_quantum:
        group, share = X25519MLKEM768, filler(f"{label} server mlkem", MLKEM_CIPHERTEXT_BYTES)
    extensions = extension(VERSIONS, struct.pack("!H", TLS13))
    extensions += extension(KEY_SHARE, struct.pack("!H", group) + block16(share))
    body = struct.pack("!H", TLS12) + filler(f"{label} server random", 32)
    body += block8(filler(f"{label} session", 32)) + struct.pack("!HB", CIPHERS[0], 0) + block16(extensions)
    hello = struct.pack("!B", 2) + struct.pack("!I", len(body))[1:] + body
    return (
        record(HANDSHAKE, hello)
        + record(CHANGE_CIPHER_SPEC, b"\x01")
        + application_data(f"{label} flight", encrypted_bytes)
    )


def server_flight_in_clear(label: str, certificates: Sequence[bytes], *, record_bytes: int = 16_000) -> bytes:
    """The first flight of a TLS 1.2 server (RFC 5246, 7.3): ServerHello to ServerHelloDone, in records."""
    hello = struct.pack("!H", TLS12) + filler(f"{label} server random", 32) + block8(b"")
    hello += struct.pack("!HB", 0xC02F, 0)
    chain = b"".join(block24(one) for one in certificates)
    keys = b"\x03" + struct.pack("!H", X25519) + block8(filler(f"{label} share", 32)) + b"\x04\x03"
    messages = (
        (2, hello),
        (11, block24(chain)),
        (12, keys + block16(filler(f"{label} signature", 71))),
        (14, b""),
    )
    handshake = b"".join(bytes([kind]) + block24(body) for kind, body in messages)
    parts = range(0, len(handshake), record_bytes)
    return b"".join(record(HANDSHAKE, handshake[at : at + record_bytes]) for at in parts)


def client_finished(label: str) -> bytes:
    """The client's response to the server's flight."""
    return record(CHANGE_CIPHER_SPEC, b"\x01") + application_data(f"{label} finished", 53)


def application_data(label: str, length: int, *, record_bytes: int = 16_000) -> bytes:
    """`length` encrypted bytes in records."""
    return b"".join(
        record(APPLICATION_DATA, filler(f"{label} {at}", min(record_bytes, length - at)))
        for at in range(0, length, record_bytes)
    )
