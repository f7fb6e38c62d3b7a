"""The properties of an interface, as the kernel states them over netlink (rtnetlink(7))."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_GET, _ERROR, _REQUEST = 18, 2, 1  # RTM_GETLINK, NLMSG_ERROR, NLM_F_REQUEST
_UP, _LOWER_UP, _LOOPBACK = 0x1, 0x10000, 0x8
_NAME, _MTU, _LINKINFO, _PROMISCUITY, _ALT_NAME, _KIND = 3, 4, 18, 30, 53, 1
_HEADER, _BODY, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=BxHiII"), struct.Struct("=HH")
_WAIT_S = 2.0


@dataclass(frozen=True, slots=True)
class Link:
    """An interface under the kernel's own name. `kind` is that of a virtual one, such as "veth"."""

    name: str
    is_up: bool
    has_carrier: bool
    is_loopback: bool
    mtu: int
    promiscuity: int  # how many users have switched promiscuous mode on
    kind: str


class NoLinkError(Exception):
    """There is no interface of this name."""


def link(name: str) -> Link | None:
    """The interface of this name, or alternative name. None if the kernel does not answer.

    Raises NoLinkError if there is none.
    """
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as opened:
            opened.settimeout(_WAIT_S)
            opened.send(_question(name))
            answer = opened.recv(1 << 16)
    except OSError:
        return None
    return _read(name, answer)


def _question(name: str) -> bytes:
    text = name.encode() + b"\0"
    kind = _NAME if len(text) <= 16 else _ALT_NAME
    attribute = _ATTRIBUTE.pack(4 + len(text), kind) + text + bytes(-len(text) % 4)
    body = _BODY.pack(0, 0, 0, 0, 0) + attribute
    return _HEADER.pack(16 + len(body), _GET, _REQUEST, 1, 0) + body


def _read(name: str, answer: bytes) -> Link | None:
    if len(answer) < 16 + 16:
        return None
    if _HEADER.unpack_from(answer)[1] == _ERROR:
        if struct.unpack_from("=i", answer, 16)[0] == -19:  # ENODEV
            raise NoLinkError(name)
        return None
    flags = _BODY.unpack_from(answer, 16)[3]
    found = dict(_attributes(answer[32:]))
    information = dict(_attributes(found.get(_LINKINFO, b"")))
    return Link(
        name=found[_NAME].rstrip(b"\0").decode() if _NAME in found else name,
        is_up=bool(flags & _UP),
        has_carrier=bool(flags & _LOWER_UP),
        is_loopback=bool(flags & _LOOPBACK),
        mtu=_number(found.get(_MTU)),
        promiscuity=_number(found.get(_PROMISCUITY)),
        kind=information.get(_KIND, b"").rstrip(b"\0").decode("ascii", "replace"),
    )


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + 4 <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < 4:
            return
        yield kind & 0x3FFF, data[offset + 4 : offset + length]
        offset += (length + 3) & ~3


def _number(data: bytes | None) -> int:
    return 0 if data is None else int(struct.unpack("=I", data)[0])
