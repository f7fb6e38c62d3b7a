"""A filter may name a client: above level 0, nothing of it remains."""

import pytest

from netmon.privacy import ADDRESS, NETWORK, NOTHING, PSEUDONYM
from netmon.privacy.shown_filter import shown_filter

FILTERS = [
    ("", ""),
    ("tcp port 443", "tcp port 443"),
    ("not host 192.0.2.7", "not host …"),
    ("host 2001:db8::7 and tcp portrange 1-1024", "host … and tcp portrange 1-1024"),
    ("net 10.1.0.0/16 or src net 10.2", "net … or src net …"),
    ("net 10", "net …"),
    ("host 3221225991", "host …"),
    ("ether src 02:00:5e:10:00:07", "ether src …"),
    ("host laptop-of-anna.example", "host …"),
    ("!(host 192.0.2.7||udp port 53)", "!(host …||udp port 53)"),
    ("ip[12:4]=0xc0000207", "ip[12:4]=…"),
    ("tcp[tcpflags] & (tcp-syn|tcp-ack) != 0", "tcp[tcpflags] & (tcp-syn|tcp-ack) != 0"),
    ("vlan 12 and ether proto 0x0800", "vlan 12 and ether proto 0x0800"),
    ("port 443 and 192.0.2.7", "port 443 and …"),
]


@pytest.mark.parametrize(("expression", "shown"), FILTERS)
@pytest.mark.parametrize("level", [PSEUDONYM, NETWORK, NOTHING])
def test_what_may_name_a_client_is_left_out(expression, shown, level):
    """Addresses in any spelling, networks and names; words and ports remain."""
    assert shown_filter(expression, level) == shown


@pytest.mark.parametrize("expression", [expression for expression, _ in FILTERS])
def test_level_0_shows_it(expression):
    """Clients are shown by their addresses there."""
    assert shown_filter(expression, ADDRESS) == expression
