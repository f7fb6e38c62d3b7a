"""Filter expressions (pcap-filter(7)), compiled by the system's libpcap to classic BPF."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from netmon.errors import SourceError

__all__ = ["ETHERNET", "Program", "compile_filter", "prepare_filter"]

Program = list[tuple[int, int, int, int]]
"""Instructions: (code, jump if true, jump if false, operand)."""

ETHERNET: Final = 1
"""Link type of Ethernet (https://www.tcpdump.org/linktypes.html)."""
_RAW_IP: Final = 101

# These words move the rest of an expression to an inner header, so its author considered tags.
_HANDLES_TAGS: Final = r"\b(?:vlan|mpls|pppoes|geneve|vxlan)\b|\b0x(?:8100|88a8|9100)\b"
_MATCHES_VLAN: Final = r"\bvlan\b"


def compile_filter(expression: str, link: int, snaplen: int = 65_535, *, live: bool = False) -> Program:
    """Compiles `expression` for packets of link type `link`. An empty expression gives no instructions.

    On Ethernet, the expression also matches packets with one or two VLAN tags. libpcap alone does not do
    that, and packets from a mirror port often have tags: `tcp port 443` would silently match nothing. An
    expression that matches tags itself is used unchanged.

    The kernel removes the outer tag before it runs a `live` filter. This makes no difference to other
    expressions, but `vlan` would look for a tag that is no longer there, so it is refused.

    Raises SourceError with libpcap's message if the expression is wrong, or if libpcap is not installed.
    """
    if not expression.strip():
        return []
    if live and re.search(_MATCHES_VLAN, expression):
        raise SourceError(
            f"filter {expression!r}: a live filter cannot match VLAN tags, which the kernel removes first; "
            "leave `vlan` out, since tagged packets match anyway"
        )
    if "\0" in expression:
        raise SourceError(f"filter {expression!r}: it contains a zero byte")
    from netmon.sources.libpcap import compile_text  # noqa: PLC0415  # most readings have no filter

    program = compile_text(expression, expression, link, snaplen)
    if link != ETHERNET or re.search(_HANDLES_TAGS, expression):
        return program
    return compile_text(_with_tags(expression), expression, link, snaplen)


def prepare_filter(expression: str, snaplen: int) -> None:
    """Compiles a live filter for all link types of interfaces, while host names can still be looked up.

    `compile_filter` then has the result at hand, and reports what is wrong with the expression.
    """
    for link in (ETHERNET, _RAW_IP):
        with suppress(SourceError):
            compile_filter(expression, link, snaplen, live=True)


def _with_tags(expression: str) -> str:
    """The same expression for frames with no tag, one tag or two.

    `vlan` moves the offsets of everything to its right, also across `or`; nested, it moves them once per tag.
    A tagged frame must not be tested as an untagged one: without the move, `not tcp` would always match it.
    """
    untagged = "not (ether[{0}:2] = 0x8100 or ether[{0}:2] = 0x88a8 or ether[{0}:2] = 0x9100)"
    none, one = untagged.format(12), untagged.format(16)
    rest = f"({expression})"
    return f"({none} and {rest}) or (vlan and (({one} and {rest}) or (vlan and {rest})))"
