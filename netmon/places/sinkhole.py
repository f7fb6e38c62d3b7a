"""Addresses that are used to sinkhole a name: traffic to them does not leave for the Internet."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from netmon.places.prefixes import parse_address
from netmon.records import Place

TRANSLATED = ipaddress.ip_network("64:ff9b:1::/48")
"""For the translators of a site (RFC 8215): packets to it leave for the Internet as IPv4. Newer versions of
Python do not count it as global."""

_KEPT = 16_384
"""Addresses and places about which this is known; the one used least recently is evicted first."""


@lru_cache(_KEPT)
def is_sinkholed(address: str, place: Place) -> bool:
    """True for an address that is not global, such as 0.0.0.0 or 10.0.0.99, unless a source locates it.

    A source that locates such an address knows more about this network than the registry of special-purpose
    addresses (IANA) does: an organisation that declares the place of an internal server, or signatures for
    networks that are reserved for documentation.
    """
    return not _is_reachable(address) and not any(vote.about == "location" for vote in place.votes)


def _is_reachable(address: str) -> bool:
    """True if traffic to the address leaves for the Internet."""
    ip = parse_address(address)
    return (ip.is_global or ip in TRANSLATED) and not ip.is_multicast
