"""Why a flow was judged as it was: the part of its event that many flows share.

The judgement is stored once, apart from the rest of the event and from the numbers of this flow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from netmon.store.numbers import fill, lift, to_json

_MEANT = (
    *("vendor", "component", "signature_status", "evidence", "grounds", "contact"),
    *("verdict", "reason", "severity", "lacks", "promise", "concerns", "concerns_uncounted"),
)
"""What was decided, so that a report adds up by judgement."""
_EXPLAINED = ("place", "row", "explanation", "exception", "signature", "fallback", "edge", "resolver")
_KEYS = (*_MEANT, *_EXPLAINED)
_CITY = "city"
"""The name of the event's `destination.geo.city_name`, which stays in the event as well."""


class Judgement(NamedTuple):
    """A judgement, and what belongs to one flow of it."""

    identifier: int
    document: str
    numbers: str | None


def judgement_of(event: Mapping[str, Any]) -> Judgement:
    """What a flow means: where it went, what was decided, and why. Raises KeyError and AttributeError."""
    meaning = event["netmon"]
    document = {key: meaning[key] for key in _KEYS if key in meaning}
    city = event["destination"].get("geo", {}).get("city_name")
    if city is not None:
        document[_CITY] = city
    text, numbers = lift(document)
    identifier = identify(hashlib.sha256(text.encode()).digest())
    return Judgement(identifier, text, to_json(numbers) if numbers else None)


def identify(digest: bytes) -> int:
    """The number of a judgement by the SHA-256 of its document: 63 bits, which fit into every database."""
    return int.from_bytes(digest[:8]) >> 1


def without_judgement(event: Mapping[str, Any]) -> dict[str, Any]:
    """The rest of an event: all that its judgement and numbers do not have."""
    rest = {key: value for key, value in event["netmon"].items() if key not in _KEYS}
    return {**event, "netmon": rest}


def with_judgement(event: dict[str, Any], shared: str | None, numbers: str | None) -> dict[str, Any]:
    """The complete event again."""
    judgement = explain(shared, numbers)
    judgement.pop(_CITY, None)
    return {**event, "netmon": {**event["netmon"], **judgement}}


def explain(shared: str | None, numbers: str | None) -> dict[str, Any]:
    """The judgement of one flow: the document that flows share, with the numbers of this one."""
    return fill(shared or "{}", json.loads(numbers or "{}"))
