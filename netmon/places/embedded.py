"""IPv4 addresses inside IPv6 addresses: where a flow to such an address arrives, by the rule of the engine.

A NAT64 translator (RFC 6052), or a relay for 6to4 (RFC 3056) or Teredo (RFC 4380), forwards packets to the
IPv4 address, so signatures, location databases and sinkhole checks are asked about that one. The rule itself
is in the engine (`engine/src/address/embedded.rs`), which also applies prefixes learned from DNS to flows.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from netmon._engine import embedded_ipv4 as find_embedded


def embedded_ipv4(address: str, prefixes: Sequence[str] = ()) -> str | None:
    """The IPv4 address in an IPv6 address, also in an IPv4-mapped one; None if there is none.

    `prefixes` are those of the site's NAT64 translators. Raises ValueError for text that is no address, and
    for one that is no prefix.
    """
    mapped = getattr(ipaddress.ip_address(address), "ipv4_mapped", None)
    return str(mapped) if mapped else find_embedded(address, prefixes)
