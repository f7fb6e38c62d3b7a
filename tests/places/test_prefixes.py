"""Longest-prefix match."""

import ipaddress

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.places.prefixes import PrefixTable


def table_of(*prefixes):
    table = PrefixTable()
    for prefix in prefixes:
        table.add(prefix, prefix)
    return table


def test_longest_comes_first():
    """All networks that contain the address are found, from the longest prefix to the shortest."""
    table = table_of("0.0.0.0/0", "192.0.2.0/24", "192.0.2.128/25", "192.0.2.129/32", "::/0")
    assert list(table.find(ipaddress.ip_address("192.0.2.129"))) == [
        "192.0.2.129/32",
        "192.0.2.128/25",
        "192.0.2.0/24",
        "0.0.0.0/0",
    ]
    assert list(table.find(ipaddress.ip_address("2001:db8::1"))) == ["::/0"]


def test_values_of_one_network_keep_their_order():
    """A network may have several values."""
    table = PrefixTable()
    table.add("192.0.2.0/24", 1)
    table.add("192.0.2.0/24", 2)
    assert list(table.find(ipaddress.ip_address("192.0.2.7"))) == [1, 2]


@pytest.mark.parametrize("prefix", ["192.0.2.1/24", "192.0.2.0/33", "example.com", ""])
def test_bad_networks_are_refused(prefix):
    """Host bits, lengths out of range, and text that is not a network are refused."""
    with pytest.raises(ValueError, match=r"host bits|does not appear"):
        PrefixTable().add(prefix, None)


V4 = st.builds(
    lambda ip, length: ipaddress.ip_network((ip, length), strict=False),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


@given(st.lists(V4, max_size=20), st.integers(0, 2**32 - 1))
def test_it_finds_what_the_standard_library_finds(networks, number):
    """The result equals that of trying each network in turn."""
    address = ipaddress.IPv4Address(number)
    expected = sorted(
        (network for network in set(networks) if address in network), key=lambda one: -one.prefixlen
    )
    assert [str(one) for one in expected] == list(
        table_of(*(str(one) for one in set(networks))).find(address)
    )
