"""Certificates as a passive sensor sees them (RFC 5280, 4.1); keys and signatures are filler bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.craft.packets import filler

SEQUENCE, SET, OBJECT_IDENTIFIER, UTF8_STRING, OCTET_STRING, INTEGER = 0x30, 0x31, 0x06, 0x0C, 0x04, 0x02
BIT_STRING, UTC_TIME, PRINTABLE_STRING = 0x03, 0x17, 0x13
VERSION, EXTENSIONS, DNS_NAME = 0xA0, 0xA3, 0x82
ATTRIBUTES = {"C": 6, "O": 10, "CN": 3}  # under id-at
SUBJECT_ALT_NAME = bytes([0x55, 29, 17])
ECDSA_WITH_SHA256 = bytes.fromhex("2a8648ce3d040302")
EC_PUBLIC_KEY, P256 = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d030107")


def element(tag: int, *parts: bytes) -> bytes:
    """A DER element (X.690, 8.1)."""
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content


def name(attributes: Mapping[str, str]) -> bytes:
    """A distinguished name, like {"O": "Example", "CN": "www.example.com"}."""
    pairs = [
        element(OBJECT_IDENTIFIER, bytes([0x55, 4, ATTRIBUTES[kind]]))
        + element(PRINTABLE_STRING if kind == "C" else UTF8_STRING, text.encode())
        for kind, text in attributes.items()
    ]
    return element(SEQUENCE, *(element(SET, element(SEQUENCE, pair)) for pair in pairs))


def certificate(
    subject: Mapping[str, str], issuer: Mapping[str, str], names: Sequence[str] = (), *, label: str = ""
) -> bytes:
    """A certificate for these DNS names."""
    algorithm = element(SEQUENCE, element(OBJECT_IDENTIFIER, ECDSA_WITH_SHA256))
    key_kind = element(SEQUENCE, element(OBJECT_IDENTIFIER, EC_PUBLIC_KEY), element(OBJECT_IDENTIFIER, P256))
    validity = element(SEQUENCE, element(UTC_TIME, b"260101000000Z"), element(UTC_TIME, b"270101000000Z"))
    alternatives = element(SEQUENCE, *(element(DNS_NAME, one.encode()) for one in names))
    extension = element(OBJECT_IDENTIFIER, SUBJECT_ALT_NAME) + element(OCTET_STRING, alternatives)
    body = element(
        SEQUENCE,
        element(VERSION, element(INTEGER, b"\x02")),
        element(INTEGER, b"\x01" + filler(f"{label} serial", 15)),
        algorithm,
        name(issuer),
        validity,
        name(subject),
        element(SEQUENCE, key_kind, element(BIT_STRING, b"\0\x04" + filler(f"{label} key", 64))),
        element(EXTENSIONS, element(SEQUENCE, element(SEQUENCE, extension))) if names else b"",
    )
    return element(SEQUENCE, body, algorithm, element(BIT_STRING, b"\0" + filler(f"{label} signature", 70)))
