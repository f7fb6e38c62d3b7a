"""The smallest round trips that are remembered."""

from netmon.days import DAY_NS
from netmon.places.round_trips import RoundTrips
from netmon.records import RoundTrip
from tests.records import START_NS, flow

MS = 1_000_000


def seen(rtt_ms, *, server="198.51.100.5", start_ns=START_NS, interception="unlikely", **more):
    rtt_ns = None if rtt_ms is None else round(rtt_ms * MS)
    return flow(server=server, start_ns=start_ns, rtt_ns=rtt_ns, interception=interception, **more)


def test_the_smallest_is_kept_with_its_count_and_time():
    """Later, slower handshakes change the count only."""
    trips = RoundTrips()
    assert trips.take(seen(9)) == RoundTrip(9 * MS, 1, START_NS, "unlikely")
    assert trips.take(seen(4, start_ns=START_NS + 1)) == RoundTrip(4 * MS, 2, START_NS + 1, "unlikely")
    assert trips.take(seen(7, start_ns=START_NS + 2)) == RoundTrip(4 * MS, 3, START_NS + 1, "unlikely")


def test_a_flow_without_a_measurement_has_that_of_others():
    """What was measured before holds for the address, also for a flow whose handshake was not seen."""
    trips = RoundTrips()
    assert trips.take(seen(None)) is None
    trips.take(seen(4))
    assert trips.take(seen(None)) == RoundTrip(4 * MS, 1, START_NS, "unlikely")


def test_a_flow_counts_once_however_often_it_is_reported():
    """An update and the end of a flow that was reported before are not further samples."""
    trips = RoundTrips()
    trips.take(seen(4, phase="open"))
    trips.take(seen(4, phase="update", new_sent_bytes=10))
    assert trips.take(seen(4, phase="end", new_received_bytes=0)).samples == 1


def test_another_address_and_another_day_begin_anew():
    """Addresses move: yesterday's round trip says nothing about today."""
    trips = RoundTrips()
    trips.take(seen(4))
    assert trips.take(seen(9, server="198.51.100.6")).min_ns == 9 * MS
    assert trips.take(seen(9, start_ns=START_NS + DAY_NS)).min_ns == 9 * MS


def test_what_may_come_from_the_middle_is_forgotten():
    """Once interception is suspected, nothing is remembered, nor is what was measured before."""
    trips = RoundTrips()
    trips.take(seen(0.3, interception="unknown"))
    assert trips.take(seen(0.4, interception="suspected")) == RoundTrip(400_000, 1, START_NS, "suspected")
    assert trips.take(seen(None, interception="suspected")) is None
    assert trips.take(seen(20)) == RoundTrip(20 * MS, 1, START_NS, "unlikely")


def test_the_latest_opinion_on_interception_holds():
    """A round trip measured when little was known counts fully once destinations differ."""
    trips = RoundTrips()
    assert trips.take(seen(0.5, interception="unknown")).interception == "unknown"
    assert trips.take(seen(None, interception="unlikely")).interception == "unlikely"


def test_a_flood_of_addresses_stays_in_bounds():
    """The addresses not seen for the longest time go, and are counted."""
    trips = RoundTrips(addresses=100)
    for number in range(1000):
        trips.take(seen(5, server=f"198.51.{number // 250}.{number % 250}"))
        trips.take(seen(5, server="203.0.113.1"))
    assert trips.evicted == 901
    assert trips.take(seen(9, server="203.0.113.1")).min_ns == 5 * MS
    assert trips.take(seen(9, server="198.51.0.0")).min_ns == 9 * MS
