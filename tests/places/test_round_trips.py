"""The round trip of a flow, and the smallest one by server."""

import pytest

from netmon.days import DAY_NS
from netmon.places.round_trips import JUMP_SAMPLES, SmallestRoundTrips, own_round_trip
from netmon.records import RoundTrip
from tests.records import START_NS, flow

MS = 1_000_000
SERVER = "198.51.100.5"


def seen(rtt_ms, *, server=SERVER, start_ns=START_NS, interception="unlikely", **more):
    rtt_ns = None if rtt_ms is None else round(rtt_ms * MS)
    measured = {"rtt_ns": rtt_ns, "answer_rtt_ns": rtt_ns}
    return flow(server=server, start_ns=start_ns, interception=interception, **measured | more)


def record(trips, one):
    return trips.record(one, own_round_trip(one))


@pytest.mark.parametrize(
    ("rtt_ns", "answer_rtt_ns", "own_ns"),
    [
        (2 * MS, 40 * MS, 40 * MS),  # a firewall near the sensor answers the SYN
        (40 * MS, 12 * MS, 40 * MS),  # the first SYN was slow
        (2 * MS, None, None),
        (None, 40 * MS, None),
        (None, None, None),
    ],
)
def test_a_flow_has_the_greater_of_its_round_trips(rtt_ns, answer_rtt_ns, own_ns):
    """One of them alone says nothing: a firewall may have answered."""
    own = own_round_trip(flow(rtt_ns=rtt_ns, answer_rtt_ns=answer_rtt_ns))
    assert (own and own.min_ns) == own_ns


def test_the_smallest_is_kept_with_its_count_and_time():
    """Later, slower answers change only the count."""
    trips = SmallestRoundTrips()
    assert record(trips, seen(9)) == RoundTrip(9 * MS, 1, START_NS, "unlikely")
    assert record(trips, seen(4, start_ns=START_NS + 1)) == RoundTrip(4 * MS, 2, START_NS + 1, "unlikely")
    assert record(trips, seen(7, start_ns=START_NS + 2)) == RoundTrip(4 * MS, 3, START_NS + 1, "unlikely")


def test_a_flow_without_a_measurement_shows_that_of_others():
    """The smallest round trip to the address is shown for a flow of which none was measured."""
    trips = SmallestRoundTrips()
    assert record(trips, seen(None)) is None
    record(trips, seen(4))
    assert record(trips, seen(None)) == RoundTrip(4 * MS, 1, START_NS, "unlikely")


def test_a_flow_counts_once_however_often_it_is_reported():
    """Only its last report is a sample, but an earlier one may have the smallest round trip."""
    trips = SmallestRoundTrips()
    record(trips, seen(4, phase="open"))
    record(trips, seen(4, phase="update", new_sent_bytes=10))
    assert record(trips, seen(4, phase="end", new_received_bytes=0)).samples == 1
    assert record(trips, seen(5, phase="end")).samples == 2


def test_addresses_are_kept_apart_and_forgotten_after_seven_days():
    """Addresses move, so an old round trip says nothing."""
    trips = SmallestRoundTrips()
    record(trips, seen(4))
    assert record(trips, seen(9, server="198.51.100.6")).min_ns == 9 * MS
    assert record(trips, seen(9, start_ns=START_NS + 7 * DAY_NS)).min_ns == 4 * MS
    assert record(trips, seen(9, start_ns=START_NS + 7 * DAY_NS + 1)).min_ns == 9 * MS
    assert record(trips, seen(None, server="198.51.100.6", start_ns=START_NS - 8 * DAY_NS)) is None


def test_suspected_interception_forgets_round_trips():
    """Once interception is suspected, nothing is kept, and earlier measurements are forgotten."""
    trips = SmallestRoundTrips()
    record(trips, seen(0.3, interception="unknown"))
    assert record(trips, seen(0.4, interception="suspected")) is None
    assert record(trips, seen(None, interception="suspected")) is None
    assert record(trips, seen(20)) == RoundTrip(20 * MS, 1, START_NS, "unlikely")


def test_a_server_can_be_forgotten():
    """As one whose address is announced from several places."""
    trips = SmallestRoundTrips()
    record(trips, seen(4))
    trips.forget(SERVER)
    trips.forget("203.0.113.1")
    assert record(trips, seen(9)).min_ns == 9 * MS


def test_a_flood_of_addresses_is_bounded():
    """The least recently seen addresses are evicted, and evictions are counted."""
    trips = SmallestRoundTrips(addresses=100)
    for number in range(1000):
        record(trips, seen(5, server=f"198.51.{number // 250}.{number % 250}"))
        record(trips, seen(5, server="203.0.113.1"))
    assert trips.evicted == 901
    assert record(trips, seen(9, server="203.0.113.1")).min_ns == 5 * MS
    assert record(trips, seen(9, server="198.51.0.0")).min_ns == 9 * MS


def test_what_is_remembered_is_bounded():
    """Of a file with more servers than are kept, those seen last are."""
    known = [(f"203.0.113.{number}", RoundTrip(MS, 1, START_NS, "unlikely")) for number in range(9)]
    assert SmallestRoundTrips(known, addresses=4).remembered() == known[5:]


def jumps_of(*rtts_ms):
    """The samples at which the smallest round trip jumps, and from what it does."""
    trips = SmallestRoundTrips()
    found = [record(trips, seen(rtt_ms)).jumped_from for rtt_ms in rtts_ms]
    assert trips.jumps == sum(before is not None for before in found)
    return [(number, before.min_ns / MS) for number, before in enumerate(found) if before is not None]


MANY = JUMP_SAMPLES


@pytest.mark.parametrize(
    ("rtts_ms", "jumps"),
    [
        ([40] * MANY + [2], [(MANY, 40)]),  # something near answers
        ([40] * (MANY - 1) + [2], []),  # too few flows to know the smallest
        ([40] * MANY + [22], []),  # less than a factor of two
        ([6] * MANY + [1.5], []),  # a factor of four, and less than 5 ms
        ([12] * MANY + [5.9], [(MANY, 12)]),
        ([5] + [40] * MANY, [(MANY, 5)]),  # the address moved, or the first one was forged
        ([5] + [40] * (MANY - 1) + [5.5] + [40] * (MANY - 1), []),  # delays, with one fast answer in between
        ([5] + [9] * 3 * MANY, []),  # less than a factor of two
        ([2, *[6] * 3 * MANY], []),  # a factor of three, and less than 5 ms
        ([300, 20, 60, 20] * MANY, []),  # the usual jitter
        ([5] + [40] * 3 * MANY, [(MANY, 5)]),  # reported once
    ],
)
def test_a_jump_is_far_and_lasting(rtts_ms, jumps):
    """One much faster answer after many, or many much slower ones: by a factor of two, and 5 ms."""
    assert jumps_of(*rtts_ms) == jumps


def test_after_a_jump_the_earlier_one_is_forgotten():
    """What was measured before it belongs to another server."""
    trips = SmallestRoundTrips()
    for rtt_ms in [5] + [40] * MANY:
        record(trips, seen(rtt_ms))
    assert record(trips, seen(None)) == RoundTrip(40 * MS, 1, START_NS, "unlikely")


def test_the_version_grows_with_what_is_worth_saving():
    """A new server, a smaller round trip or forgetting; not every flow."""
    trips = SmallestRoundTrips()
    versions = []
    for one in (seen(9), seen(9), seen(5), seen(None), seen(7)):
        record(trips, one)
        versions.append(trips.version)
    trips.forget(SERVER)
    assert [*versions, trips.version] == [1, 1, 2, 2, 2, 3]
