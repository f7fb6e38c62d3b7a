"""The shipped networks seen from three cities: the places that a round trip permits, and the verdicts."""

import ipaddress
from pathlib import Path

import pytest

from netmon.places.declared import Position
from netmon.places.locator import Locator
from netmon.records import RoundTrip
from netmon.verdict.judgement import judge
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from tests.places.test_shipped_networks import NETWORKS, SEPTEMBER_15_2026, SIGNATURES
from tests.verdict_cases import make_case

OWN_TABLE = Path(__file__).parent / "networks_by_round_trip.txt"
INTRODUCTION = """\
# Every network of the shipped signatures on 2026-09-15, with the given smallest round trip to it, as seen by
# a sensor (accuracy 10 km) in Frankfurt for a client in Germany, in Vienna for one in Austria, and in Moscow
# for one in Russia: the place, and the verdict on reputation traffic. Written by
# `pytest tests/places/test_networks_by_round_trip.py --update-golden`; review every difference.
"""
CITIES = {
    "frankfurt": (Position(50.111, 8.682, 10), "DE", (1.5, 6.5, 40.0)),
    "vienna": (Position(48.208, 16.373, 10), "AT", (2.0, 6.5, 40.0)),
    "moscow": (Position(55.756, 37.617, 10), "RU", (1.5, 11.5, 40.0)),
}


def place_of(city, prefix, rtt_ms):
    position, _country, _rtts = CITIES[city]
    network = ipaddress.ip_network(prefix)
    trip = None if rtt_ms is None else RoundTrip(round(rtt_ms * 1e6), 9, SEPTEMBER_15_2026, "unlikely")
    locator = Locator(SIGNATURES, position=position)
    return locator.locate(str(network[network.num_addresses // 2]), SEPTEMBER_15_2026, trip)


def verdict_on(place, city, prefix):
    vendor = SIGNATURES.vendors[NETWORKS[prefix].vendor]
    case = make_case(
        vendor,
        "reputation",
        "official",
        place,
        (),
        SEPTEMBER_15_2026,
        SIGNATURES.locations,
        holder_shown=True,
    )
    return judge(case, Policy(), Subject(CITIES[city][1]))


def section(city, rtt_ms):
    """The excluded locations for a city and a round trip, then a row for each network."""
    rows = []
    for prefix in NETWORKS:
        place = place_of(city, prefix, rtt_ms)
        found = verdict_on(place, city, prefix)
        row = (prefix, place.confidence, place.country, place.location, found.outcome, found.reason)
        rows.append("{:<20} {:<9} {:<9} {:<11} {:<11} {}\n".format(*row))
    return f"\n{city} {rtt_ms} ms excludes: {', '.join(place.excluded) or 'nothing'}\n" + "".join(rows)


def test_networks_by_round_trip(request):
    """Excluded locations, places, confidences and verdicts match the table."""
    sections = (section(city, rtt_ms) for city, (_, _, rtts) in CITIES.items() for rtt_ms in rtts)
    text = INTRODUCTION + "".join(sections)
    if request.config.getoption("--update-golden"):
        OWN_TABLE.write_text(text, encoding="utf-8")
    assert text == OWN_TABLE.read_text(encoding="utf-8")


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("prefix", NETWORKS)
def test_a_long_round_trip_changes_nothing(city, prefix):
    """With 200 ms every place on earth is possible, so the votes alone decide."""
    far, without = place_of(city, prefix, 200.0), place_of(city, prefix, None)
    assert far.excluded == ()
    assert (far.location, far.country, far.confidence) == (
        without.location,
        without.country,
        without.confidence,
    )


@pytest.mark.parametrize("rtt_ms", [1.5, 3.0, 6.5, 10.0])
@pytest.mark.parametrize("prefix", NETWORKS)
def test_a_server_near_frankfurt_is_never_located_in_moscow(prefix, rtt_ms):
    """With a round trip this small from Frankfurt, no server is reported in Moscow."""
    place = place_of("frankfurt", prefix, rtt_ms)
    assert "moscow" in place.excluded
    assert place.location != "moscow"
