"""Views of a store: each adds up to the total, in every format."""

import csv
import io
import json
from dataclasses import replace

import pytest

from netmon.store.history import BY, as_csv, as_json, read_history, table_rows
from netmon.store.queries import Scope
from tests.records import MOSCOW, UNDECIDED, UNEXPECTED, ZURICH, classified

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
