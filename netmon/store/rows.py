"""An event → the rows of the store: the only place that knows both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, get_args

from netmon.days import DAY_NS
from netmon.errors import EventError, TimeError
from netmon.privacy.periods import period_days
from netmon.records import Contact, Outcome, Severity
from netmon.store import tables
from netmon.store.documents import check_flow, check_run
from netmon.store.judgements import judgement_of, without_judgement
from netmon.store.numbers import to_json
from netmon.store.period import SUMS
from netmon.store.tables import StoreTable, Value

Event = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 2**63 - 1
MOST_COUNTED = 2**53
"""Of bytes and packets in one record: no flow has 9 petabytes, which are eight days at 100 Gbit/s."""
_HALF = re.compile("[\ud800-\udfff]")
_PHASES = {"open": 0, "update": 0, "start": 0, "change": 1, "end": 1}


_WORDS: Mapping[str, frozenset[str]] = {
    "outcome": frozenset(get_args(Outcome)),
    "severity": frozenset(get_args(Severity)),
    "contact": frozenset(get_args(Contact)),
    "transport": frozenset(("tcp", "udp")),
}
"""Closed sets: another word is of no netmon."""
_ANY = re.compile("")
_PLAIN = re.compile("[^\0-\x1f\x7f-\x9f]*\\Z")
_FORMS: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(("vendor", "component"), re.compile(r"[a-z][a-z0-9_]*\Z")),  # as in signatures
    **dict.fromkeys(("sensor", "run", "period", "file"), _PLAIN),
}
"""Texts that are compared: they have no control characters, also not as escapes in identifiers."""
_DAYS = frozenset(("day", "first_day"))
"""Days before 1970: the times of packets may be wrong."""
LAST_DAY = _MOST // DAY_NS
"""Columns of times can hold all of the days up to this one, and from as many before 1970."""
_ROOM = "a store has room for times from 1677 to 2262 only"


class StoreRow(NamedTuple):
    """A row of a table, with its values in the order of the columns."""

    table: StoreTable
    values: tuple[Value, ...]


def rows_of(event: Event) -> list[StoreRow]:
    """The rows of an event; none if it is not stored, such as a flow of no vendor.

    Raises EventError if the event is not one that netmon writes.
    """
    dataset = _find(event, "event.dataset")
    if not isinstance(dataset, str) or not dataset.startswith("netmon."):
        raise EventError("not an event of netmon: it has no event.dataset that begins with netmon.")
    make = _DATASETS.get(dataset)
    if make is None:
        return []
    try:
        rows = list(make(event))
    except EventError as error:
        raise EventError(f"not an event that netmon writes: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise EventError(f"not an event of {dataset} that netmon writes: {error or type(error)}") from error
    try:
        for row in rows:
            check_row(row)
    except TimeError as error:  # who has an event, or a capture, knows nothing of columns
        raise TimeError(_ROOM) from error
    return rows


def check_row(row: StoreRow) -> None:
    """Raises EventError for a value that its column cannot hold, or a key without a value.

    A count or a time that is negative would make sums smaller; words are those of netmon.
    """
    for check, value in zip(_checks(row.table), row.values, strict=True):
        if value is None:
            is_right = not check.is_key
        elif check.least is not None:
            is_right = type(value) is int and check.least <= value <= check.most
        elif check.words is not None:
            is_right = isinstance(value, str) and value in check.words
        else:
            is_right = _is_text(value) and check.form.match(str(value)) is not None
        if not is_right and check.is_time and type(value) is int:
            raise TimeError(f"{row.table.name}.{check.name} is {value}: {_ROOM}")
        if not is_right:
            raise EventError(
                f"not an event that netmon writes: {row.table.name}.{check.name} is {value!r:.40}"
            )


class _Check(NamedTuple):
    """What a column can hold: integers of a range, certain words, or text, perhaps of a certain form."""

    name: str
    least: int | None
    most: int
    words: frozenset[str] | None
    form: re.Pattern[str]
    is_key: bool
    is_time: bool


@cache
def _checks(table: StoreTable) -> tuple[_Check, ...]:
    """The checks of a table's columns."""
    found = []
    for column in table.columns:
        least, most = _range(column.name) if column.kind == "integer" else (None, 0)
        words, is_key = _WORDS.get(column.name), column.name in table.key
        is_time = column.name in _DAYS or column.name.endswith("_ns")
        form = _FORMS.get(column.name, _ANY)
        found.append(_Check(column.name, least, most, words, form, is_key, is_time))
    return tuple(found)


def _range(name: str) -> tuple[int, int]:
    """The least and the most that a column of integers holds."""
    if name in _DAYS:
        return -LAST_DAY, LAST_DAY
    if name.endswith("_ns"):
        return -LAST_DAY * DAY_NS, _MOST
    return 0, MOST_COUNTED if name in _COUNTS else _MOST


def _is_text(value: object) -> bool:
    """True for a text that a database can hold: JSON may have halves of characters."""
    return isinstance(value, str) and (value.isascii() or _HALF.search(value) is None)


def time_ns(text: str) -> int:
    """The time in an event, which has microseconds. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"'{text:.40}' has no time zone")
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def _find(event: Event, path: str) -> Any:
    """The value at a path of keys; None if there is none."""
    value: Any = event
    for key in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _time(event: Event, path: str) -> int | None:
    text = _find(event, path)
    return None if text is None else time_ns(text)


def _interface(event: Event) -> Any:
    return _find(event, "observer.ingress.interface.name")


def _words(values: Iterable[str] | None) -> str | None:
    return ",".join(values) if values else None


def _of_run(event: Event) -> dict[str, Value]:
    return {
        "sensor": _find(event, "observer.name"),
        "run": _find(event, "netmon.run"),
        "site": _find(event, "observer.geo.name"),
    }


def _row(table: StoreTable, values: Mapping[str, Value]) -> StoreRow:
    return StoreRow(table, tuple(values.get(name) for name in table.names))


def _flow_rows(event: Event) -> Iterator[StoreRow]:
    meaning = event["netmon"]
    fallbacks = meaning.get("fallback")
    if meaning.get("vendor") is None and not fallbacks:
        return
    check_flow(meaning)
    source, destination = event["source"], event["destination"]
    place = meaning.get("place") or {}
    last_ns = time_ns(event["@timestamp"])
    packets = source["packets"] + destination["packets"]
    judgement = judgement_of(event)
    concerns = meaning.get("concerns") or ()
    values: dict[str, Value] = {
        **_of_run(event),
        "flow": meaning["flow_id"],
        "day": last_ns // DAY_NS,
        "start_ns": _time(event, "event.start"),
        "last_ns": last_ns,
        "client": source.get("ip") or source.get("address"),
        "client_port": source.get("port"),
        "client_mac": source.get("mac"),
        "client_host": source.get("domain"),
        "status": meaning.get("signature_status"),
        "name": destination.get("domain"),
        "grounds": meaning.get("grounds", "own"),
        "server": destination["ip"],
        "server_port": destination["port"],
        "transport": event["network"]["transport"],
        "interface": _interface(event),
        "sent_bytes": source["bytes"],
        "received_bytes": destination["bytes"],
        "sent_packets": source["packets"],
        "received_packets": destination["packets"],
        "location": place.get("location"),
        "country": place.get("country"),
        "city": _find(event, "destination.geo.city_name"),
        "confidence": place.get("confidence"),
        "outcome": meaning.get("verdict"),
        "view": _words(meaning.get("view")),
        "uncounted": meaning.get("concerns_uncounted"),
        "concerns": _words(f"{one['country']}:{one['standing']}" for one in concerns),
        "fallback": _words(sorted({one["vendor"] for one in fallbacks or ()})),
        "edge": _find(event, "netmon.edge.holder"),
        "is_over": _PHASES[meaning["phase"]],
        "revision": 2 * packets + _PHASES[meaning["phase"]],
        "judgement": judgement.identifier,
        "numbers": judgement.numbers,
    }
    for name in _SAME_NAME:
        values[name] = meaning.get(name)
    yield StoreRow(tables.JUDGEMENTS, (judgement.identifier, values["day"], judgement.document))
    yield _row(tables.FLOWS, values)
    if values["severity"] is not None:
        yield _row(tables.FINDINGS, {**values, "document": to_json(without_judgement(event))})


_SAME_NAME = (
    "vendor",
    "component",
    "matched",
    "evidence",
    "reason",
    "severity",
    "lacks",
    "promise",
    "contact",
    "first_packet",
)
"""Columns of flows that are called as the event calls them."""


def _run_rows(event: Event) -> Iterator[StoreRow]:
    check_run(event)
    meaning = event["netmon"]
    when_ns, phase = time_ns(event["@timestamp"]), meaning["phase"]
    conditions = meaning["conditions"]
    values: dict[str, Value] = {
        **_of_run(event),
        "source": meaning["source"],
        "start_ns": time_ns(meaning["started"]),
        "end_ns": when_ns if phase == "end" else None,
        "privacy": conditions["privacy_level"],
        "revision": min(2 * when_ns, _MOST - 1) + _PHASES[phase],  # after 2116, only the end is newer
        "document": to_json(event),
        "since_ns": when_ns,
    }
    yield _row(tables.RUNS, values)
    if phase != "end":
        yield _row(tables.CONDITIONS, {**values, "document": to_json(conditions)})


def _view_rows(event: Event) -> Iterator[StoreRow]:
    meaning = event["netmon"]
    view = meaning.get("view") or {}
    yield _row(
        tables.VIEWS,
        {
            **_of_run(event),
            "interface": _NO_INTERFACE if meaning["scope"] == "run" else _interface(event) or "",
            "start_ns": _time(event, "event.start"),
            "end_ns": _time(event, "event.end"),
            "scope": meaning["scope"],
            "dropped": view.get("dropped", 0) + view.get("interface_dropped", 0),
            **{name: view.get(name, 0) for name in _VIEW},
            "up": view.get("up"),
            "document": to_json({key: _counters(meaning[key]) for key in _SECTIONS if key in meaning}),
        },
    )


def _counters(section: Mapping[str, Any]) -> Mapping[str, int]:
    """A section of a view. Raises ValueError for counters that no netmon writes."""
    for name, count in section.items():
        if not isinstance(count, int) or abs(count) > MOST_COUNTED:
            raise ValueError(f"{name!r:.40} is {count!r:.40}")
    return section


_VIEW = ("packets", "flow_packets", "undecoded_packets", "tcp_bytes", "unseen_tcp_bytes", "interruptions")
_COUNTS = frozenset((*SUMS, *_VIEW, "dropped", "machines"))
_NO_INTERFACE = "*"
"""In the place of an interface: what belongs to no single one."""
_SECTIONS = (
    *("view", "undecoded", "totals", "looked_up", "named", "unnamed"),
    *("ech", "encrypted_dns", "evicted", "rejected"),
)


def _evidence_rows(event: Event) -> Iterator[StoreRow]:
    values: dict[str, Value] = {
        **_of_run(event),
        "flow": event["netmon"]["flow_id"],
        "file": event["file"]["name"],
        "time_ns": time_ns(event["@timestamp"]),
        "sha256": event["file"]["hash"]["sha256"],
        "document": to_json(event),
    }
    yield _row(tables.EVIDENCE, values)


def _of_period(event: Event) -> dict[str, Value]:
    meaning = event["netmon"]
    first, last = period_days(meaning["period"])
    days = {"first_day": _day_number(first), "day": _day_number(last)}
    names = {"period": meaning["period"], "vendor": meaning["vendor"], "key_id": meaning["key"]}
    return {**_of_run(event), **days, **names}


def _day_number(day: date) -> int:
    return (day - _EPOCH.date()).days


def _counted_rows(event: Event) -> Iterator[StoreRow]:
    yield _row(tables.COUNTED, {**_of_period(event), "client": event["source"]["address"]})


def _count_rows(event: Event) -> Iterator[StoreRow]:
    meaning = event["netmon"]
    counts = {"machines": meaning["machines"], "is_complete": int(meaning["is_complete"])}
    if "since" in meaning:
        counts["since_ns"] = time_ns(meaning["since"])
    yield _row(tables.COUNTS, {**_of_period(event), **counts})


_DATASETS: Mapping[str, Callable[[Event], Iterator[StoreRow]]] = {
    "netmon.flow": _flow_rows,
    "netmon.run": _run_rows,
    "netmon.view": _view_rows,
    "netmon.evidence": _evidence_rows,
    "netmon.counted": _counted_rows,
    "netmon.count": _count_rows,
}
"""Datasets that are stored. DNS messages never are: they are about everything that clients do."""
