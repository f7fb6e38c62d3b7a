"""How the filter of a capture (pcap-filter(7)) is recorded and shown: it may name a client."""

from __future__ import annotations

import re

from netmon.privacy.levels import ADDRESS

HIDDEN = "…"
"""In the place of an address, a network or a name."""
_LANGUAGE = """
    host net port portrange gateway mask broadcast multicast less greater proto protochain and or not src
    dst inbound outbound ether fddi tr wlan link ppp slip ip ip6 arp rarp aarp atalk decnet iso stp ipx
    netbeui tcp udp icmp icmp6 igmp igrp pim ah esp sctp carp vrrp gre vlan mpls pppoed pppoes geneve
    vxlan len tcpflags tcp-fin tcp-syn tcp-rst tcp-push tcp-ack tcp-urg tcp-ece tcp-cwr icmptype icmpcode
    icmp-echo icmp-echoreply icmp-unreach domain http https imaps smtp ntp ssh
"""
_WORDS = frozenset(_LANGUAGE.split())
_NUMBER = re.compile(r"[0-9]{1,5}(?:[-:][0-9]{1,5})?|0x[0-9a-fA-F]{1,4}")
_TOKEN = re.compile(r"[\w.:/\\-]+")
_ADDRESSING = frozenset(("host", "net", "gateway", "mask"))
"""What stands after them is a host or a network, also if it is a short number."""


def shown_filter(expression: str, level: int) -> str:
    """The expression; above level 0 without what may name a client: only known words and ports remain."""
    if level == ADDRESS:
        return expression
    before = ""

    def show(found: re.Match[str]) -> str:
        nonlocal before
        token = found[0]
        is_known = token in _WORDS or (before not in _ADDRESSING and _NUMBER.fullmatch(token) is not None)
        before = token if token in _WORDS else ""
        return token if is_known else HIDDEN

    return _TOKEN.sub(show, expression)
