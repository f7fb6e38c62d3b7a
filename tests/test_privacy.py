"""Clients are personal data: what each privacy level shows of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.days import day_start_ns
from netmon.privacy import ADDRESS, NETWORK, NOTHING, PSEUDONYM, Privacy
from netmon.privacy.periods import PERIODS, period_name

KEY = bytes(range(32))
DAY_NS = 86_400_000_000_000
NOON_NS = 20_000 * DAY_NS + DAY_NS // 2  # 2024-10-04
ADDRESSES = st.ip_addresses().map(str)


@pytest.mark.parametrize(
    ("level", "address", "shown"),
    [
        (ADDRESS, "192.0.2.17", "192.0.2.17"),
        (ADDRESS, "2001:db8:1:2::17", "2001:db8:1:2::17"),
        (NETWORK, "192.0.2.17", "192.0.2.0/24"),
        (NETWORK, "2001:db8:1:2::17", "2001:db8:1::/48"),
        (NOTHING, "192.0.2.17", None),
    ],
)
def test_levels_without_a_key(level, address, shown):
    """Level 0 shows the address, 2 its /24 or /48, 3 nothing."""
    assert Privacy(level, KEY).show(address, NOON_NS) == shown


def test_pseudonym_is_the_documented_one():
    """HMAC-SHA256 over the address under HMAC-SHA256(key, ISO day), 64 bits of it in hexadecimal."""
    # python3 -c 'import hmac; day = hmac.digest(bytes(range(32)), b"2024-10-04", "sha256");
    #             print(hmac.digest(day, b"192.0.2.17", "sha256").hex()[:16])'
    assert Privacy(PSEUDONYM, KEY).show("192.0.2.17", NOON_NS) == "client-a70e6ec833b3d7a2"


@given(ADDRESSES, ADDRESSES)
def test_pseudonyms_distinguish_clients_within_a_day(one, other):
    """The same client has the same pseudonym all day, and no two clients share one."""
    privacy = Privacy(PSEUDONYM, KEY)
    first = privacy.show(one, 5 * DAY_NS)
    assert privacy.show(one, 6 * DAY_NS - 1) == first
    assert (privacy.show(other, 5 * DAY_NS) == first) == (one == other)


def test_pseudonyms_change_with_the_day():
    """No client can be followed from one UTC day to the next; an earlier day gives its pseudonyms again."""
    privacy = Privacy(PSEUDONYM, KEY)
    midnight = 20_001 * DAY_NS
    before, after, again = (privacy.show("192.0.2.17", t) for t in (midnight - 1, midnight, midnight - 1))
    assert before == again != after


def test_pseudonyms_depend_on_the_key():
    """Another key gives other pseudonyms."""
    shown = {Privacy(PSEUDONYM, key).show("192.0.2.17", NOON_NS) for key in (KEY, KEY[::-1])}
    assert len(shown) == 2


@given(ADDRESSES, ADDRESSES)
def test_a_client_is_counted_once_in_a_period(one, other):
    """The same client has one pseudonym all month, and no two clients share one."""
    privacy = Privacy(PSEUDONYM, KEY)
    first = privacy.count_id(one, NOON_NS)
    assert privacy.count_id(one, NOON_NS + 20 * DAY_NS) == first
    assert (privacy.count_id(other, NOON_NS) == first) == (one == other)


def test_the_pseudonym_of_a_period_is_the_documented_one():
    """HMAC-SHA256 over the address under HMAC-SHA256(key, "count " and the period's name)."""
    # python3 -c 'import hmac; month = hmac.digest(bytes(range(32)), b"count 2024-10", "sha256");
    #             print(hmac.digest(month, b"192.0.2.17", "sha256").hex()[:16])'
    assert Privacy(PSEUDONYM, KEY).count_id("192.0.2.17", NOON_NS) == "count-a113ab0613a44e2e"


@pytest.mark.parametrize("period", PERIODS)
def test_pseudonyms_of_days_and_periods_have_nothing_in_common(period):
    """Whoever has both and not the key cannot tell that they are of one client, not even for a day."""
    privacy = Privacy(PSEUDONYM, KEY, period)
    daily, counted = privacy.show("192.0.2.17", NOON_NS), privacy.count_id("192.0.2.17", NOON_NS)
    assert daily.removeprefix("client-") != counted.removeprefix("count-")


@pytest.mark.parametrize(("level", "counted"), [(ADDRESS, "192.0.2.17"), (NETWORK, None), (NOTHING, None)])
def test_other_levels_count_by_what_they_show(level, counted):
    """By the address, or not at all: a pseudonym of a month would tell more than a network."""
    assert Privacy(level, KEY).count_id("192.0.2.17", NOON_NS) == counted


@pytest.mark.parametrize(
    ("day", "names"),
    [
        ("2026-11-28", ["2026-11-28", "2026-W48", "2026-11", "2026-Q4", "2026"]),
        ("2027-01-01", ["2027-01-01", "2026-W53", "2027-01", "2027-Q1", "2027"]),
        ("2024-12-30", ["2024-12-30", "2025-W01", "2024-12", "2024-Q4", "2024"]),
        ("2026-03-31", ["2026-03-31", "2026-W14", "2026-03", "2026-Q1", "2026"]),
    ],
)
def test_periods_have_names(day, names):
    """Weeks are those of ISO 8601, which begin on Monday and belong to the year with their Thursday."""
    for edge_ns in (0, DAY_NS - 1):
        assert [period_name(one, day_start_ns(day) + edge_ns) for one in PERIODS] == names
