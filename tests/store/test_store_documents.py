"""What is stored is what reports can read: any single wrong field of an event is refused, or harmless."""

import copy
import json
import random

import pytest
from msgspec.structs import replace

from netmon.errors import EventError, StoreError
from netmon.language.language import Language
from netmon.records import ClassifiedFlow, ConcernStanding, Fallback
from netmon.report.build import build
from netmon.report.checks import checks_of
from netmon.report.gather import gather
from netmon.report.tabular import TableName, table_as_csv
from netmon.report.write import contents_of
from netmon.store.intake import Intake, import_lines, parse_line
from netmon.store.queries import Scope
from netmon.store.sqlite import MEMORY, SqliteStore
from tests.records import MOSCOW, UNEXPECTED, classified, flow
from tests.report.recorded import SIGNATURES, record
from tests.report.scenes import SCENES
from tests.store.conftest import events_of

FALLBACK = Fallback("kaspersky", "Example", "vendor", "reputation", "official")
CHECKS = checks_of(["netmon", "report"])
DELETED = object()
VALUES = (DELETED, None, "zz", "", -5, 1.5, 10**18, True, [], {}, ["a"], {"a": 1}, [[]], float("nan"))


def _events():
    """An event of each kind that a report reads."""
    finding = replace(
        classified(MOSCOW, UNEXPECTED),
        vendor="kaspersky",
        component="reputation",
        concerns=(ConcernStanding("RU", "located"),),
        edge="Example",
    )
    events = events_of(finding, ClassifiedFlow(flow(flow_id=8), fallbacks=(FALLBACK,)))
    recorded = map(json.loads, record(SCENES["moscow"]()))
    others = {}
    for event in recorded:
        if event["event"]["dataset"] != "netmon.flow":
            others.setdefault((event["event"]["dataset"], event["netmon"].get("phase")), event)
    run = others["netmon.run", "end"]["netmon"]
    run["files"] = [{"name": "a.pcap", "size": 5, "sha256": "a1" * 32}]
    run["problems"] = ["a.pcap: cut"]
    return [*events, *others.values()]


EVENTS = _events()


def _paths(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from _paths(item, (*path, key))


def _changed(event, path, value):
    event = copy.deepcopy(event)
    inner = event
    for key in path[:-1]:
        inner = inner[key]
    if value is DELETED:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return event


def _report_on(lines):
    """All that is made of a store of these events; the problems of the import if it refuses one."""
    store = SqliteStore(MEMORY)
    try:
        _count, problems = import_lines(lines, Intake(store, MEMORY))
        if not problems:
            _write_reports(store)
        return problems
    finally:
        store.close()


def _write_reports(store):
    report = build(gather(store, Scope()), SIGNATURES, ["kaspersky"], ["netmon", "report"])
    for kind in ("json", "html"):
        contents_of(report, kind, Language("de"), SIGNATURES.locations, CHECKS)
    for table in TableName:
        table_as_csv(report, table)


def test_any_wrong_field_is_refused_or_harmless():
    """After an import, no single field that is missing, of a wrong type or unknown ends a report."""
    jobs = [
        (number, path, value)
        for number, event in enumerate(EVENTS)
        for path in _paths(event)
        for value in VALUES
    ]
    refused = written = 0
    for number, path, value in random.Random(14).sample(jobs, 30):
        lines = [
            json.dumps(_changed(one, path, value) if at == number else one) for at, one in enumerate(EVENTS)
        ]
        if _report_on(lines):
            refused += 1
        else:
            written += 1
    assert min(refused, written) > 5


def test_events_as_they_are_give_a_report():
    """Nothing that netmon writes is refused."""
    assert _report_on(map(json.dumps, EVENTS)) == []


@pytest.mark.parametrize(
    ("number", "path", "value", "problem"),
    [
        (
            1,
            ("netmon", "fallback", 0, "question"),
            "svcb",
            r"netmon\.fallback\[0\]\.question: .*'svcb'.*newer",
        ),
        (0, ("netmon", "reason"), "moon_phase", r"netmon.*reason 'moon_phase'.*newer"),
        (0, ("netmon", "evidence"), "ouija", r"netmon\.evidence: .*'ouija'.*newer"),
        (0, ("netmon", "concerns", 0, "standing"), "maybe", r"netmon\.concerns\[0\]\.standing: .*'maybe'"),
        (0, ("netmon", "place", "votes", 1, "date"), 20260617, r"netmon\.place\.votes\[1\]\.date: .*`int`"),
        (0, ("netmon", "evidence"), DELETED, "netmon.*missing.*`evidence`"),
        (0, ("netmon", "place", "rtt_ms"), -5, r"netmon\.place\.rtt_ms: .*>= 0"),
        (0, ("netmon", "place", "rtt_ms"), 1e308, r"netmon\.place\.rtt_ms: .*<= "),
        (0, ("netmon", "place", "rtt_samples"), -1, r"netmon\.place\.rtt_samples: .*>= 0"),
        (2, ("netmon", "conditions", "signatures"), True, r"netmon\.conditions\.signatures: "),
        (0, ("netmon", "place", "new"), float("nan"), "not an event"),
    ],
)
def test_a_refusal_says_where_and_what(number, path, value, problem):
    """The message names the field and the value, and that a newer netmon may have written the word."""
    with pytest.raises(EventError, match=problem):
        parse_line(json.dumps(_changed(EVENTS[number], path, value)))


def test_a_field_without_a_value_is_left_out():
    """A null is what netmon never writes, and means the same as no field."""
    line = json.dumps(_changed(EVENTS[0], ("netmon", "edge"), None))
    assert parse_line(line) == parse_line(json.dumps(_changed(EVENTS[0], ("netmon", "edge"), DELETED)))


def test_a_newer_field_is_taken():
    """A field that this netmon does not know is no reason to refuse the event."""
    event = _changed(EVENTS[0], ("netmon", "place", "weather"), {"sun": [1]})
    assert _report_on([json.dumps(event)]) == []


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            "UPDATE judgements SET document = json_set(document, '$.fallback[0].question', 'svcb')",
            "sensor berlin, run cafe, .*fallback",
        ),
        (
            "UPDATE judgements SET document = json_remove(document, '$.evidence')",
            "sensor berlin, run cafe, 20",
        ),
        ("UPDATE runs SET document = json_remove(document, '$.netmon.conditions')", "sensor .*, run run-of-"),
        ("UPDATE conditions SET document = '{'", "sensor .*, run run-of-"),
        ("UPDATE conditions SET document = NULL", "sensor .*, run run-of-"),
        ("UPDATE flows SET numbers = '{\"rtt'", "sensor berlin, run cafe, 20.*Unterminated"),
        ("UPDATE flows SET numbers = '[]'", "sensor berlin, run cafe, .*numbers: Expected `object`"),
        ("UPDATE flows SET numbers = '\"x\"'", "sensor berlin, run cafe, .*numbers: Expected `object`"),
        ('UPDATE flows SET numbers = json(\'{"rtt_ms": "x"}\')', r"sensor berlin, .*numbers\.rtt_ms: "),
    ],
)
def test_what_a_store_should_not_have_is_named(store, statement, named):
    """A store of before this check, or one that was changed, gives an error that says whose event it is."""
    assert import_lines(map(json.dumps, EVENTS), Intake(store, MEMORY))[1] == []
    store.execute(statement)
    with pytest.raises(StoreError, match=named):
        _write_reports(store)
