"""Community IDs equal those of other tools."""

import pytest

from netmon.outputs.community_id import community_id

# corelight/community-id-spec, baseline/baseline_deflt.json
VECTORS = [
    ("tcp", ("128.232.110.120", 34855, "66.35.250.204", 80), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
    ("tcp", ("66.35.250.204", 80, "128.232.110.120", 34855), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
    ("udp", ("192.168.1.52", 54585, "8.8.8.8", 53), "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
    ("udp", ("8.8.8.8", 53, "192.168.1.52", 54585), "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
]


@pytest.mark.parametrize(("transport", "ends", "expected"), VECTORS)
def test_published_vectors(transport, ends, expected):
    """The IDs equal the published ones, in both directions of a flow."""
    assert community_id(transport, *ends) == expected


def test_ports_order_the_ends_if_addresses_are_equal():
    """A flow of a host with itself has the same ID in both directions as well."""
    there = community_id("tcp", "192.0.2.1", 1000, "192.0.2.1", 2000)
    assert there == community_id("tcp", "192.0.2.1", 2000, "192.0.2.1", 1000)


def test_ipv6_has_different_ids():
    """Both address families work, and give different IDs."""
    six = community_id("tcp", "2001:db8::1", 1000, "2001:db8::2", 443)
    assert six == community_id("tcp", "2001:db8::2", 443, "2001:db8::1", 1000)
    assert six != community_id("udp", "2001:db8::1", 1000, "2001:db8::2", 443)
