"""What many flows share of a judgement, told apart from the numbers of one flow.

A round trip is measured for each flow, and stands in the steps that follow from it. Without these numbers,
the judgements on flows to one server are the same, and are stored once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

HOLE = "\ufffc"
"""Stands where a number was: the object replacement character, which is in no text of netmon."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?= (?:ms|km)\b)")
_OWN_KEYS = ("rtt_ms", "rtt_min_ms", "rtt_min_seen", "rtt_samples", "rtt_jumped_from_ms")
"""Keys of a place whose values belong to one flow."""


def lift(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The document with holes, and what belongs in them: the numbers in texts, and keys of the place."""
    found: list[str] = []
    place = dict(document.get("place") or {})
    own = {key: place.pop(key) for key in _OWN_KEYS if key in place}
    shared = _dig({**document, "place": place} if place else document, found)
    return shared, {**own, **({"texts": found} if found else {})}


def fill(document: dict[str, Any], numbers: dict[str, Any]) -> dict[str, Any]:
    """The document of one flow: the reverse of `lift`."""
    own = {key: numbers[key] for key in _OWN_KEYS if key in numbers}
    filled: dict[str, Any] = _pour(document, iter(numbers.get("texts", ())))
    if own:
        filled["place"] = {**filled["place"], **own}
    return filled


def _dig(value: Any, found: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: _dig(item, found) for key, item in value.items()}
    if isinstance(value, list):
        return [_dig(item, found) for item in value]
    if isinstance(value, str):

        def take(number: re.Match[str]) -> str:
            found.append(number[0])
            return HOLE

        return _NUMBER.sub(take, value.replace(HOLE, ""))
    return value


def _pour(value: Any, numbers: Iterator[str]) -> Any:
    if isinstance(value, dict):
        return {key: _pour(item, numbers) for key, item in value.items()}
    if isinstance(value, list):
        return [_pour(item, numbers) for item in value]
    if isinstance(value, str) and HOLE in value:
        return re.sub(HOLE, lambda _hole: next(numbers, "?"), value)
    return value
