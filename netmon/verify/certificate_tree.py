"""The server's certificate in tshark's protocol trees: the parts of it that netmon reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

MAX_NAMES = 100
"""The number of DNS names that netmon keeps per certificate."""

_COMMON_NAME, _SUBJECT_ALT_NAME = "2.5.4.3", "2.5.29.17"
_ATTRIBUTES = {
    _COMMON_NAME: "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
}
"""Attribute types that have a short name (RFC 4514, section 3). netmon writes the OIDs of all others."""


def read_certificate(node: Element) -> dict[str, Any]:
    """The common name of the subject, the issuer, and the alternative DNS names in a certificate's field."""
    common_names = [value for kind, value in _attributes(node, "subject") if kind == _COMMON_NAME]
    issuer = [f"{_ATTRIBUTES.get(kind, kind)}={value}" for kind, value in _attributes(node, "issuer")]
    names = [
        field.get("show", "")
        for extension in fields(node, "x509af.Extension_element")
        if any(each.get("show") == _SUBJECT_ALT_NAME for each in fields(extension, "x509af.extension.id"))
        for field in fields(extension, "x509ce.dNSName")
    ]
    return {
        "subject": common_names[-1] if common_names else None,
        "issuer": ", ".join(issuer),
        "names": names[:MAX_NAMES],
    }


def fields(node: Element, name: str) -> Iterator[Element]:
    """All fields of that name in a tree, in the order of the packet."""
    return (each for each in node.iter("field") if each.get("name") == name)


def _attributes(node: Element, whose: str) -> Iterator[tuple[str, str]]:
    """Types and values of a distinguished name. The value is the innermost field after its type."""
    for name in fields(node, f"x509af.{whose}"):
        for item in fields(name, "x509if.RelativeDistinguishedName_item_element"):
            kind, *_, value = (each.get("show", "") for each in item.iter("field") if each is not item)
            yield kind, value
