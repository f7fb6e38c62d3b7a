"""The parts of events that are stored as documents: checked when they are stored, and when they are read.

What they have to be is told by the fields with which netmon writes them. Further fields may be of a newer
netmon, and are kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from netmon.errors import EventError, StoreError
from netmon.outputs.meaning_fields import (
    EngineFields,
    FallbackFields,
    GroundsFields,
    Milliseconds,
    VendorFields,
    VerdictFields,
)
from netmon.outputs.run_fields import ConditionFields, RunFields

_LONGEST = 200
"""Characters of a problem: it may quote a text of the event."""


class _Fallbacks(msgspec.Struct):
    fallback: tuple[FallbackFields, ...] = ()


class _Run(msgspec.Struct):
    netmon: RunFields


class _Numbers(msgspec.Struct):
    """The numbers of one flow in its judgement, as `store.numbers` lifts them."""

    rtt_ms: Milliseconds | None = None
    rtt_min_ms: Milliseconds | None = None
    rtt_min_seen: str | None = None
    rtt_samples: int | None = None
    rtt_jumped_from_ms: Milliseconds | None = None
    texts: tuple[str, ...] = ()


_OF_ANY: tuple[type, ...] = (VendorFields, GroundsFields, _Fallbacks)
_OF_VENDOR: tuple[type, ...] = (*_OF_ANY, EngineFields, VerdictFields)


def check_flow(meaning: object) -> None:
    """Checks what an event says under `netmon` of a flow, or its judgement. Raises EventError."""
    is_tagged = isinstance(meaning, Mapping) and meaning.get("vendor") is not None
    _check(meaning, "netmon", *(_OF_VENDOR if is_tagged else _OF_ANY))


def check_run(event: object) -> None:
    """Checks the event of a run. Raises EventError."""
    _check(event, "", _Run)


def check_conditions(conditions: object) -> None:
    """Checks the conditions of a run. Raises EventError."""
    _check(conditions, "netmon.conditions", ConditionFields)


def check_numbers(numbers: object) -> None:
    """Checks the numbers of one flow in its judgement. Raises EventError."""
    _check(numbers, "numbers", _Numbers)


def _check(value: object, where: str, *types: type) -> None:
    for one in types:
        try:
            msgspec.convert(value, one)
        except msgspec.ValidationError as error:
            problem, _, path = str(error).partition(" - at `$")
            place = f"{where}{path.rstrip('`')}".removeprefix(".") or "it"
            hint = "; if a newer netmon wrote it, update this one" if problem.startswith("Invalid") else ""
            raise EventError(f"{place:.{_LONGEST}}: {problem:.{_LONGEST}}{hint}") from error


def read_document(text: str, check: Callable[[object], None], whose: Callable[[], str]) -> dict[str, Any]:
    """A document of a store. Raises StoreError, which says whose it is, if no netmon writes such a one."""
    try:
        document = json.loads(text)
        check(document)
    except (TypeError, ValueError, RecursionError, EventError) as error:
        raise StoreError(
            f"the store has an event that netmon does not write ({whose()}): {error}. Restore a copy of the "
            "store, or import the events into a new one, which refuses this one"
        ) from error
    checked: dict[str, Any] = document
    return checked
