"""DNS messages of which only questions and answers remain, and EDNS without its options."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from netmon._engine import essential_message

_HEADER = 12
_OPT, _PADDING = 41, 12
_FIXED = 10
"""Bytes of a record between its name and its data."""
_LENGTH = struct.Struct(">H")


def blank_message(message: bytes) -> bytes:
    """A message; what is in the options of EDNS becomes one option of padding (RFC 7830)."""
    shown = bytearray(essential_message(message))
    for at, end in _options(message):
        shown[at - _FIXED : at] = message[at - _FIXED : at]
        size = _LENGTH.unpack_from(message, at - 2)[0]
        shown[at:end] = bytes(end - at)
        if size >= 4 and end - at >= 4:
            struct.pack_into(">HH", shown, at, _PADDING, size - 4)
    return bytes(shown)


def blank_messages(stream: bytes, starts: Sequence[int]) -> bytes:
    """Messages over TCP (RFC 1035, 4.2.2); where there is none, one may begin with a segment."""
    shown = bytearray(len(stream))
    at = 0
    while at < len(stream) - 1:
        length = _LENGTH.unpack_from(stream, at)[0]
        if length < _HEADER:
            at = next((start for start in starts if start > at), len(stream))
            continue
        end = at + 2 + length
        shown[at : at + 2] = stream[at : at + 2]
        shown[at + 2 : end] = blank_message(stream[at + 2 : end])
        at = end
    return bytes(shown)


def _options(message: bytes) -> Iterator[tuple[int, int]]:
    """Where the data of OPT records is, as far as records can be followed."""
    try:
        questions, *records = struct.unpack_from(">4H", message, 4)
        at = _HEADER
        for _ in range(questions):
            at = _skip_name(message, at) + 4
        for _ in range(sum(records)):
            at = _skip_name(message, at)
            kind, size = _LENGTH.unpack_from(message, at)[0], _LENGTH.unpack_from(message, at + 8)[0]
            at += _FIXED
            if kind == _OPT:
                yield at, min(at + size, len(message))
            at += size
    except (struct.error, IndexError):
        return


def _skip_name(message: bytes, at: int) -> int:
    while message[at]:
        if message[at] >= 0xC0:
            return at + 2
        at += 1 + message[at]
    return at + 1
