"""The first datagrams of a QUIC client: Initial packets with CRYPTO frames and real packet protection."""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PADDING, PING, ACK, CRYPTO = 0, 1, 2, 6
LEAST_DATAGRAM = 1200  # RFC 9000, 14.1
NUMBER_BYTES, TAG_BYTES = 2, 16


@dataclass(frozen=True, slots=True)
class Version:
    """A version of QUIC: the inputs of its Initial keys, and its packet type numbers."""

    number: int
    salt: bytes
    label: bytes
    initial_type: int


V1 = Version(1, bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), b"quic", 0)
V2 = Version(0x6B3343CF, bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"), b"quicv2", 1)
"""RFC 9001, 5.2; RFC 9369, 3."""


def expand(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label of SHA-256, one block (RFC 8446, 7.1)."""
    label = b"tls13 " + label
    info = struct.pack("!HB", size, len(label)) + label + b"\0"
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()[:size]


def variable(value: int) -> bytes:
    """A variable-length integer of two or four bytes (RFC 9000, 16)."""
    return struct.pack("!H", 0x4000 | value) if value < 0x4000 else struct.pack("!I", 0x80000000 | value)


def crypto(offset: int, data: bytes) -> bytes:
    """A CRYPTO frame."""
    return bytes([CRYPTO]) + variable(offset) + variable(len(data)) + data


def ack(largest: int = 0) -> bytes:
    """An ACK frame for the packets up to `largest`."""
    return bytes([ACK]) + variable(largest) + variable(0) + variable(0) + variable(largest)


class Initials:
    """Protects the Initial packets of one side of a connection that began with `origin`."""

    def __init__(self, origin: bytes, version: Version = V1, *, side: bytes = b"client") -> None:
        initial = hmac.new(version.salt, origin, hashlib.sha256).digest()
        secret = expand(initial, side + b" in", 32)
        self._version = version
        self._aead = AESGCM(expand(secret, version.label + b" key", 16))
        self._iv = expand(secret, version.label + b" iv", 12)
        protection = algorithms.AES(expand(secret, version.label + b" hp", 16))
        self._mask = Cipher(protection, modes.ECB()).encryptor()

    def packet(self, number: int, frames: bytes, *, destination: bytes, source: bytes = b"") -> bytes:
        """One packet with these frames, padded to the minimum that header protection needs for its sample."""
        frames = frames.ljust(4, b"\0")
        first = 0xC0 | self._version.initial_type << 4 | NUMBER_BYTES - 1
        header = struct.pack("!BI", first, self._version.number)
        header += bytes([len(destination)]) + destination + bytes([len(source)]) + source + b"\0"  # no token
        header += variable(NUMBER_BYTES + len(frames) + TAG_BYTES)
        number_bytes = number.to_bytes(NUMBER_BYTES, "big")
        nonce = (int.from_bytes(self._iv, "big") ^ number).to_bytes(12, "big")
        sealed = self._aead.encrypt(nonce, frames, header + number_bytes)
        mask = self._mask.update(sealed[4 - NUMBER_BYTES : 20 - NUMBER_BYTES])
        hidden = bytes(a ^ b for a, b in zip(number_bytes, mask[1:], strict=False))
        return bytes([first ^ mask[0] & 0x0F]) + header[1:] + hidden + sealed

    def datagram(self, first_number: int, packets: Sequence[bytes], *, destination: bytes) -> bytes:
        """Packets with these frames in one datagram; the last is padded to the minimum size."""
        overhead = 5 + 2 + len(destination) + 1 + 2 + NUMBER_BYTES + TAG_BYTES
        missing = LEAST_DATAGRAM - sum(len(frames) + overhead for frames in packets)
        padded = [*packets[:-1], packets[-1] + bytes(max(0, missing))]
        numbered = enumerate(padded, first_number)
        return b"".join(self.packet(number, frames, destination=destination) for number, frames in numbered)
