"""What undecoded packets carry, in words."""

import pytest

from netmon.encapsulations import describe, remedy


@pytest.mark.parametrize(
    ("kind", "text", "advice"),
    [
        (("ethertype", 0x88E5), "EtherType 0x88e5 (MACsec)", "not encrypted"),
        (("ethertype", 0x8892), "EtherType 0x8892 (PROFINET)", "carries no IP"),
        (("ethertype", 0x9999), "EtherType 0x9999", "without this header"),
        (("ip_protocol", 50), "IP protocol 50 (IPsec ESP)", "not encrypted"),
        (("ip_protocol", 132), "IP protocol 132 (SCTP)", "another point"),
        (("link_type", 147), "link type 147", "another type"),
        (("ppp_protocol", 0xFD), "PPP protocol 0x00fd (compressed or encrypted (MPPE))", "not encrypted"),
        (("llc", 0xE0), "LLC 0xe0 (IPX)", "without this header"),
        (("encrypted_wlan", 0), "encrypted Wi-Fi", "not encrypted"),
        (("truncated", 0), "headers truncated by the snap length", "capture complete packets"),
        (("malformed", 0), "malformed headers", "Wireshark"),
        (("too_deep", 0), "too many stacked headers", "Wireshark"),
        (("not_ip", 0), "headers without an IP packet", "Wireshark"),
        (("other", 0), "other kinds", "Wireshark"),
    ],
)
def test_each_kind_has_words_and_a_remedy(kind, text, advice):
    """A well-known protocol has its name, any other its number, and each something to do."""
    assert describe(kind) == text
    assert advice in remedy(kind)
