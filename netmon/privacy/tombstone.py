"""What is left of an event that was erased: a line with the hash of what stood there.

A hash chain over the events stays verifiable, because the hash of the erased line is known: whoever checks
the chain takes `hash_of` in place of the line's own hash, and reports how many lines were erased. The
tombstone is as long as the line, so that it can be written in its place while the sensor appends to the file.
"""

from __future__ import annotations

import hashlib
import json
import re

_FORM = '{{"event":{{"dataset":"netmon.erased"}},"netmon":{{"erased":"{sha256}"}}}}'
_PATTERN = re.compile(
    rb'\{"event":\{"dataset":"netmon\.erased"\},"netmon":\{"erased":"([0-9a-f]{64})"\}\} *\n?'
)
_ENDS = re.compile(rb'"(?:ip|address)":\s*"([^"]*)"')
LEAST_LENGTH = len(_FORM.format(sha256="0" * 64))
"""Bytes of a line that can be erased, without its end; every event is longer."""


def hash_of(line: bytes) -> str:
    """The SHA-256 of a line without its end; of a tombstone, that of the line that stood there."""
    found = erased_hash(line)
    return found if found is not None else hashlib.sha256(line.rstrip(b"\n")).hexdigest()


def erased_hash(line: bytes) -> str | None:
    """The hash that a tombstone holds; None for any other line."""
    found = _PATTERN.fullmatch(line)
    return found[1].decode() if found else None


def tombstone(line: bytes) -> bytes:
    """What stands in place of a line, with the same length and end. Raises ValueError for a short line."""
    text = line.rstrip(b"\n")
    if len(text) < LEAST_LENGTH:
        raise ValueError("too short to be an event")
    written = _FORM.format(sha256=hash_of(line)).encode()
    return written.ljust(len(text)) + line[len(text) :]


def shows_client(line: bytes, clients: frozenset[str]) -> bool:
    """True for an event in which one of these clients is an end of the flow, or of the DNS message."""
    if clients.isdisjoint(one.decode("utf-8", "replace") for one in _ENDS.findall(line)):
        return False
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return False
    if not isinstance(event, dict):
        return False
    ends = [event.get(side) for side in ("source", "destination")]
    shown = {str(end.get(key)) for end in ends if isinstance(end, dict) for key in ("ip", "address")}
    return not shown.isdisjoint(clients)
