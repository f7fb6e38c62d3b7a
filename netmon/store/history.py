"""Tables of a store's flows: by place, component, client, name, address or day."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from netmon.language.language import ENGLISH, Language
from netmon.outputs.ecs import timestamp
from netmon.outputs.json_line import json_line
from netmon.outputs.looked_up import looked_up_lines
from netmon.outputs.spreadsheet import safe_cell
from netmon.outputs.texts import bytes_text, duration_text
from netmon.quality import percent_text
from netmon.store.gaps import Missing, WatchGap, missing
from netmon.store.machines import Machines, machines
from netmon.store.queries import Reader, Scope, Totals, totals, totals_by
from netmon.store.spans import looked_up
from netmon.store.undivided import Undivided, UndividedViews, undivided, undivided_days, undivided_views

BY: Mapping[str, tuple[str, ...]] = {
    "place": ("vendor", "country", "location", "city"),
    "component": ("vendor", "component"),
    "client": ("client", "client_mac", "client_host"),
    "name": ("vendor", "name"),
    "address": ("server", "country", "city"),
    "day": ("day",),
}
"""The columns of each view; `day` is a date."""
UNSETTLED = ("unknown", "disputed")
"""What a place says instead of a country."""
_COUNTED = ("flows", "sent_bytes", "received_bytes", "findings", "undecided", "first", "last")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A line of a view: its texts by column, and what flows of it add up to."""

    texts: Mapping[str, str | None]
    totals: Totals
    findings: int  # flows with a finding of any severity
    undecided: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class History:
    """A view of a period: the lines with most bytes first, or in the order of days; and their total."""

    by: str
    scope: Scope
    rows: Sequence[HistoryRow]
    total: Totals
    machines: Mapping[str, Machines]  # by vendor
    missing: Missing
    undivided: Undivided  # between this period and others
    undivided_days: Undivided  # between days, if the view is by day
    undivided_views: UndividedViews  # between this period and others
    looked_up: Mapping[str, int]  # DNS queries for names, by vendor
    vendors: Set[str]  # of which there are flows


def read_history(reader: Reader, scope: Scope, by: str) -> History:
    """A view, one of `BY`."""
    columns = BY[by]
    needed = tuple(dict.fromkeys((*columns, "vendor", "outcome", "severity")))
    grouped: dict[tuple[Any, ...], HistoryRow] = {}
    vendors = set()
    for group in totals_by(reader, scope, needed):
        values = dict(zip(needed, group.group, strict=True))
        one = HistoryRow(
            texts={name: _text(name, values[name]) for name in columns},
            totals=group.totals,
            findings=group.totals.flows if values["severity"] is not None else 0,
            undecided=group.totals.flows if values["outcome"] == "undecided" else 0,
            first_ns=group.first_ns,
            last_ns=group.last_ns,
        )
        key = tuple(values[name] for name in columns)
        known = grouped.get(key)
        grouped[key] = one if known is None else _sum(known, one)
        vendors.add(str(values["vendor"]))
    rows = list(grouped.values())
    if by != "day":
        rows.sort(key=lambda row: -row.totals.sent_bytes - row.totals.received_bytes)
    return History(
        by,
        scope,
        rows,
        totals(reader, scope),
        machines(reader, scope),
        missing(reader, scope),
        undivided(reader, scope),
        undivided_days(reader, scope) if by == "day" else Undivided(),
        undivided_views(reader, scope),
        looked_up(reader, scope),
        vendors,
    )


def _text(name: str, value: Any) -> str | None:
    return day_text(value) if name == "day" else value


def day_text(day: int) -> str:
    """A day since 1970 as an ISO date."""
    return (_EPOCH + timedelta(days=day)).date().isoformat()


def limit_texts(scope: Scope) -> tuple[str | None, str | None]:
    """The first and the last day of the period, or its times if it does not begin and end with days."""
    if not scope.is_in_days:
        since, until = (None if one is None else _timestamp(one) for one in scope.asked)
        return since, until
    first = None if scope.since_day is None else day_text(scope.since_day)
    return first, None if scope.until_day is None else day_text(scope.until_day - 1)


def _sum(one: HistoryRow, other: HistoryRow) -> HistoryRow:
    return HistoryRow(
        one.texts,
        Totals(*(a + b for a, b in zip(one.totals, other.totals, strict=True))),
        one.findings + other.findings,
        one.undecided + other.undecided,
        min(one.first_ns, other.first_ns),
        max(one.last_ns, other.last_ns),
    )


def _values(row: HistoryRow) -> dict[str, Any]:
    counts = (row.totals.flows, row.totals.sent_bytes, row.totals.received_bytes, row.findings, row.undecided)
    times = (_timestamp(row.first_ns), _timestamp(row.last_ns))
    return {**row.texts, **dict(zip(_COUNTED, (*counts, *times), strict=True))}


def _timestamp(time_ns: int) -> str:
    return f"{timestamp(time_ns)[:19]}Z"


def _moment(time_ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_ns // 1000)


def as_csv(history: History) -> str:
    """The view as CSV (RFC 4180). A text that a spreadsheet would calculate begins with an apostrophe."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow((*BY[history.by], *_COUNTED))
    for row in history.rows:
        writer.writerow(map(_cell, _values(row).values()))
    return stream.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str):
        return safe_cell(value)
    return "" if value is None else value


def as_json(history: History) -> str:
    """The view as a line of JSON."""
    since, until = limit_texts(history.scope)
    return json_line(
        {
            "by": history.by,
            "since": since,
            "until": until,
            "vendor": history.scope.vendor,
            "rows": [_values(row) for row in history.rows],
            "total": history.total._asdict(),
            "machines": {vendor: _machines(one) for vendor, one in history.machines.items()},
            "gaps": [_gap(one) for one in history.missing.gaps],
            "runs": history.missing.runs,
            "latest_record": None if history.missing.ends_ns is None else _timestamp(history.missing.ends_ns),
            "packets": history.missing.packets,
            "dropped_packets": history.missing.dropped,
            "erased_flows": history.missing.erased,
            "looked_up": history.looked_up,
            "undivided": asdict(history.undivided),
            "undivided_days": asdict(history.undivided_days),
            "undivided_views": asdict(history.undivided_views),
        }
    )


def _machines(one: Machines) -> dict[str, Any]:
    return {**one._asdict(), "periods": [period._asdict() for period in one.periods]}


def _gap(one: WatchGap) -> dict[str, Any]:
    return {
        "sensor": one.sensor,
        "interface": one.interface,
        "start": _timestamp(one.start_ns),
        "end": _timestamp(one.end_ns),
        "seconds": (one.end_ns - one.start_ns) / 1e9,
    }


def undivided_lines(history: History, language: Language = ENGLISH) -> Iterator[str]:
    """Lines about flows whose bytes cannot be divided between periods or days."""
    across = history.undivided
    if across.flows:
        yield language.say_count(
            across.flows,
            "{count} flow also lasted before or after this period, and its bytes cannot be divided: "
            "{counted} are counted here, and {others} are not.",
            "{count} flows also lasted before or after this period, and their bytes cannot be divided: "
            "{counted} are counted here, and {others} are not.",
            counted=bytes_text(across.counted_bytes, language),
            others=bytes_text(across.other_bytes, language),
        )
    across = history.undivided_days
    if across.flows:
        yield language.say_count(
            across.flows,
            "{count} flow lasted for several days, and its {counted} cannot be divided: they are counted "
            "on one of its days.",
            "{count} flows lasted for several days, and their {counted} cannot be divided: they are counted "
            "on one day of each.",
            counted=bytes_text(across.counted_bytes + across.other_bytes, language),
        )


def only_looked_up_lines(history: History, language: Language = ENGLISH) -> Iterator[str]:
    """A line for each vendor of which only names were looked up."""
    return looked_up_lines(history.looked_up, history.vendors, language)


def missing_lines(history: History, language: Language = ENGLISH) -> Iterator[str]:
    """Lines about times in which no sensor watched, packets that were dropped, and flows that were erased."""
    gaps, dropped, packets, runs, ends_ns, erased = history.missing
    if runs == 0:
        yield language.say("No sensor ran in this period, and no capture file that was read is of it.")
    if gaps:
        yield language.say_count(
            len(gaps),
            "Not watched: {count} time, {span}, {start} to {end} ({sensor}, {interface}).",
            "Not watched: {count} times, {span} in all; longest {start} to {end} ({sensor}, {interface}).",
            span=duration_text(sum(one.end_ns - one.start_ns for one in gaps) / 1e9, language),
            start=language.stamp(_moment(gaps[0].start_ns)),
            end=language.stamp(_moment(gaps[0].end_ns)),
            sensor=gaps[0].sensor,
            interface=gaps[0].interface,
        )
    if ends_ns is not None:
        yield language.say(
            "The latest record is of {time}: of the time after that, nothing is recorded.",
            time=language.stamp(_moment(ends_ns)),
        )
    if dropped:
        yield language.say(
            "Dropped: {count} of {total} packets ({share}).",
            count=language.number(dropped),
            total=language.number(packets),
            share=percent_text(dropped, packets, language),
        )
    across = history.undivided_views
    if dropped and across.packets:
        yield language.say_count(
            across.records,
            "{count} record of what the sensor saw also covers time before or after this period, and its "
            "counters cannot be divided: all its packets, {packets}, are counted here.",
            "{count} records of what the sensor saw also cover time before or after this period, and their "
            "counters cannot be divided: all their packets, {packets}, are counted here.",
            packets=language.number(across.packets),
        )
    if erased:
        yield language.say_count(
            erased,
            "{count} flow was erased on request after this period began: if it was of this period, it is not "
            "counted here.",
            "{count} flows were erased on request after this period began: those of this period are not "
            "counted here.",
        )


def machine_lines(history: History, language: Language = ENGLISH) -> Iterator[str]:
    """A line for each vendor: how many machines there were, and in each counting period."""
    for vendor, one in history.machines.items():
        periods = "".join(
            f"; {each.period}: {_range(each.at_least, each.at_most, language)}" for each in one.periods
        )
        is_told = len(one.periods) > 1 or not one.is_exact
        count = _range(one.at_least, one.at_most, language)
        yield language.say(
            "Machines of {vendor}: {count}{periods}.",
            vendor=vendor,
            count=count,
            periods=periods if is_told else "",
        )


def _range(at_least: int, at_most: int | None, language: Language) -> str:
    least = language.number(at_least)
    if at_most is None:
        return language.say("at least {count}", count=least)
    if at_least == at_most:
        return least
    return language.say("between {least} and {most}", least=least, most=language.number(at_most))


def table_rows(history: History, language: Language = ENGLISH) -> Iterator[tuple[str, HistoryRow]]:
    """The lines with what they are about in one text, such as "Zurich, CH"."""
    for row in history.rows:
        yield _label(history.by, row.texts, language), row


def _label(by: str, texts: Mapping[str, str | None], language: Language) -> str:
    said = {name: _said(name, text, language) for name, text in texts.items() if text}
    if by == "place":
        where = ", ".join(said[name] for name in ("city", "country") if name in said)
        return f"{texts['vendor']}: {where or language.say('unknown')}"
    separator = ": " if by in ("component", "name") else ", "
    return separator.join(said.values()) or language.say("not shown")


def _said(name: str, text: str, language: Language) -> str:
    """A text as people read it: cities, and countries that are in doubt, are words of the language."""
    if name == "city":
        return language.say_of("city", text)
    return language.say(text) if name == "country" and text in UNSETTLED else text
