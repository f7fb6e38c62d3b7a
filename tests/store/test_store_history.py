"""Views of a store: each adds up to the total, in every format."""

import csv
import io
import json

import pytest
from msgspec.structs import replace

from netmon.language.language import Language
from netmon.outputs.observer import Observer
from netmon.outputs.run_events import RunEvents
from netmon.outputs.spreadsheet import safe_cell
from netmon.store.history import BY, as_csv, as_json, missing_lines, read_history, table_rows
from netmon.store.intake import Intake
from netmon.store.queries import Scope
from tests.records import MOSCOW, UNDECIDED, UNEXPECTED, ZURICH, classified
from tests.store.conftest import CONDITIONS

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


@pytest.mark.parametrize(
    ("by", "label"),
    [
        ("place", "acme: Moskau, RU"),
        ("place", "acme: strittig"),
        ("place", "acme: unbekannt"),
        ("address", "198.51.100.5, RU, Moskau"),
        ("address", "198.51.100.5, strittig"),
        ("client", "nicht gezeigt"),
    ],
)
def test_labels_are_in_the_language(store, keep, by, label):
    """Cities, places in doubt and what is not shown are words; CSV and JSON stay as they are."""
    keep(
        *FLOWS,
        classified(replace(MOSCOW, location="disputed", country="disputed", city=None), flow_id=5),
        classified(replace(MOSCOW, location="unknown", country="unknown", city=None), flow_id=6),
        classified(flow_id=7, client=None),
    )
    view = read_history(store, Scope(), by)
    assert label in {text for text, _ in table_rows(view, Language("de"))}
    assert "Moskau" not in as_csv(view) + as_json(view)


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


@pytest.mark.parametrize(
    "begin", ["=", "+", "-", "@", "\t", "\r", " =", "\t-", "\u00a0@", "＝", "＋", "－", "＠", " ＝"]
)
def test_no_sign_of_any_width_begins_a_formula(begin):
    """Full-width signs calculate as well, and spreadsheets drop spaces before a sign."""
    assert safe_cell(f"{begin}1") == f"'{begin}1"
    assert safe_cell(f"a{begin}1") == f"a{begin}1"


def test_a_vendor_that_is_not_there_has_no_lines(store, keep):
    """An empty view is no error."""
    keep(*FLOWS)
    view = read_history(store, Scope(vendor="other"), "place")
    assert (view.rows, view.total.flows) == ([], 0)


HOUR_NS = 3_600_000_000_000
BEGIN_NS = 19_675 * 24 * HOUR_NS


def watched(
    store, *views, sensor="berlin", begin=0, until=24, dropped=0, sieved=0, ports=("eth1",), up=("eth1",)
):
    """A live run of `ports`; `views` are the hours that were watched, `until` its end (None: it was killed).

    Only the ports `up` come up; packets are `dropped` and `sieved` in each view.
    """
    lines = io.StringIO()
    about = RunEvents([lines], Observer(sensor, "", f"run of {sensor} at {begin}"), is_live=True)
    facts = {"conditions": CONDITIONS, "interfaces": list(ports)}
    about.run("start", BEGIN_NS + begin * HOUR_NS, **facts)
    for number, (start, end) in enumerate(views, 1):
        state = {port: {"up": int(port in up), "dropped": number * dropped} for port in ports}
        counters = {"packets": 1000 * number, "sieved_packets": number * sieved}
        stats = {"view": dict.fromkeys(up, counters), "interfaces": state}
        about.view(stats, BEGIN_NS + int(start * HOUR_NS), BEGIN_NS + int(end * HOUR_NS))
    if until is not None:
        about.run("end", BEGIN_NS + until * HOUR_NS, **facts)
    intake = Intake(store, "memory")
    for line in lines.getvalue().splitlines():
        intake.write(line)
    intake.flush()


def hours(since, until):
    """A period of hours."""
    return Scope.between(
        *(None if hour is None else BEGIN_NS + int(hour * HOUR_NS) for hour in (since, until))
    )


def gaps_of(store, scope=WHOLE):
    """Sensor, interface and hours of each gap, the longest first."""
    found = read_history(store, scope, "day").missing.gaps
    return [
        (
            one.sensor,
            one.interface,
            (one.start_ns - BEGIN_NS) / HOUR_NS,
            (one.end_ns - BEGIN_NS) / HOUR_NS,
        )
        for one in found
    ]


def missing_of(store, scope=WHOLE, language="en"):
    """The lines about what is missing."""
    return list(missing_lines(read_history(store, scope, "day"), Language(language)))


def test_times_without_a_sensor_are_named(store):
    """As in a report: how often, how long, and the longest."""
    watched(store, (0, 6), (7.5, 20), (20.01, 23))
    assert missing_of(store) == [
        "Not watched: 3 times, 2.51 h in all; longest 2023-11-14 06:00:00 to 2023-11-14 07:30:00 "
        "(berlin, eth1)."
    ]
    [longest, last, short] = json.loads(as_json(read_history(store, Scope(), "place")))["gaps"]
    assert longest == {
        "sensor": "berlin",
        "interface": "eth1",
        "start": "2023-11-14T06:00:00Z",
        "end": "2023-11-14T07:30:00Z",
        "seconds": 5400.0,
    }
    assert last["end"] == "2023-11-15T00:00:00Z"
    assert short["seconds"] == 36


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


def test_what_the_kernel_sieve_drops_is_not_lost(store):
    """It is among all packets, of which those that were dropped are a share."""
    watched(store, (0, 12), (12, 24), dropped=10, sieved=8990)
    assert missing_of(store) == ["Dropped: 20 of 20,000 packets (0.1 %)."]
    assert missing_of(store, hours(13, None)) == [
        "Dropped: 10 of 10,000 packets (0.1 %).",
        "1 record of what the sensor saw also covers time before or after this period, and its counters "
        "cannot be divided: all its packets, 10,000, are counted here.",
    ]


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


def test_an_interface_that_never_came_up_is_a_gap(store):
    """For the whole period: the run says that it was to watch it."""
    watched(store, (0, 24), ports=("eth1", "eth2"))
    assert gaps_of(store) == [("berlin", "eth2", 0, 24)]
    assert gaps_of(store, hours(3, 5)) == [("berlin", "eth2", 3, 5)]
    [said] = missing_of(store)
    assert "1 time, 24 h" in said
    assert "(berlin, eth2)" in said


def test_an_interface_that_was_removed_is_none(store):
    """A later run that does not name it was not to watch it."""
    watched(store, (0, 24), ports=("eth1", "eth2"))
    watched(store, (24, 48), begin=24, until=48)
    assert gaps_of(store, hours(24, None)) == []


@pytest.mark.parametrize("ending", [10, None])
def test_a_sensor_that_was_silent_for_the_whole_period_is_a_gap(store, ending):
    """It ran before and after, whether or not it was stopped, and whether or not others ran meanwhile."""
    watched(store, (0, 10), until=ending)
    watched(store, (30, 40), begin=30, until=40)
    assert gaps_of(store, hours(12, 20)) == [("berlin", "eth1", 12, 20)]
    watched(store, (0, 48), sensor="bern", until=48)
    assert gaps_of(store, hours(12, 20)) == [("berlin", "eth1", 12, 20)]


def test_a_sensor_that_died_is_a_gap_for_ever(store):
    """As long as others tell that time goes on; one that was stopped, and not started again, is retired."""
    watched(store, (0, 10), sensor="dead", until=None)
    watched(store, (0, 10), sensor="retired", until=10)
    watched(store, (0, 48), until=48)
    assert gaps_of(store, hours(24, 36)) == [("dead", "eth1", 24, 36)]
    assert gaps_of(store, hours(5, 36)) == [("dead", "eth1", 10, 36), ("retired", "eth1", 10, 36)]


def test_a_killed_sensor_does_not_answer_for_later_times(store):
    """What it recorded last is its end; of the time after the latest record nothing is known."""
    watched(store, (0, 10), until=None)
    assert gaps_of(store, hours(5, 20)) == []
    assert missing_of(store, hours(5, 20)) == [
        "The latest record is of 2023-11-14 10:00:00: of the time after that, nothing is recorded."
    ]
    view = json.loads(as_json(read_history(store, hours(5, 20), "day")))
    assert (view["runs"], view["latest_record"]) == (1, "2023-11-14T10:00:00Z")


@pytest.mark.parametrize("ending", [10, None])
def test_a_sensor_that_runs_again_has_a_gap_until_then(store, ending):
    """Up to the end of the period, where it runs again only after that."""
    watched(store, (0, 10), until=ending)
    watched(store, (30, 40), begin=30, until=40)
    assert gaps_of(store, hours(5, 20)) == [("berlin", "eth1", 10, 20)]
    assert gaps_of(store, hours(5, 35)) == [("berlin", "eth1", 10, 30)]


@pytest.mark.parametrize("ending", [10, None])
def test_a_period_without_a_run_says_so(store, ending):
    """An empty table is no all-clear."""
    watched(store, (0, 10), until=ending)
    said = missing_of(store, hours(12, 20))
    assert said[0] == "No sensor ran in this period, and no capture file that was read is of it."
    assert missing_of(store, hours(12, None)) == said[:1]
    assert json.loads(as_json(read_history(store, hours(12, 20), "day")))["runs"] == 0


def test_a_run_of_which_no_view_is_recorded_has_no_gaps(store):
    """Events of views are not imported: nothing is known about its interfaces."""
    watched(store, ports=("eth1", "eth2"))
    assert gaps_of(store) == []
