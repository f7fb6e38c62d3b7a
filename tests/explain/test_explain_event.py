"""Which lines are events that can be explained, and what is said about the others."""

import contextlib
import io
import json

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.errors import EventError
from netmon.explain.event import read_event
from netmon.outputs.events import Events
from netmon.privacy import ADDRESS, NOTHING, Privacy
from netmon.records import ClassifiedFlow, Verdict
from tests import records

VERDICT = Verdict(
    "expected", "place_as_promised", "files_in_zurich", row="the place is one that was promised"
)


def line(level=ADDRESS, **changes):
    flow = records.flow(**changes)
    seen = ClassifiedFlow(
        flow, "acme", "files", "official", records.ZURICH, VERDICT, signature="acme.yaml:12"
    )
    stream = io.StringIO()
    Events(stream, Privacy(level, bytes(32)), {}).flow(seen)
    return stream.getvalue()


def edited(path, value=None):
    """The event with another value, or without one."""
    event = json.loads(line())
    *parents, last = path.split(".")
    inner = event
    for key in parents:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(event)


def problem(text):
    with pytest.raises(EventError) as raised:
        read_event(text)
    return str(raised.value)


@pytest.mark.parametrize("level", [ADDRESS, NOTHING])
@pytest.mark.parametrize("phase", ["open", "end"])
def test_what_netmon_writes_is_read(level, phase):
    """Events of the start and of the end of a flow, with or without the client's address."""
    event = read_event(line(level, phase=phase))
    assert (event.vendor, event.day, event.name) == ("acme", "2023-11-14", "files.acme.example")
    assert (event["netmon.verdict"], event["netmon.severity"]) == ("expected", None)
    assert (event["source.ip"] is None) == (level == NOTHING)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not an event: expecting value at character 1; give one complete line of JSON"),
        ("nonsense", "not an event: expecting value at character 1"),
        (line()[:500], "not an event: "),
        ("[" * 100_000, "not an event: it is nested too deeply"),
        ("[]", "not an event: a JSON object is needed"),
        ("17", "not an event: a JSON object is needed"),
        ("{}", "not the event of a flow: it has no event.dataset"),
        ('{"event": 3}', "not the event of a flow: it has no event.dataset"),
        ('{"event":{"dataset":"zeek.conn"}}', 'not the event of a flow: its event.dataset is "zeek.conn"'),
        ('{"event":{"dataset":"netmon.dns"}}', 'not the event of a flow: its event.dataset is "netmon.dns"'),
        ('{"event":{"dataset":"netmon.flow"},"netmon":{"flow_id":3}}', "flow 3 matches no vendor"),
    ],
)
def test_what_is_no_event_of_a_verdict_is_named(text, said):
    """Not JSON, cut, another tool's, of a DNS message, of a flow without a vendor."""
    assert problem(text).startswith(said)


@pytest.mark.parametrize(
    "path",
    ["netmon.row", "netmon.signature", "netmon.vendor", "netmon.place", "destination.ip", "netmon.reason"],
)
def test_an_event_without_enough_detail_says_what_it_lacks(path):
    """An older event, or one from which somebody removed a field: the capture can still explain the flow."""
    said = problem(edited(path))
    assert said.startswith(f"the event of flow 7 lacks {path}")
    assert "explain the flow from its capture: netmon explain --flow ID FILE" in said


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("netmon.verdict", "innocent"),
        ("netmon.reason", "because"),
        ("netmon.contact", 3),
        ("netmon.flow_id", "7"),
        ("netmon.flow_id", True),
        ("netmon.flow_id", 7.5),
        ("netmon.vendor", ["acme"]),
        ("netmon.place.votes", "CH"),
        ("netmon.place.votes", [{"country": "CH"}]),
        ("netmon.place.votes", [{"source": "db", "city": 3}]),
        ("netmon.place.steps", [1]),
        ("netmon.concerns", [{"country": "RU", "standing": "there"}]),
        ("netmon.concerns", [{"source": "db"}]),
        ("event.start", "yesterday"),
        ("destination.port", "443"),
        ("netmon.view", {"one_way": True}),
    ],
)
def test_values_that_netmon_never_writes_are_named(path, value):
    """An edited line is refused; it is not explained as if netmon had judged so."""
    said = problem(edited(path, value))
    assert said.endswith(f" has values that netmon does not write: {path}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PATHS = st.sampled_from(
    ["event", "event.dataset", "netmon", "netmon.place", "netmon.concerns", "netmon.view", "source", "tls"]
)


@given(PATHS, JSON)
def test_any_edit_is_read_or_refused_in_one_line(path, value):
    """Whatever stands in a line, it raises no other error."""
    event = json.loads(line())
    *parents, last = path.split(".")
    inner = event
    for key in parents:
        inner = inner[key]
    inner[last] = value
    with contextlib.suppress(EventError):
        assert read_event(json.dumps(event)).vendor == "acme"
