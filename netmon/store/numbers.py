"""What many flows share of a judgement, told apart from the numbers of one flow.

A round trip is measured for each flow, and stands in the steps that follow from it. Without these numbers,
the judgements on flows to one server are the same, and are stored once.
"""

from __future__ import annotations

import json
import re
from typing import Any

to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode
"""The text of a value as the store has it: equal values have equal texts."""
HOLE = "\ufffc"
"""Stands where a number was: the object replacement character, which is in no text of netmon."""
_UNIT = re.compile(r" (?:ms|km)\b")
_NUMBER_BEFORE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?\Z")
_LONGEST = 30
"""Characters of a number: none of netmon has more."""
_OWN_KEYS = ("rtt_ms", "rtt_min_ms", "rtt_min_seen", "rtt_samples", "rtt_jumped_from_ms")
"""Keys of a place whose values belong to one flow."""


def lift(document: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The text of a document with holes, and what belongs in them: numbers in texts, keys of its place."""
    place = document.get("place") or {}
    own = {key: place[key] for key in _OWN_KEYS if key in place}
    if own:
        document = {**document, "place": {key: value for key, value in place.items() if key not in own}}
    text, found = _make_holes(to_json(document).replace(HOLE, ""))
    return text, {**own, **({"texts": found} if found else {})}


def _make_holes(text: str) -> tuple[str, list[str]]:
    """The text with holes in place of its numbers of milliseconds and kilometres; and these numbers."""
    found: list[str] = []
    parts: list[str] = []
    done = 0
    for unit in _UNIT.finditer(text):
        number = _NUMBER_BEFORE.search(text, max(done, unit.start() - _LONGEST), unit.start())
        if number is not None:
            found.append(number[0])
            parts += (text[done : number.start()], HOLE)
            done = unit.start()
    return "".join((*parts, text[done:])), found


def fill(text: str, numbers: dict[str, Any]) -> dict[str, Any]:
    """The document of one flow: the reverse of `lift`."""
    if HOLE in text:
        texts = iter(numbers.get("texts", ()))
        text = re.sub(HOLE, lambda _hole: next(texts, "?"), text)
    document: dict[str, Any] = json.loads(text)
    own = {key: numbers[key] for key in _OWN_KEYS if key in numbers}
    return {**document, "place": {**document["place"], **own}} if own else document
