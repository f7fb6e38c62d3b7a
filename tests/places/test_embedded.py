"""IPv4 addresses inside IPv6 addresses, as the command line and the configuration ask about them."""

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.places.embedded import embedded_ipv4
from tests.craft.embedded import WELL_KNOWN, nat64, six_to_four, teredo

LENGTHS = (32, 40, 48, 56, 64, 96)
IPV4 = st.ip_addresses(v=4).map(str)


@pytest.mark.parametrize("length", LENGTHS)
@given(ipv4=IPV4)
def test_an_address_behind_a_prefix_of_any_length_is_found(length: int, ipv4: str) -> None:
    """Built octet by octet as in RFC 6052, 2.2, and found again; not without the prefix."""
    prefix = f"2001:db8::/{length}"
    assert embedded_ipv4(nat64(prefix, ipv4), [prefix]) == ipv4
    assert embedded_ipv4(nat64(prefix, ipv4)) is None


@given(ipv4=IPV4, server=IPV4, reserved=st.integers(1, 255))
def test_well_known_forms_need_no_configuration(ipv4: str, server: str, reserved: int) -> None:
    """NAT64, 6to4, Teredo (its client, not its server), IPv4-mapped; the reserved octet must be zero."""
    assert embedded_ipv4(nat64(WELL_KNOWN, ipv4)) == ipv4
    assert embedded_ipv4(six_to_four(ipv4)) == ipv4
    assert embedded_ipv4(teredo(ipv4, server)) == ipv4
    assert embedded_ipv4(f"::ffff:{ipv4}") == ipv4
    assert embedded_ipv4(nat64(WELL_KNOWN, ipv4, reserved=reserved)) is None


@given(number=st.integers(0, 2**128 - 1), length=st.sampled_from(LENGTHS))
def test_any_address_has_an_answer(number: int, length: int) -> None:
    """What is found is an IPv4 address that gives the same prefix and octets again."""
    address = str(IPv6Address(number))
    prefix = str(IPv6Address(number >> (128 - length) << (128 - length) & ~(0xFF << 56))) + f"/{length}"
    found = embedded_ipv4(address, [prefix])
    assert found is None or IPv6Address(nat64(prefix, found)).packed[:8] == IPv6Address(number).packed[:8]


@pytest.mark.parametrize("address", ["198.51.100.1", "2001:db8::5efe:c633:6401", "::198.51.100.1", "::1"])
def test_other_addresses_contain_none(address: str) -> None:
    """IPv4, ISATAP (routed by its IPv6 prefix), deprecated forms."""
    assert embedded_ipv4(address) is None


def test_an_error_names_the_text() -> None:
    """For an address and for a prefix."""
    with pytest.raises(ValueError, match="'somewhere' does not appear"):
        embedded_ipv4("somewhere")
    with pytest.raises(ValueError, match=r"'2001:db8::/33': the length is 32, 40, 48, 56, 64 or 96"):
        embedded_ipv4("::1", ["2001:db8::/33"])
