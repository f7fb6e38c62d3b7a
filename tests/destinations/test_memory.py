"""The destinations of each vendor, and which of them are new."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netmon.destinations import memory
from netmon.destinations.memory import DAY_S, Destinations, NewCount
from netmon.records import NEW_DESTINATION, Place, Vote
from tests.records import DISPUTED, MOSCOW, START_NS, ZURICH, flow

START_S = START_NS // 1_000_000_000 + 2
UNKNOWN = Place("unknown", "unknown", None, "unknown")
SINGLE = Place("unknown", "RU", None, "single", (Vote("db_one", "RU", None),))
DECLARED = replace(SINGLE, votes=(Vote("declared", "RU", None),))


def take(destinations, server="198.51.100.5", place=ZURICH, vendor="acme", network=None, **changes):
    return destinations.record(flow(server=server, **changes), vendor, place, lambda: network)


def later(seconds):
    return {"last_ns": START_NS + seconds * 1_000_000_000}


def values(destinations):
    return [one.value for one in destinations.remembered()]


def test_only_the_first_flow_is_new():
    """Network and country are each new once for each vendor."""
    one = Destinations()
    assert take(one) == ("network", "country")
    assert take(one) == ()
    assert take(one, server="198.51.100.77") == ()
    assert take(one, server="203.0.113.5") == ("network",)
    assert take(one, server="203.0.113.6", place=MOSCOW) == ("country",)
    assert take(one, vendor="other") == ("network", "country")


def test_a_network_is_that_of_the_signatures_or_the_smallest_announced():
    """It is a /24 or /48 if the signatures have none."""
    one = Destinations()
    take(one, network="198.51.100.0/22")
    take(one, server="203.0.113.5")
    take(one, server="2001:db8:1:2::5")
    networks = [each.value for each in one.remembered() if each.kind == "network"]
    assert networks == ["198.51.100.0/22", "203.0.113.0/24", "2001:db8:1::/48"]


def test_new_signatures_do_not_make_an_old_network_new():
    """Addresses in a remembered network are known, even if the signatures now divide it differently."""
    one = Destinations()
    take(one, network="198.51.100.0/22")
    assert take(one, server="198.51.101.5", network="198.51.101.0/24") == ()
    assert take(one, server="198.51.101.5") == ()
    assert take(one, server="198.51.104.5", network="198.51.104.0/22") == ("network",)


def test_a_country_must_be_certain():
    """If databases disagree, or only one or none knows the place, no country is recorded."""
    for place in (DISPUTED, UNKNOWN, SINGLE):
        assert take(Destinations(), place=place) == ("network",)
    assert take(Destinations(), place=DECLARED) == ("network", "country")


def test_behind_a_proxy_nothing_is_new():
    """The address is the proxy's, so no destination is recorded."""
    one = Destinations()
    assert take(one, view=("proxied",)) == ()
    assert one.remembered() == []


def test_what_is_new_becomes_an_event():
    """Interim reports are not events, so the next event of the flow reports it."""
    one = Destinations()
    assert take(one, phase="update") == ()
    assert take(one, phase="end") == ("network", "country")


def test_news_is_counted_and_dated():
    """Counts are by vendor, kind and country; the date is that of the latest new destination."""
    one = Destinations()
    take(one)
    take(one, server="203.0.113.5", **later(10))
    take(one, **later(99))
    assert one.new_counts == {
        ("acme", "network", "CH"): NewCount(2, START_S + 8),
        ("acme", "country", "CH"): NewCount(1, START_S),
    }


def test_it_continues_after_a_restart():
    """Remembered destinations are not new again; the dates are kept, the counts start from zero."""
    before = Destinations()
    take(before)
    take(before, server="2001:db8::5", place=DISPUTED)
    after = Destinations(before.remembered(), before.since_s)
    assert values(after) == values(before)
    assert (take(after), take(after, server="2001:db8::6", place=DISPUTED)) == ((), ())
    assert after.new_counts == {labels: NewCount(0, one.last_s) for labels, one in before.new_counts.items()}
    assert len(after.new_counts) == 3


def test_learning_remembers_and_reports_nothing():
    """Nothing is reported for that time after the vendor's first flow, even across a restart; then it is."""
    one = Destinations(learning_s=DAY_S)
    assert take(one) == ()
    again = Destinations(one.remembered(), one.since_s, learning_s=DAY_S)
    assert again.new_counts == {}
    assert take(again, server="203.0.113.5", **later(DAY_S)) == ()
    assert take(again, server="192.0.2.5", **later(DAY_S + 3)) == ("network",)
    assert take(again, server="198.51.100.5", **later(DAY_S + 4)) == ()
    assert take(again, vendor="other", **later(DAY_S + 5)) == ()  # learns for itself
    assert set(again.new_counts) == {("acme", "network", "CH")}


def test_a_vendor_seen_while_the_clock_was_ahead_learns_from_now_on():
    """Not from a date that is still to come: its new destinations are reported after the usual time."""
    one = Destinations(learning_s=7 * DAY_S)
    take(one, **later(400 * DAY_S))
    one.clip(START_S)
    assert one.since_s == {"acme": START_S}
    assert take(one, server="203.0.113.5", **later(6 * DAY_S)) == ()
    assert take(one, server="192.0.2.5", **later(8 * DAY_S)) == ("network",)


def test_times_that_are_still_to_come_count_as_now():
    """Those of destinations and of the metric; earlier ones stay, and each change is saved once."""
    one = Destinations()
    take(one, vendor="other")
    take(one, **later(400 * DAY_S))
    version = one.version
    one.clip(START_S + 60)
    assert {each.last_s for each in one.new_counts.values()} == {START_S, START_S + 60}
    assert [(each.vendor, each.first_s, each.last_s) for each in one.remembered()] == [
        ("other", START_S, START_S),
        ("other", START_S, START_S),
        ("acme", START_S + 60, START_S + 60),
        ("acme", START_S + 60, START_S + 60),
    ]
    assert sum(each.count for each in one.new_counts.values()) == 4
    assert one.version > version
    version = one.version
    one.clip(START_S + 120)
    assert one.version == version


def test_memory_is_bounded():
    """The least recently reached destination is evicted, is counted, and would be new again."""
    one = Destinations(capacity=3)
    for server in ("198.51.100.5", "203.0.113.5", "198.51.100.5", "192.0.2.5"):
        take(one, server=server)
    assert one.evicted == 1
    assert sorted(values(one)) == ["192.0.2.0/24", "198.51.100.0/24", "CH"]
    assert take(one, server="203.0.113.5") == ("network",)
    assert len(one.remembered()) == 3


def test_a_flood_of_destinations_stays_in_its_bound():
    """With a hundred thousand networks, 20,000 are kept, labels do not grow, and evictions are counted."""
    one = Destinations()
    for number in range(100_000):
        address = f"{20 + (number >> 16)}.{number >> 8 & 255}.{number & 255}.1"
        take(one, server=address, place=DISPUTED)
    assert len(one.remembered()) == memory.CAPACITY
    assert one.evicted == 100_000 - memory.CAPACITY
    assert set(one.new_counts) == {("acme", "network", "disputed")}


def test_labels_are_bounded(monkeypatch):
    """Beyond the limit everything is counted as `other`, and nothing is lost."""
    monkeypatch.setattr(memory, "MAX_LABEL_SETS", 4)
    one = Destinations()
    for number in range(10):
        take(one, vendor=f"vendor{number}")
    assert len(one.new_counts) == 4 + 2
    assert sum(each.count for each in one.new_counts.values()) == 20
    assert one.new_counts["other", "country", "other"].count == 8


def test_the_version_changes_when_there_is_something_to_save():
    """It changes for a new destination, and once a day for a known one that was reached."""
    one = Destinations()
    versions = [one.version]
    for changes in ({}, {}, later(60), later(DAY_S), later(DAY_S + 60)):
        take(one, **changes)
        versions.append(one.version)
    changed = [after > before for before, after in pairwise(versions)]
    assert changed == [True, False, False, True, False]


REACHED = st.tuples(
    st.sampled_from(["acme", "other"]),
    st.sampled_from(["198.51.100.5", "198.51.100.200", "203.0.113.5", "2001:db8::5", "2001:db8:1::5"]),
    st.sampled_from([ZURICH, MOSCOW, DISPUTED]),
    st.sampled_from([None, "declared"]),
)


@given(st.lists(REACHED, max_size=30), st.integers(0, 30))
def test_nothing_is_new_twice(reached, cut):
    """In any order of destinations, and with a restart at any point, each is new once, with a valid kind."""
    one, reported = Destinations(), []
    for number, (vendor, server, place, declared) in enumerate(reached):
        if number == cut:
            one = Destinations(one.remembered(), one.since_s)
        network = {"198.51.100.5": "198.51.0.0/16"}.get(server) if declared else None
        reported += [
            (vendor, kind, server, place.country) for kind in take(one, server, place, vendor, network)
        ]
    assert {kind for _, kind, _, _ in reported} <= set(NEW_DESTINATION)
    countries = [(vendor, country) for vendor, kind, _, country in reported if kind == "country"]
    servers = [(vendor, server) for vendor, kind, server, _ in reported if kind == "network"]
    assert len(countries) == len(set(countries))
    assert len(servers) == len(set(servers))


def test_no_client_is_remembered():
    """Only the destination and the time of a flow are remembered."""
    one = Destinations()
    take(one)
    assert "192.0.2.17" not in str(one.remembered()) + str(one.new_counts)
