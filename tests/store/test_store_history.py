"""Views of a store: each adds up to the total, in every format."""

import csv
import io
import json
from dataclasses import replace

import pytest

from netmon.language.language import Language
from netmon.outputs.observer import Observer
from netmon.outputs.run_events import RunEvents
from netmon.store.history import BY, as_csv, as_json, missing_lines, read_history, table_rows
from netmon.store.intake import Intake
from netmon.store.queries import Scope
from tests.records import MOSCOW, UNDECIDED, UNEXPECTED, ZURICH, classified

WHOLE = Scope()
FLOWS = [
    classified(MOSCOW, UNEXPECTED, flow_id=1, client="192.0.2.1", sent_bytes=5000),
    classified(MOSCOW, UNDECIDED, flow_id=2, client="192.0.2.1"),
    classified(ZURICH, UNDECIDED, flow_id=3, client="192.0.2.2", server="198.51.100.9"),
    replace(classified(flow_id=4, name="=cmd.example"), component="updates"),
]


@pytest.mark.parametrize("by", BY)
def test_lines_add_up_to_the_total(store, keep, by):
    """Each flow and each byte is in one line."""
    keep(*FLOWS)
    view = read_history(store, Scope(), by)
    assert tuple(map(sum, zip(*(row.totals for row in view.rows), strict=True))) == view.total
    assert (view.total.flows, sum(row.findings for row in view.rows)) == (4, 1)
    assert sum(row.undecided for row in view.rows) == 2


@pytest.mark.parametrize(
    ("by", "labels"),
    [
        ("place", {"acme: Moscow, RU": 2, "acme: Zurich, CH": 2}),
        ("component", {"acme: files": 3, "acme: updates": 1}),
        ("client", {"192.0.2.1": 2, "192.0.2.2": 1, "192.0.2.17": 1}),
        (
            "address",
            {"198.51.100.5, RU, Moscow": 2, "198.51.100.9, CH, Zurich": 1, "198.51.100.5, CH, Zurich": 1},
        ),
        ("day", {"2023-11-14": 4}),
    ],
)
def test_labels_of_lines(store, keep, by, labels):
    """A line says what it is about in words."""
    keep(*FLOWS)
    view = read_history(store, Scope(), by)
    assert {label: row.totals.flows for label, row in table_rows(view)} == labels


def test_lines_with_most_bytes_come_first(store, keep):
    """Which of our machines was it? The one at the top."""
    keep(*FLOWS)
    [first, *_] = read_history(store, Scope(), "client").rows
    assert (first.texts["client"], first.totals.sent_bytes, first.findings) == ("192.0.2.1", 6000, 1)


@pytest.mark.parametrize("by", BY)
def test_formats_say_the_same(store, keep, by):
    """CSV and JSON have the same columns and numbers, and the bytes are exact."""
    keep(*FLOWS)
    view = read_history(store, Scope(), by)
    written = json.loads(as_json(view))
    table = list(csv.DictReader(io.StringIO(as_csv(view))))
    texts = [
        {key: "" if value is None else str(value) for key, value in row.items()} for row in written["rows"]
    ]
    assert [{key: value.removeprefix("'") for key, value in row.items()} for row in table] == texts
    assert written["total"]["sent_bytes"] == 8000


def test_a_name_is_no_formula(store, keep):
    """Names come from packets: a spreadsheet must not calculate them."""
    keep(*FLOWS)
    assert "acme,'=cmd.example,1" in as_csv(read_history(store, Scope(), "name"))


def test_a_vendor_that_is_not_there_has_no_lines(store, keep):
    """An empty view is no error."""
    keep(*FLOWS)
    view = read_history(store, Scope(vendor="other"), "place")
    assert (view.rows, view.total.flows) == ([], 0)


HOUR_NS = 3_600_000_000_000
BEGIN_NS = 19_675 * 24 * HOUR_NS


def watched(store, *views, sensor="berlin", until=24, dropped=0):
    """A live run; `views` are the hours that were watched. Returns nothing; `dropped` in each."""
    lines = io.StringIO()
    about = RunEvents([lines], Observer(sensor, "", f"run of {sensor}"), is_live=True)
    conditions = {"privacy_level": 0}
    about.run("start", BEGIN_NS, conditions=conditions)
    for number, (begin, end) in enumerate(views, 1):
        up = {"eth1": {"up": 1, "dropped": number * dropped}}
        stats = {"view": {"eth1": {"packets": 1000 * number}}, "interfaces": up}
        about.view(stats, BEGIN_NS + int(begin * HOUR_NS), BEGIN_NS + int(end * HOUR_NS))
    about.run("end", BEGIN_NS + until * HOUR_NS, conditions=conditions)
    intake = Intake(store, "memory")
    for line in lines.getvalue().splitlines():
        intake.write(line)
    intake.flush()


def missing_of(store, scope=WHOLE, language="en"):
    """The lines about what is missing."""
    return list(missing_lines(read_history(store, scope, "day"), Language(language)))


def test_times_without_a_sensor_are_named(store):
    """As in a report: how often, how long, and the longest."""
    watched(store, (0, 6), (7.5, 20), (20.01, 23))
    assert missing_of(store) == [
        "Not watched: 2 times, 2.5 h in all; longest 2023-11-14 06:00:00 to 2023-11-14 07:30:00 "
        "(berlin, eth1)."
    ]
    [longest, last] = json.loads(as_json(read_history(store, Scope(), "place")))["gaps"]
    assert longest == {
        "sensor": "berlin",
        "interface": "eth1",
        "start": "2023-11-14T06:00:00Z",
        "end": "2023-11-14T07:30:00Z",
        "seconds": 5400.0,
    }
    assert last["end"] == "2023-11-15T00:00:00Z"


def test_gaps_are_those_of_the_period(store):
    """One that lies outside is not told, and one at its beginning begins with it."""
    watched(store, (0, 6), (7.5, 24))
    assert missing_of(store, Scope.between(BEGIN_NS + 8 * HOUR_NS, None)) == []
    within = Scope.between(BEGIN_NS + 7 * HOUR_NS, BEGIN_NS + 20 * HOUR_NS)
    assert missing_of(store, within) == [
        "Not watched: 1 time, 30 min, 2023-11-14 07:00:00 to 2023-11-14 07:30:00 (berlin, eth1)."
    ]


def test_dropped_packets_are_named(store):
    """Their number and share, so that nobody takes the table for everything."""
    watched(store, (0, 24), dropped=250)
    assert missing_of(store) == ["Dropped: 250 of 1,250 packets (20 %)."]
    view = json.loads(as_json(read_history(store, Scope(), "place")))
    assert (view["packets"], view["dropped_packets"]) == (1250, 250)


def test_a_whole_view_and_files_have_no_such_line(store, keep):
    """Nothing is missing in what was watched all the time, nor in files."""
    watched(store, (0, 24))
    keep(*FLOWS)
    assert missing_of(store) == []


def test_what_is_missing_is_said_in_german(store):
    """With German numbers and dates."""
    watched(store, (0, 6), (7.5, 24), dropped=1)
    assert missing_of(store, language="de") == [
        "Nicht beobachtet: 1-mal, 90 min, 14.11.2023 06:00:00 bis 14.11.2023 07:30:00 (berlin, eth1).",
        "Verworfen: 2 von 2.002 Paketen (< 0,1 %).",
    ]
