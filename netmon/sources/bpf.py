"""Filter expressions (pcap-filter(7)), compiled by the system's libpcap to classic BPF."""

from __future__ import annotations

import ctypes
import ctypes.util
import re
from functools import cache
from typing import Final

from netmon.errors import SourceError

__all__ = ["ETHERNET", "Program", "compile_filter"]

Program = list[tuple[int, int, int, int]]
"""Instructions: (code, jump if true, jump if false, operand)."""

ETHERNET: Final = 1
"""Link type of Ethernet (https://www.tcpdump.org/linktypes.html)."""

# Numbers of link types in capture files are libpcap's own, but for the oldest: raw IP.
_LIBPCAP_LINK: Final = {101: 12, 14: 12}

_UNKNOWN_NETMASK: Final = 0xFFFFFFFF  # PCAP_NETMASK_UNKNOWN

# These words move the rest of an expression to an inner header: whoever writes them looks after tags.
_LOOKS_AFTER_TAGS: Final = re.compile(r"\b(?:vlan|mpls|pppoes|geneve|vxlan)\b|\b0x(?:8100|88a8|9100)\b")
_LOOKS_AT_VLAN: Final = re.compile(r"\bvlan\b")


class _Instruction(ctypes.Structure):
    """`struct bpf_insn`."""

    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jt", ctypes.c_ubyte),
        ("jf", ctypes.c_ubyte),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    """`struct bpf_program`."""

    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.POINTER(_Instruction)))


def compile_filter(expression: str, link: int, snaplen: int = 65_535, *, live: bool = False) -> Program:
    """The instructions of `expression` for packets of link type `link`; none for an empty expression.

    On Ethernet the expression also finds packets behind one or two VLAN tags. Plain libpcap does not,
    and a mirror port tags: `tcp port 443` would silently miss everything. An expression that looks
    at tags itself is taken as it is.

    The kernel takes the outer tag off before it runs a `live` filter. That changes nothing for other
    expressions, but `vlan` would look for a tag that is not there, so it is refused.

    Raises SourceError: the expression is wrong (in libpcap's words), or libpcap is not installed.
    """
    if not expression.strip():
        return []
    if live and _LOOKS_AT_VLAN.search(expression):
        raise SourceError(
            f"filter {expression!r}: a live filter cannot match VLAN tags, which the kernel removes first; "
            "leave `vlan` out, since tagged packets match anyway"
        )
    if "\0" in expression:
        raise SourceError(f"filter {expression!r}: it contains a zero byte")
    program = _compile(expression, expression, link, snaplen)
    if link != ETHERNET or _LOOKS_AFTER_TAGS.search(expression):
        return program
    return _compile(_behind_tags(expression), expression, link, snaplen)


def _behind_tags(expression: str) -> str:
    """The same expression for frames with no tag, one or two.

    `vlan` moves everything to its right, also across `or`; nested, it moves once for each tag. A tagged
    frame must not pass as an untagged one: `not tcp` is true of it at first sight.
    """
    untagged = "not (ether[{0}:2] = 0x8100 or ether[{0}:2] = 0x88a8 or ether[{0}:2] = 0x9100)"
    none, one = untagged.format(12), untagged.format(16)
    here = f"({expression})"
    return f"({none} and {here}) or (vlan and (({one} and {here}) or (vlan and {here})))"


def _compile(text: str, expression: str, link: int, snaplen: int) -> Program:
    libpcap = _libpcap()
    handle = libpcap.pcap_open_dead(_LIBPCAP_LINK.get(link, link), snaplen)
    if not handle:
        raise SourceError(f"filter {expression!r}: libpcap is out of memory")
    try:
        program = _Program()
        result = libpcap.pcap_compile(handle, ctypes.byref(program), text.encode(), 1, _UNKNOWN_NETMASK)
        if result != 0:
            words = libpcap.pcap_geterr(handle).decode(errors="replace")
            raise SourceError(f"filter {expression!r}: {words}")
        try:
            instructions = program.instructions[: program.length]
            return [(each.code, each.jt, each.jf, each.k) for each in instructions]
        finally:
            libpcap.pcap_freecode(ctypes.byref(program))
    finally:
        libpcap.pcap_close(handle)


@cache
def _libpcap() -> ctypes.CDLL:
    """The library, with its functions declared."""
    name = ctypes.util.find_library("pcap") or "libpcap.so.0.8"
    try:
        libpcap = ctypes.CDLL(name)
    except OSError as error:
        raise SourceError(
            "filter expressions need libpcap, which is not installed; on Debian: apt-get install libpcap0.8"
        ) from error
    handle, program = ctypes.c_void_p, ctypes.POINTER(_Program)
    libpcap.pcap_open_dead.argtypes = [ctypes.c_int, ctypes.c_int]
    libpcap.pcap_open_dead.restype = handle
    libpcap.pcap_compile.argtypes = [handle, program, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint32]
    libpcap.pcap_compile.restype = ctypes.c_int
    libpcap.pcap_geterr.argtypes = [handle]
    libpcap.pcap_geterr.restype = ctypes.c_char_p
    libpcap.pcap_freecode.argtypes = [program]
    libpcap.pcap_freecode.restype = None
    libpcap.pcap_close.argtypes = [handle]
    libpcap.pcap_close.restype = None
    return libpcap
