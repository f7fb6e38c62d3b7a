"""An event → rows: every column from its field, and nothing that is no event of netmon."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netmon.errors import EventError
from netmon.privacy import NOTHING, PSEUDONYM
from netmon.records import ClassifiedFlow, ConcernStanding, Fallback
from netmon.store.intake import parse_line
from netmon.store.judgements import with_judgement
from netmon.store.numbers import fill, lift
from netmon.store.rows import rows_of
from tests.records import MOSCOW, START_NS, UNEXPECTED, classified, flow
from tests.store.conftest import lines_of


def rows(line):
    """The rows of a line by table, as dictionaries."""
    return {row.table.name: dict(zip(row.table.names, row.values, strict=True)) for row in parse_line(line)}


def test_columns_of_a_flow():
    """Each column has what the event says; totals, times and the day are numbers."""
    found = classified(MOSCOW, UNEXPECTED, view=("one_way", "gap"), interface="eth1")
    standings = (ConcernStanding("RU", "located"), ConcernStanding("BY", "unknown"))
    [line] = lines_of(replace(found, concerns=standings))
    row = rows(line)["flows"]
    expected = {
        "sensor": "berlin",
        "site": "Adlershof",
        "run": "cafe",
        "flow": 7,
        "day": 19675,
        "start_ns": START_NS // 1000 * 1000,
        "last_ns": (START_NS + 2_500_000_000) // 1000 * 1000,
        "client": "192.0.2.17",
        "vendor": "acme",
        "name": "files.acme.example",
        "evidence": "sni",
        "grounds": "own",
        "server": "198.51.100.5",
        "server_port": 443,
        "transport": "tcp",
        "interface": "eth1",
        "sent_bytes": 1000,
        "received_bytes": 2000,
        "sent_packets": 10,
        "received_packets": 12,
        "location": "moscow",
        "country": "RU",
        "confidence": "agreed",
        "outcome": "unexpected",
        "severity": "warning",
        "promise": "files_in_zurich",
        "view": "one_way,gap",
        "concerns": "RU:located,BY:unknown",
        "is_over": 1,
    }
    assert {name: row[name] for name in expected} == expected


def test_a_finding_and_its_judgement_are_the_event():
    """What flows share is stored once; together with it, a finding is its event, as it was."""
    [line] = lines_of(classified(MOSCOW, UNEXPECTED))
    found = rows(line)
    finding, judgement = found["findings"], found["judgements"]
    assert finding["judgement"] == judgement["id"]
    rest = json.loads(finding["document"])
    assert with_judgement(rest, judgement["document"], finding["numbers"]) == json.loads(line)
    assert not rest["netmon"].keys() & {"place", "explanation", "vendor", "verdict"}


@pytest.mark.parametrize(("level", "shown"), [(PSEUDONYM, "client-"), (NOTHING, None)])
def test_clients_are_as_the_privacy_level_shows_them(level, shown):
    """Above level 0, no row has the address of a client."""
    lines = lines_of(classified(), level=level)
    client = rows(lines[0])["flows"]["client"]
    assert client is None if shown is None else client.startswith(shown)
    assert "192.0.2.17" not in repr(rows(lines[0]))


def test_flows_of_others_are_not_stored():
    """A flow that matches no vendor leaves nothing behind, unless a vendor falls back to its resolver."""
    assert rows(lines_of(ClassifiedFlow(flow()))[0]) == {}
    fallback = Fallback("acme", "Example", "vendor", None, "official")
    row = rows(lines_of(ClassifiedFlow(flow(), fallbacks=(fallback,)))[0])["flows"]
    assert (row["vendor"], row["fallback"]) == (None, "acme")


def test_dns_messages_are_not_stored():
    """They are about everything that clients do."""
    assert rows_of({"event": {"dataset": "netmon.dns"}}) == []


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "{}x",
        "[" * 100_000,
        '"text"',
        '{"event":{"dataset":"netmon.flow"}}',
        '{"event":{"dataset":"netmon.run"},"netmon":{}}',
        '{"event":{"dataset":"netmon.evidence"},"@timestamp":"2026-01-01"}',
        " " * 2_000_000,
        "{}",
        '{"event":{}}',
        '{"event":{"dataset":5}}',
        '{"event":{"dataset":"nginx.access"},"message":"GET /"}',
    ],
)
def test_what_is_no_event_is_refused(line):
    """A line that netmon did not write raises EventError and nothing else."""
    with pytest.raises(EventError):
        parse_line(line)


def paths_of(value, path=()):
    """The paths to all values of a JSON object."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths_of(item, (*path, key))
    else:
        yield path


EVENT = json.loads(lines_of(classified(MOSCOW, UNEXPECTED))[0])


@given(
    st.sampled_from(sorted(paths_of(EVENT))),
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.none()), st.just({})
    ),
)
def test_any_value_anywhere_gives_rows_or_an_error(path, value):
    """No value in any field of an event makes anything but rows that a database takes, or EventError."""
    event = json.loads(json.dumps(EVENT))
    inner = event
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    try:
        found = rows_of(event)
    except EventError:
        return
    for row in found:
        for column, item in zip(row.table.columns, row.values, strict=True):
            assert item is None or type(item) is (int if column.kind == "integer" else str)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("source", "bytes"), -1_000_000_000),
        (("destination", "packets"), -1),
        (("netmon", "flow_id"), -5),
        (("netmon", "severity"), "fine"),
        (("netmon", "verdict"), "harmless"),
        (("netmon", "contact"), "none"),
        (("network", "transport"), "sctp"),
        (("netmon", "vendor"), "ac\0me"),
        (("netmon", "vendor"), "ac\u202eme"),
        (("netmon", "vendor"), ""),
        (("netmon", "vendor"), "Acme Ltd"),
        (("netmon", "component"), "fi\x1b[2Jles"),
        (("netmon", "component"), 7),
        (("observer", "name"), "s\n"),
        (("source", "bytes"), 2**62),
        (("source", "bytes"), 2**53 + 1),
        (("destination", "packets"), 2**60),
    ],
)
def test_what_no_netmon_writes_is_refused(path, value):
    """A number that would make the sums of a fleet smaller, or a word that reports do not know."""
    event = json.loads(json.dumps(EVENT))
    event[path[0]][path[1]] = value
    with pytest.raises(EventError, match="not an event that netmon writes"):
        rows_of(event)
    if path[0] != "observer":  # in names of sensors, they are stored as escapes
        with pytest.raises(EventError, match="not an event that netmon writes"):
            parse_line(json.dumps(event))


@pytest.mark.parametrize("value", [2**60, -(2**60), 1.5, "3", None, {"a": 1}])
@pytest.mark.parametrize("section", ["view", "undecoded", "totals", "unnamed"])
def test_a_view_has_only_counters(section, value):
    """What reports add up is a number that a sensor can have counted."""
    times = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:01:00Z"}
    event = {
        "event": {"dataset": "netmon.view", **times},
        "observer": {"name": "s"},
        "netmon": {"run": "cafe", "scope": "run", section: {"some": value}},
    }
    with pytest.raises(EventError, match=r"not an event of netmon\.view"):
        rows_of(event)


STEPS = ["round trip: 12.346 ms, so it is at most 1851 km away: excluded: Tokyo", "2 sources agree on CH"]


def test_the_numbers_of_one_flow_are_told_apart():
    """Two flows with other round trips share a judgement, and each gets its own one back."""
    one = {"place": {"steps": STEPS, "rtt_ms": 12.346, "country": "CH"}, "row": "a"}
    other = {
        "place": {"steps": [STEPS[0].replace("12.346", "9.1"), STEPS[1]], "rtt_ms": 9.1, "country": "CH"}
    }
    other["row"] = "a"
    (shared, numbers), (also, others) = lift(one), lift(other)
    assert shared == also
    assert (fill(shared, numbers), fill(shared, others)) == (one, other)


@given(st.recursive(st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_what_is_lifted_is_filled_in_again(value):
    """Any document comes back as it was, apart from the character that marks the holes."""
    document = json.loads(json.dumps({"row": value}).replace("\\ufffc", ""))
    assert fill(*lift(document)) == document
