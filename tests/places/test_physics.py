"""The locations that the speed of light rules out, and those that it does not."""

import math

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.places.declared import Position
from netmon.places.physics import (
    CITY_RADIUS_KM,
    LIGHT_KM_PER_MS,
    TIMING_MARGIN_NS,
    DistanceCheck,
    max_distance_km,
    min_country_distance_km,
    min_distance_km,
)
from netmon.places.sphere import distance_km
from netmon.records import RoundTrip
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.signatures.model import Location

LOCATIONS = load_folder(default_folder()).locations
FRANKFURT = Position(50.111, 8.682, 10)
VIENNA = Position(48.208, 16.373, 10)
MOSCOW = Position(55.756, 37.617, 10)
MS = 1_000_000

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)
POINTS = st.tuples(LATITUDES, LONGITUDES)
POSITIONS = st.builds(Position, LATITUDES, LONGITUDES, st.floats(0, 20_000))
TRIPS_NS = st.integers(1, 400 * MS)


def trip(rtt_ns, interception="unlikely", samples=1):
    return RoundTrip(rtt_ns, samples, 0, interception)


def excluded(position, rtt_ms, **more):
    return DistanceCheck(position, LOCATIONS).bound(trip(round(rtt_ms * MS), **more)).excluded


@pytest.mark.parametrize(
    ("one", "other", "wgs84_km"),
    [  # geodesics on WGS 84, after Karney
        ((0, 0), (0, 1), 111.320),
        ((0, 0), (1, 0), 110.574),
        ((0, 0), (0, 180), 20_003.93),
        ((90, 0), (-90, 0), 20_003.93),
        ((51.4778, -0.0014), (48.8584, 2.2945), 334.6),  # Greenwich, Eiffel tower
        ((55.756, 37.617), (50.111, 8.682), 2026.0),  # Moscow, Frankfurt
    ],
)
def test_distance_is_that_of_the_ellipsoid_within_the_margin(one, other, wgs84_km):
    """The error of the sphere is within the margin."""
    assert distance_km(*one, *other) * (1 - 0.0056) <= wgs84_km
    assert distance_km(*one, *other) == pytest.approx(wgs84_km, rel=0.0057)


@given(POINTS, POINTS, POINTS)
def test_distance_is_a_metric(one, other, third):
    """It is symmetric, zero to itself, at most half the circumference, and obeys the triangle inequality."""
    assert distance_km(*one, *one) == pytest.approx(0, abs=1e-6)
    assert distance_km(*one, *other) == pytest.approx(distance_km(*other, *one))
    assert 0 <= distance_km(*one, *other) <= math.pi * 6371.01
    assert distance_km(*one, *third) <= distance_km(*one, *other) + distance_km(*other, *third) + 1e-3


def test_light_goes_there_and_back():
    """10 ms, with the timing margin, allow 1649 km each way."""
    assert max_distance_km(10 * MS) == pytest.approx((10 + TIMING_MARGIN_NS / MS) * LIGHT_KM_PER_MS / 2)
    assert max_distance_km(10 * MS) == pytest.approx(1648.86, abs=0.01)


@pytest.mark.parametrize(
    ("position", "rtt_ms", "moscow", "zurich"),
    [
        (FRANKFURT, 1.2, True, False),
        (FRANKFURT, 11.5, True, False),
        (FRANKFURT, 11.8, False, False),
        (FRANKFURT, 40, False, False),
        (VIENNA, 1.0, True, True),
        (VIENNA, 2.5, True, False),
        (VIENNA, 9.0, True, False),
        (VIENNA, 9.6, False, False),
        (MOSCOW, 1.2, False, True),
        (MOSCOW, 12.5, False, True),
        (MOSCOW, 14, False, False),
    ],
)
def test_edges_of_the_bound(position, rtt_ms, moscow, zurich):
    """Moscow and Zürich become possible at the expected round trips, as seen from three cities."""
    found = excluded(position, rtt_ms)
    assert ("moscow" in found, "zurich" in found) == (moscow, zurich)


@given(POSITIONS, TRIPS_NS)
def test_only_what_is_certainly_too_far_is_excluded(position, rtt_ns):
    """Not even light could return in time from the nearest point of an excluded location."""
    found = DistanceCheck(position, LOCATIONS).bound(trip(rtt_ns)).excluded
    for location in LOCATIONS.values():
        ends = (position.latitude, position.longitude, location.latitude, location.longitude)
        nearest_km = distance_km(*ends) * 0.9944 - CITY_RADIUS_KM - position.accuracy_km
        back_ms = 2 * nearest_km / LIGHT_KM_PER_MS
        if location.id in found:
            assert back_ms > rtt_ns / MS + 1 - 1e-6
        else:
            assert back_ms <= rtt_ns / MS + 1 + 1e-6 or rtt_ns < MS


@given(POSITIONS, TRIPS_NS, TRIPS_NS)
def test_a_longer_round_trip_never_excludes_more(position, one_ns, other_ns):
    """The smaller of two round trips excludes at least the locations that the greater one does."""
    check = DistanceCheck(position, LOCATIONS)
    small, great = (set(check.bound(trip(rtt_ns)).excluded) for rtt_ns in sorted((one_ns, other_ns)))
    assert great <= small


@given(POSITIONS, TRIPS_NS, st.floats(0, 5000))
def test_a_less_accurate_position_never_excludes_more(position, rtt_ns, more_km):
    """The less accurate the sensor's position, the fewer locations are excluded."""
    vague = Position(position.latitude, position.longitude, position.accuracy_km + more_km)
    sharp_ids, vague_ids = (
        set(DistanceCheck(one, LOCATIONS).bound(trip(rtt_ns)).excluded) for one in (position, vague)
    )
    assert vague_ids <= sharp_ids


@given(st.sampled_from(sorted(LOCATIONS)), TRIPS_NS)
def test_the_location_of_the_sensor_is_never_excluded(name, rtt_ns):
    """A server next to the sensor is always possible."""
    here = LOCATIONS[name]
    assert (
        name
        not in DistanceCheck(Position(here.latitude, here.longitude), LOCATIONS).bound(trip(rtt_ns)).excluded
    )


@given(POINTS, POINTS, st.floats(0, 5), st.floats(0, CITY_RADIUS_KM), st.floats(0, 500))
def test_a_real_server_is_never_excluded(sensor, city, detour, off_km, delay_ms):
    """A server within its city's radius is never excluded, whatever the detour and the delay."""
    straight_km = max(0.0, distance_km(*sensor, *city) - off_km) * (1 - 0.0056)
    real_ms = 2 * straight_km * (1 + detour) / LIGHT_KM_PER_MS + delay_ms
    location = Location("there", "There", "XX", *city)
    check = DistanceCheck(Position(*sensor, 0), {"there": location})
    assert check.bound(trip(max(1, round(real_ms * MS)))).excluded == ()


def test_the_fibre_limit_is_reported_and_excludes_nothing():
    """Locations beyond the reach of light in fibre are named in the step, and not excluded."""
    bound = DistanceCheck(FRANKFURT, LOCATIONS).bound(trip(13 * MS))
    assert "moscow" not in bound.excluded
    assert (
        bound.step.partition("implausible by light in fibre, which excludes nothing: ")[2]
        == "moscow, saint_petersburg"
    )


@pytest.mark.parametrize(
    ("position", "rtt_ms", "interception", "words"),
    [
        (None, 5, "unlikely", "the sensor's position is not configured"),
        (FRANKFURT, 5, "suspected", "a middlebox seems to answer"),
        (FRANKFURT, 0.8, "unknown", "few destinations were seen"),
    ],
)
def test_nothing_is_excluded_and_the_step_says_why(position, rtt_ms, interception, words):
    """Without a position, with interception, or with a suspiciously small round trip, nothing is excluded."""
    bound = DistanceCheck(position, LOCATIONS).bound(trip(round(rtt_ms * MS), interception))
    assert bound.excluded == ()
    assert words in bound.step
    assert bound.step.endswith("nothing is excluded")


def test_a_small_round_trip_counts_once_destinations_differ():
    """Below 1 ms it counts only when other destinations are farther away; above 1 ms it always does."""
    assert "moscow" in excluded(FRANKFURT, 0.8, interception="unlikely")
    assert "moscow" in excluded(FRANKFURT, 1.0, interception="unknown")


def test_the_step_has_the_measurement():
    """The step has the round trip, the greatest possible distance, and the excluded locations."""
    step = DistanceCheck(FRANKFURT, {"moscow": LOCATIONS["moscow"]}).bound(trip(6_400_000, samples=3)).step
    assert step == "round trip: 6.400 ms, so it is at most 1109 km away: excludes moscow"


def test_the_smallest_distance_has_every_margin_subtracted():
    """The ellipsoid, the city's radius and the position's accuracy count in favour of the location."""
    far = distance_km(50.111, 8.682, 55.756, 37.617)
    assert min_distance_km(FRANKFURT, LOCATIONS["moscow"]) == pytest.approx(far * 0.9944 - 110)


BERLIN = Position(52.52, 13.405, 10)


@pytest.mark.parametrize(
    ("position", "rtt_ms", "not_in"),
    [
        (FRANKFURT, 2.3, {"RU", "UA", "US", "CN"}),  # 495 km, and Kaliningrad is 885 km away
        (FRANKFURT, 4.5, {"RU", "UA", "US", "CN"}),
        (FRANKFURT, 4.7, {"UA", "US", "CN"}),
        (FRANKFURT, 6.0, {"US", "CN"}),
        (FRANKFURT, 1.0, {"RU", "UA", "US", "CN"}),  # Switzerland and the Netherlands are within 300 km
        (BERLIN, 1.7, {"RU", "UA", "US", "CN", "CH"}),
        (BERLIN, 2.3, {"UA", "US", "CN", "CH"}),
        (VIENNA, 1.5, {"RU", "US", "CN", "CH", "NL"}),
        (MOSCOW, 1.0, {"UA", "US", "CN", "CH", "DE", "NL"}),
        (MOSCOW, 5.0, {"US", "CN", "CH", "DE", "NL"}),  # Ukraine is 450 km away
        (FRANKFURT, 40.0, set()),
    ],
)
def test_countries_that_cannot_be(position, rtt_ms, not_in):
    """Of the countries asked about, those whose nearest point is beyond the reach of light."""
    countries = frozenset({"CH", "CN", "DE", "NL", "RU", "UA", "US"})
    bound = DistanceCheck(position, LOCATIONS).bound(trip(round(rtt_ms * MS)), countries)
    assert set(bound.not_in) == not_in
    assert not set(bound.implausible) & set(bound.not_in)


def test_the_step_names_countries_in_words():
    """Those that cannot be, and those that light in fibre would not reach, which are not excluded."""
    bound = DistanceCheck(FRANKFURT, {}).bound(trip(5 * MS), frozenset({"CN", "RU", "US", "CH"}))
    assert (bound.not_in, bound.implausible) == (("CN", "US"), ("RU",))
    assert bound.step == (
        "round trip: 5.000 ms, so it is at most 899 km away: excludes nothing; what answered cannot be in "
        "China or United States; implausible by light in fibre, which excludes nothing: Russia"
    )


@pytest.mark.parametrize(
    ("position", "interception"), [(None, "unlikely"), (FRANKFURT, "suspected"), (FRANKFURT, "unknown")]
)
def test_an_unreliable_round_trip_excludes_no_country(position, interception):
    """Without a position, with a middlebox, or below a millisecond while few destinations were seen."""
    bound = DistanceCheck(position, LOCATIONS).bound(trip(MS // 2, interception), frozenset({"RU", "US"}))
    assert (bound.not_in, bound.implausible) == ((), ())


COUNTRIES = st.sampled_from(["CH", "DE", "RU", "UA", "US", "FR", "NZ", "FJ", "AQ", "XK", "XX"])


@given(POSITIONS, TRIPS_NS, COUNTRIES)
def test_a_country_is_excluded_only_if_light_could_not_return(position, rtt_ns, country):
    """Not even light could return in time from its nearest point, all margins subtracted."""
    km = min_country_distance_km(position, country)
    found = DistanceCheck(position, LOCATIONS).bound(trip(rtt_ns), frozenset({country}))
    assert (country in found.not_in) == (km > max_distance_km(rtt_ns))


@given(POSITIONS, TRIPS_NS, TRIPS_NS, COUNTRIES)
def test_a_longer_round_trip_never_excludes_more_countries(position, one_ns, other_ns, country):
    """The smaller of two round trips excludes at least the countries that the greater one does."""
    check = DistanceCheck(position, LOCATIONS)
    small, great = (
        set(check.bound(trip(ns), frozenset({country})).not_in) for ns in sorted((one_ns, other_ns))
    )
    assert great <= small


@given(POSITIONS, st.sampled_from(sorted(LOCATIONS)), st.floats(0, 5), st.floats(0, 300))
def test_the_country_of_a_real_server_is_never_excluded(position, name, detour, delay_ms):
    """Wherever sensor and server are, whatever the detour and the delay."""
    there = LOCATIONS[name]
    straight_km = distance_km(position.latitude, position.longitude, there.latitude, there.longitude)
    real_ms = 2 * straight_km * (1 - 0.0056) * (1 + detour) / LIGHT_KM_PER_MS + delay_ms
    bound = DistanceCheck(position, LOCATIONS).bound(
        trip(max(1, round(real_ms * MS))), frozenset({there.country})
    )
    assert bound.not_in == ()
