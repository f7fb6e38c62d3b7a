"""Checks that a line of JSON is the event of a judged flow, with everything that its explanation needs."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from netmon.errors import EventError
from netmon.records import CONTACTS, EVIDENCE, GROUNDS, OUTCOMES, STANDINGS, UNCOUNTED, WITHHELD
from netmon.verdict.table import REASONS

_NEEDED: Mapping[str, type] = {
    "event.start": str,
    "network.transport": str,
    "source.packets": int,
    "source.bytes": int,
    "destination.ip": str,
    "destination.port": int,
    "destination.packets": int,
    "destination.bytes": int,
    "netmon.flow_id": int,
    "netmon.contact": str,
    "netmon.component": str,
    "netmon.signature_status": str,
    "netmon.signature": str,
    "netmon.evidence": str,
    "netmon.verdict": str,
    "netmon.reason": str,
    "netmon.row": str,
    "netmon.place.location": str,
    "netmon.place.country": str,
    "netmon.place.confidence": str,
    "netmon.place.votes": list,
    "netmon.place.steps": list,
}
_OPTIONAL: Mapping[str, type] = {
    "event.end": str,
    "source.ip": str,
    "source.address": str,
    "source.port": int,
    "source.mac": str,
    "source.domain": str,
    "netmon.client.mac_withheld": str,
    "observer.name": str,
    "destination.domain": str,
    "destination.geo.city_name": str,
    "tls.server.x509.issuer.distinguished_name": str,
    "netmon.embedded_ip": str,
    "netmon.continues": int,
    "netmon.phase": str,
    "netmon.unnamed_reason": str,
    "netmon.candidates": list,
    "netmon.ambiguous": bool,
    "netmon.grounds": str,
    "netmon.matched": str,
    "netmon.first_packet": int,
    "netmon.shown.packet": int,
    "netmon.shown.time": str,
    "netmon.dns_answer.packet": int,
    "netmon.dns_answer.time": str,
    "netmon.dns_answer.from": str,
    "netmon.dns_answer.resolved": bool,
    "netmon.interception": str,
    "netmon.view": list,
    "netmon.severity": str,
    "netmon.lacks": str,
    "netmon.explanation": str,
    "netmon.promise": str,
    "netmon.exception.lifts": str,
    "netmon.exception.until": str,
    "netmon.place.claims": list,
    "netmon.place.excluded": list,
    "netmon.place.not_in": list,
    "netmon.concerns": list,
    "netmon.concerns_uncounted": str,
}
_WORDS: Mapping[str, Collection[str]] = {
    "netmon.client.mac_withheld": WITHHELD,
    "netmon.contact": CONTACTS,
    "netmon.evidence": EVIDENCE,
    "netmon.grounds": GROUNDS,
    "netmon.verdict": OUTCOMES,
    "netmon.reason": REASONS,
    "netmon.concerns_uncounted": UNCOUNTED,
}


@dataclass(frozen=True, slots=True)
class FlowEvent:
    """The event of a judged flow. `values` has every field that an explanation may need, by its path."""

    values: Mapping[str, Any]
    vendor: str
    day: str  # ISO day on which the flow began

    def __getitem__(self, path: str) -> Any:
        """A field; None if the event does not have it."""
        return self.values[path]

    @property
    def name(self) -> str | None:
        """The name that a signature matched: the flow's own, a link of its CNAME chain, or a candidate."""
        matched: str | None = self["netmon.matched"]
        return matched or self["destination.domain"]

    @property
    def client(self) -> str | None:
        """The client's address; None if it is not shown."""
        shown: str | None = self["source.ip"]
        return shown

    @property
    def server(self) -> str:
        """The address that signatures and sources were asked about: the IPv4 one inside an IPv6 address."""
        return str(self["netmon.embedded_ip"] or self["destination.ip"])

    @property
    def grounds(self) -> str:
        """What the match rests on (`records.GROUNDS`)."""
        return self["netmon.grounds"] or "own"

    @property
    def view(self) -> tuple[str, ...]:
        """The visibility limitations of the flow."""
        return tuple(self["netmon.view"] or ())


def read_event(line: str) -> FlowEvent:
    """The event in a line of JSON. Raises EventError: what is wrong with it, and what to do."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EventError(f"not an event: {_json_problem(error)}; give one complete line of JSON") from error
    if not isinstance(event, dict):
        raise EventError("not an event: a JSON object is needed, as `netmon read --json` writes one per line")
    dataset = _find(event, "event.dataset")
    if dataset != "netmon.flow":
        what = f"its event.dataset is {json.dumps(dataset)[:40]}" if dataset else "it has no event.dataset"
        raise EventError(f"not the event of a flow: {what}; only events with 'netmon.flow' have a verdict")
    return _checked(event)


def _checked(event: dict[str, Any]) -> FlowEvent:
    number = json.dumps(_find(event, "netmon.flow_id"))[:20]
    vendor = _find(event, "netmon.vendor")
    if vendor is None and _find(event, "netmon.verdict") is None:
        raise EventError(f"flow {number} matches no vendor, so it has no verdict that could be explained")
    values = {path: _find(event, path) for path in (*_NEEDED, *_OPTIONAL)}
    missing = [path for path in _NEEDED if values[path] is None]
    missing += ["netmon.vendor"] * (vendor is None)
    if missing:
        raise EventError(
            f"the event of flow {number} lacks {', '.join(missing)}: it was edited, or written by an older "
            "netmon; explain the flow from its capture: netmon explain --flow ID FILE"
        )
    wrong = [path for path, value in values.items() if value is not None and not _is_valid(path, value)]
    wrong += ["netmon.vendor"] * (not isinstance(vendor, str))
    if wrong:
        raise EventError(
            f"the event of flow {number} has values that netmon does not write: {', '.join(wrong)}"
        )
    return FlowEvent(values, str(vendor), values["event.start"][:10])


def _find(event: dict[str, Any], path: str) -> Any:
    """The value at a path of keys; None if there is none."""
    value: Any = event
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _is_valid(path: str, value: Any) -> bool:
    kind = _NEEDED.get(path) or _OPTIONAL[path]
    if isinstance(value, bool) != (kind is bool) or not isinstance(value, kind):
        return False
    if isinstance(value, list):
        return all(map(_ITEMS.get(path, _is_text), value))
    if isinstance(value, str):
        return value in _WORDS.get(path, (value,)) and _has_form(path, value)
    return True


def _is_text(item: Any) -> bool:
    return isinstance(item, str)


def _is_vote(item: Any) -> bool:
    """An object whose values are texts, apart from `contradicts`."""
    if not isinstance(item, dict):
        return False
    return "source" in item and all(_is_text(value) for key, value in item.items() if key != "contradicts")


def _is_standing(item: Any) -> bool:
    return isinstance(item, dict) and _is_text(item.get("country")) and item.get("standing") in STANDINGS


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_FORMS: Mapping[str, Callable[[str], bool]] = {
    "event.start": _is_time,
    "source.ip": _is_address,
    "destination.ip": _is_address,
    "netmon.embedded_ip": _is_address,
}
"""What a text must be."""


def _has_form(path: str, text: str) -> bool:
    return path not in _FORMS or _FORMS[path](text)


_ITEMS: Mapping[str, Callable[[Any], bool]] = {
    "netmon.place.votes": _is_vote,
    "netmon.concerns": _is_standing,
}
"""What the items of a list must be; elsewhere they are texts."""


def _json_problem(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} at character {error.pos + 1}"
    return "it is nested too deeply"
