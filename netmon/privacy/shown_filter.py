"""How the filter of a capture (pcap-filter(7)) is recorded and shown: it may name a client."""

from __future__ import annotations

import re

from netmon.privacy.levels import ADDRESS

HIDDEN = "…"
"""In the place of an address, a network, a name, or a value that a packet's bytes are compared with."""
_LANGUAGE = """
    host net gateway mask broadcast multicast src dst inbound outbound ether fddi tr wlan link ppp slip ip
    ip6 arp rarp aarp atalk decnet iso stp ipx netbeui tcp udp icmp icmp6 igmp igrp pim ah esp sctp carp vrrp
    gre pppoed
"""
_PORTS = "port portrange proto protochain vlan mpls pppoes geneve vxlan less greater"
_NUMBERED = frozenset(_PORTS.split())
"""Words before a number that is no address; it may be left out before further numbers: `port 80 or 443`."""
_NAMED = """
    len tcpflags tcp-fin tcp-syn tcp-rst tcp-push tcp-ack tcp-urg tcp-ece tcp-cwr icmptype icmpcode icmp-echo
    icmp-echoreply icmp-unreach
"""
_FIELDS = frozenset(_NAMED.split())
"""What a number may be compared with without being part of an address."""
_LOGIC = frozenset(("and", "or", "not"))
_SERVICES = frozenset(("domain", "http", "https", "imaps", "smtp", "ntp", "ssh"))
"""Names of ports; elsewhere, they may be names of hosts."""
_WORDS = _LOGIC | _NUMBERED | _FIELDS | frozenset(_LANGUAGE.split())
_NUMBER = re.compile(r"[0-9]{1,5}(?:[-:][0-9]{1,5})?|0x[0-9a-fA-F]{1,4}")
_TOKEN = re.compile(r"[\w.:/\\-]+")
_LOGICAL_SIGN = re.compile(r"&&|\|\|")
_OPERATOR = re.compile(r"\s*(?:[-+*/%^=<>]|!=|&(?!&)|\|(?!\|))")


def shown_filter(expression: str, level: int) -> str:
    """The expression; above level 0 without what may name a client.

    Only known words remain, and numbers that are ports, numbers of protocols, tags, lengths or flags, or say
    which bytes of a packet are looked at.
    """
    if level == ADDRESS:
        return expression
    qualifier, end = "", 0  # the word that says what the next number is, and where the latest token ends

    def show(found: re.Match[str]) -> str:
        nonlocal qualifier, end
        token = found[0]
        is_next = token in _LOGIC or _LOGICAL_SIGN.search(expression, end, found.start())
        if is_next and qualifier in _FIELDS:
            qualifier = ""
        end = found.end()
        if token in _WORDS:
            qualifier = qualifier if token in _LOGIC else token
            return token
        if not (token in _SERVICES or _NUMBER.fullmatch(token)):
            return HIDDEN
        is_offset = expression.rfind("[", 0, found.start()) > expression.rfind("]", 0, found.start())
        is_numbered = qualifier in _NUMBERED and not _OPERATOR.match(expression, end)
        return token if is_offset or is_numbered or qualifier in _FIELDS else HIDDEN

    return _TOKEN.sub(show, expression)
