"""Finding the address that a pseudonym stands for."""

from __future__ import annotations

import ipaddress
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.errors import ConfigError
from netmon.privacy import PSEUDONYM, Privacy
from netmon.privacy.identification import MAX_ADDRESSES, check_pseudonyms, identify, parse_networks
from netmon.privacy.levels import CLIENT, COUNTED, Pseudonyms

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
NOON_NS = 20_000 * 86_400_000_000_000 + 43_200_000_000_000  # 2024-10-04
DAILY = Pseudonyms(KEY, CLIENT, "2024-10-04")
MONTHLY = Pseudonyms(KEY, COUNTED, "2024-10")


def nothing(_number):
    """No progress is shown."""


@given(st.integers(0, 255), st.integers(0, 255))
def test_each_address_is_found_again(one, other):
    """Whatever client an output shows, by its pseudonym of the day or of the period."""
    addresses = [f"10.1.0.{one}", f"10.1.1.{other}"]
    privacy = Privacy(PSEUDONYM, KEY)
    shown = [privacy.show(addresses[0], NOON_NS), privacy.count_id(addresses[1], NOON_NS)]
    found = identify(shown, parse_networks(["10.1.0.0/23"]), [DAILY, MONTHLY], nothing)
    assert [found[pseudonym] for pseudonym in shown] == addresses


def test_an_ipv6_client_is_found_in_small_networks():
    """Spelt as outputs spell it."""
    shown = Privacy(PSEUDONYM, KEY).show("2001:db8::a", NOON_NS)
    assert identify([shown], parse_networks(["2001:db8::/120"]), [DAILY], nothing) == {shown: "2001:db8::a"}


def test_nothing_is_found_with_another_key_day_or_network():
    """Never a wrong address."""
    shown = Privacy(PSEUDONYM, KEY).show("10.1.0.7", NOON_NS)
    for maker, network in [
        (Pseudonyms(OTHER_KEY, CLIENT, "2024-10-04"), "10.1.0.0/24"),
        (Pseudonyms(KEY, CLIENT, "2024-10-05"), "10.1.0.0/24"),
        (DAILY, "10.2.0.0/24"),
        (MONTHLY, "10.1.0.0/24"),
    ]:
        assert identify([shown], parse_networks([network]), [maker], nothing) == {}


def test_a_replaced_key_is_tried_as_well():
    """A sensor that was not restarted still uses it."""
    shown = Privacy(PSEUDONYM, OTHER_KEY).show("10.1.0.7", NOON_NS)
    makers = [DAILY, Pseudonyms(OTHER_KEY, CLIENT, "2024-10-04")]
    assert identify([shown], parse_networks(["10.1.0.0/24"]), makers, nothing) == {shown: "10.1.0.7"}


def test_it_stops_when_all_are_found_and_tells_its_progress():
    """Each 65,536 addresses."""
    told = []
    shown = Privacy(PSEUDONYM, KEY).show("10.1.1.1", NOON_NS)
    identify([shown], parse_networks(["10.0.0.0/8"]), [DAILY], told.append)
    assert told == [65_536]


@pytest.mark.parametrize(
    ("networks", "why"),
    [
        (
            ["2001:db8::/64"],
            "at most 33,554,432 are tried: give smaller networks; for IPv6, single addresses",
        ),
        (["10.0.0.0/8"] * 3, "have 50,331,648 addresses"),
        (["10.0.0.1/8"], "'10.0.0.1/8' is not a network: .* has host bits set"),
        (["office"], "'office' is not a network"),
    ],
)
def test_too_many_addresses_and_wrong_networks_are_refused(networks, why):
    """Before anything is tried or logged."""
    with pytest.raises(ConfigError, match=why):
        parse_networks(networks)
    total = sum(
        one.num_addresses for one in parse_networks(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])
    )
    assert total <= MAX_ADDRESSES


@pytest.mark.parametrize("text", ["", "client-", "client-A70E6EC833B3D7A2", "count-1", "10.0.0.1", "x\n"])
def test_what_is_no_pseudonym_is_refused(text):
    """With an example of one."""
    with pytest.raises(ConfigError, match="is no pseudonym: give one as events show it"):
        check_pseudonyms([text])


def test_no_two_of_many_clients_share_a_pseudonym():
    """64 bits tell the hosts of a /15 apart."""
    network = ipaddress.ip_network("10.0.0.0/15")
    shown = {DAILY.of(str(one)) for one in itertools.islice(network, 1 << 17)}
    assert len(shown) == 1 << 17
