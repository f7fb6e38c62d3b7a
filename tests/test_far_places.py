"""Round trips on a mirror port, over a link with real delays: excluded places, and detected proxies."""

import pytest

from tests.lab.far import FarWorld
from tests.lab.lab import wait_for
from tests.machine import need

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NAME = "eu.files.cloud.example"
SHORT_MS, LONG_MS, TOO_SHORT_MS = 5, 30, 11.5
"""Round trips: too short for Frankfurt to Moscow and back, long enough, and the limit between them."""

MOSCOW, SLOW_MOSCOW = "203.0.113.20", "203.0.113.21"  # according to two databases
DISPUTED, SLOW_DISPUTED = "203.0.113.220", "203.0.113.221"  # Zürich, according to one of them
ANYWHERE = "3fff::/20"
ELSEWHERE = [f"3fff:{number:x}::1" for number in range(24)]


@pytest.fixture
def world(tmp_path):
    need("ip", "tc", "ethtool", "curl")
    short = dict.fromkeys((MOSCOW, DISPUTED, ANYWHERE), SHORT_MS)
    with FarWorld(tmp_path, short | {SLOW_MOSCOW: LONG_MS, SLOW_DISPUTED: LONG_MS}) as running:
        yield running


def flows(sensor):
    return sum(sensor.sums("netmon_flows_total", "vendor").values())


def of_kind(events, kind):
    """The events of flows that "start" or "end"."""
    return [event for event in events if kind in event["event"]["type"]]


def events_of(sensor, kind):
    """The events of flows that "start" or "end", once the sensor has stopped."""
    code, events = sensor.stop()
    assert code == 0
    return of_kind(events, kind)


def test_a_short_delay_excludes_moscow_and_a_long_one_does_not(world):
    """By the server's response time Moscow is excluded or not; if not, the verdict is the usual one."""
    sensor = world.sensor()
    addresses = [MOSCOW] * 3 + [SLOW_MOSCOW, DISPUTED, DISPUTED, SLOW_DISPUTED]
    world.fetch(NAME, addresses)
    wait_for(lambda: flows(sensor) == len(addresses), "every flow is counted")
    last = {event["destination"]["ip"]: event["netmon"] for event in events_of(sensor, "end")}
    found = {
        address: (one["verdict"], one["reason"], one["place"]["location"]) for address, one in last.items()
    }
    assert found == {
        MOSCOW: ("undecided", "no_location", "unknown"),
        SLOW_MOSCOW: ("unexpected", "place_elsewhere", "moscow"),
        DISPUTED: ("undecided", "single_source", "zurich"),
        SLOW_DISPUTED: ("undecided", "databases_disagree", "disputed"),
    }
    for address, one in last.items():
        place, is_slow = one["place"], address in (SLOW_MOSCOW, SLOW_DISPUTED)
        assert place.get("excluded", []) == ([] if is_slow else ["moscow"])
        assert place["rtt_min_ms"] >= (LONG_MS if is_slow else SHORT_MS)
        assert place["rtt_min_ms"] <= place["rtt_ms"]
        assert place["rtt_ms"] == max(one["rtt_min_ms"], one["answer_rtt_ms"])
        assert place["rtt_samples"] == addresses.count(address)


def test_a_proxy_that_answers_for_every_server_excludes_nothing(world):
    """Its first round trips are used; once unrelated destinations have the same ones, they are ignored."""
    sensor = world.sensor()
    visits = 0

    def visit(times=1):
        nonlocal visits
        world.fetch(NAME, [MOSCOW] * times)
        visits += times
        wait_for(lambda: len(of_kind(sensor.events(), "start")) == visits, "every flow to Moscow is reported")

    def is_excluded():
        visit()  # repeated, because a busy machine may answer late
        return ("unknown",) in sensor.sums("netmon_flows_total", "location")

    def is_suspected():
        world.fetch("www.example.org", ELSEWHERE)  # repeated for the same reason
        return sensor.sums("netmon_interception_suspected")[()] == 1

    wait_for(is_excluded, "a round trip excludes Moscow")
    before = visits
    wait_for(is_suspected, "interception is suspected")
    visit(times=3)
    started = [event["netmon"] for event in events_of(sensor, "start")]
    assert started[before - 1]["place"]["excluded"] == ["moscow"]
    for one in started[before:]:
        assert one["interception"] == "suspected"
        assert "a middlebox seems to answer: nothing is excluded" in one["place"]["steps"][0]
        assert (one["verdict"], one["place"]["location"]) == ("unexpected", "moscow")
    assert min(one["rtt_min_ms"] for one in started[before:]) < TOO_SHORT_MS
