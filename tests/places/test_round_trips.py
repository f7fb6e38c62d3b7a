"""The smallest round trip by address and day."""

from netmon.days import DAY_NS
from netmon.places.round_trips import SmallestRoundTrips
from netmon.records import RoundTrip
from tests.records import START_NS, flow

MS = 1_000_000


def seen(rtt_ms, *, server="198.51.100.5", start_ns=START_NS, interception="unlikely", **more):
    rtt_ns = None if rtt_ms is None else round(rtt_ms * MS)
    return flow(server=server, start_ns=start_ns, rtt_ns=rtt_ns, interception=interception, **more)


def test_the_smallest_is_kept_with_its_count_and_time():
    """Later, slower handshakes change only the count."""
    trips = SmallestRoundTrips()
    assert trips.record(seen(9)) == RoundTrip(9 * MS, 1, START_NS, "unlikely")
    assert trips.record(seen(4, start_ns=START_NS + 1)) == RoundTrip(4 * MS, 2, START_NS + 1, "unlikely")
    assert trips.record(seen(7, start_ns=START_NS + 2)) == RoundTrip(4 * MS, 3, START_NS + 1, "unlikely")


def test_a_flow_without_a_measurement_has_that_of_others():
    """An earlier measurement of the address also applies to a flow whose handshake was not seen."""
    trips = SmallestRoundTrips()
    assert trips.record(seen(None)) is None
    trips.record(seen(4))
    assert trips.record(seen(None)) == RoundTrip(4 * MS, 1, START_NS, "unlikely")


def test_a_flow_counts_once_however_often_it_is_reported():
    """Later reports on the same flow are not further samples."""
    trips = SmallestRoundTrips()
    trips.record(seen(4, phase="open"))
    trips.record(seen(4, phase="update", new_sent_bytes=10))
    assert trips.record(seen(4, phase="end", new_received_bytes=0)).samples == 1


def test_addresses_and_days_are_kept_apart():
    """Addresses move, so yesterday's round trip does not apply today."""
    trips = SmallestRoundTrips()
    trips.record(seen(4))
    assert trips.record(seen(9, server="198.51.100.6")).min_ns == 9 * MS
    assert trips.record(seen(9, start_ns=START_NS + DAY_NS)).min_ns == 9 * MS


def test_suspected_interception_discards_round_trips():
    """Once interception is suspected, nothing is kept, and earlier measurements are discarded."""
    trips = SmallestRoundTrips()
    trips.record(seen(0.3, interception="unknown"))
    assert trips.record(seen(0.4, interception="suspected")) == RoundTrip(400_000, 1, START_NS, "suspected")
    assert trips.record(seen(None, interception="suspected")) is None
    assert trips.record(seen(20)) == RoundTrip(20 * MS, 1, START_NS, "unlikely")


def test_the_latest_assessment_of_interception_counts():
    """A round trip measured while interception was unknown counts fully once it is unlikely."""
    trips = SmallestRoundTrips()
    assert trips.record(seen(0.5, interception="unknown")).interception == "unknown"
    assert trips.record(seen(None, interception="unlikely")).interception == "unlikely"


def test_a_flood_of_addresses_is_bounded():
    """The least recently seen addresses are evicted, and evictions are counted."""
    trips = SmallestRoundTrips(addresses=100)
    for number in range(1000):
        trips.record(seen(5, server=f"198.51.{number // 250}.{number % 250}"))
        trips.record(seen(5, server="203.0.113.1"))
    assert trips.evicted == 901
    assert trips.record(seen(9, server="203.0.113.1")).min_ns == 5 * MS
    assert trips.record(seen(9, server="198.51.0.0")).min_ns == 9 * MS
