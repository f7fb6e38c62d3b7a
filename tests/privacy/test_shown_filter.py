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
    ("port 80 or 443 or (8080 and not 22)", "port 80 or 443 or (8080 and not 22)"),
    ("port domain or ntp", "port domain or ntp"),
    ("host ssh or ntp", "host … or …"),
    ("src ntp and dst port ntp", "src … and dst port ntp"),
    ("net 192.0.2 or 10", "net … or …"),
    ("src 10 or port 53", "src … or port 53"),
    ("port 53 or net 10 or 11", "port 53 or net … or …"),
    ("10", "…"),
    ("ip[12]=192 and ip[13]=0", "ip[12]=… and ip[13]=…"),
    ("ip[14] == 2 && ip[15]<8", "ip[14] == … && ip[15]<…"),
    ("(ip[12] & 0xff) = 192", "(ip[12] & …) = …"),
    ("port 53 and 192 = ip[12] and 0 = ip[13]", "port 53 and … = ip[12] and … = ip[13]"),
    ("port 53 and 192 & 255 = ip[12]", "port 53 and … & … = ip[12]"),
    ("len > 100 and ip[12] = 192", "len > 100 and ip[12] = …"),
    ("tcp[tcpflags] = 2 and 192 = ip[12]", "tcp[tcpflags] = 2 and … = ip[12]"),
    ("tcp[tcpflags] = 2 && 192 = ip[12]", "tcp[tcpflags] = 2 && … = ip[12]"),
    ("ether[6:2]=0x02a7 and ether[8:2]=0x2a4d", "ether[6:2]=… and ether[8:2]=…"),
    ("ip6[22:2] = 0x0007 or icmp6[8:2] = 0x2001", "ip6[22:2] = … or icmp6[8:2] = …"),
    ("ip proto 17 or 6", "ip proto 17 or 6"),
    ("less 100 or greater 1000", "less 100 or greater 1000"),
    ("ip[12] = len - len + 192 and ip[13] = len", "ip[12] = len … len + … and ip[13] = len"),
    ("ip[12] & len = 192 and len = 192 - ip[12]", "ip[12] & len = … and len = … … ip[12]"),
    ("ip[12] + tcpflags - tcpflags = 192", "ip[12] + tcpflags … tcpflags = …"),
    ("ip[tcpflags] = 7 and ip[icmptype] = 7", "ip[tcpflags] = … and ip[icmptype] = …"),
    ("port 80 and (192) = ip[12]", "port 80 and (…) = ip[12]"),
    ("port 443 and not (0+192) != ip[12] or 7", "port 443 and not (…+…) != ip[12] or …"),
    ("vlan and (192) = ip[12]", "vlan and (…) = ip[12]"),
    ("ip[192 - ip[12]] = 0x45", "ip[… … ip[12]] = …"),
    ("host anna-or-10 or host and.not", "host … or host …"),
    ("tcp[ tcpflags ] & tcp-syn != 0", "tcp[ tcpflags ] & tcp-syn != 0"),
    ("tcp[13] & 2 != 0 and icmp[0] = 8", "tcp[13] & 2 != 0 and icmp[0] = 8"),
    ("tcp[12] & 2 != 0", "tcp[12] & … != …"),
    ("tcp[13] & 2 = ip[12] or ip[13] = 8", "tcp[13] & … = ip[12] or ip[13] = …"),
    ("icmp[icmptype] != icmp-echo and len & 1 = 0", "icmp[icmptype] != icmp-echo and len & 1 = 0"),
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
