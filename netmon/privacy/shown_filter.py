"""How the filter of a capture (pcap-filter(7)) is recorded and shown: it may name a client."""

from __future__ import annotations

import re

from netmon.privacy.levels import ADDRESS

HIDDEN = "…"
"""In the place of an address, a network, a name, or a value that a packet's bytes are compared with."""
_LANGUAGE = """
    and or not host net gateway mask broadcast multicast src dst inbound outbound ether fddi tr wlan link ppp
    slip ip ip6 arp rarp aarp atalk decnet iso stp ipx netbeui tcp udp icmp icmp6 igmp igrp pim ah esp sctp
    carp vrrp gre pppoed
"""
_BEFORE_NUMBERS = "port portrange proto protochain vlan mpls pppoes geneve vxlan less greater"
_NUMBERED = frozenset(_BEFORE_NUMBERS.split())
"""Words before a number that is no address. They may be left out before a second one: `port 80 or 443`."""
_NAMED = """
    len tcpflags tcp-fin tcp-syn tcp-rst tcp-push tcp-ack tcp-urg tcp-ece tcp-cwr icmptype icmpcode icmp-echo
    icmp-echoreply icmp-unreach
"""
_FIELDS = frozenset(_NAMED.split())
"""What a number may be compared with without being part of an address."""
_SERVICES = frozenset(("domain", "http", "https", "imaps", "smtp", "ntp", "ssh"))
"""Names of ports; elsewhere, they may be names of hosts."""
_WORDS = _NUMBERED | _FIELDS | frozenset(_LANGUAGE.split())
_NUMBER = re.compile(r"[0-9]{1,5}(?:[-:][0-9]{1,5})?|0x[0-9a-fA-F]{1,4}")
_TOKEN = re.compile(r"[\w.:/\\-]+")
_LOGIC = re.compile(r"(&&|\|\||!(?!=)|(?<![\w.:/\\-])(?:and|or|not)(?![\w.:/\\-]))")
_NAMED_BYTES = re.compile(r"\b(?:tcp\s*\[\s*(?:tcpflags|13)|icmp6?\s*\[\s*(?:icmp(?:type|code)|[01]))\s*\]")
"""Flags, types and codes, which have names."""
_OFFSET = re.compile(r"\[\s*\d+(?:\s*:\s*\d+)?\s*\]")


def shown_filter(expression: str, level: int) -> str:
    """The expression; above level 0 without what may name a client.

    Only known words remain, and numbers that are ports, numbers of protocols, tags, lengths or flags, or say
    which bytes of a packet are looked at.
    """
    if level == ADDRESS:
        return expression
    qualifier = ""  # the word that says what the next number is

    def show_one(primitive: str) -> str:
        nonlocal qualifier
        compares_bytes = "[" in _NAMED_BYTES.sub("", primitive)
        offsets = [one.span() for one in _OFFSET.finditer(primitive)]
        has_named = "[" in primitive or not _FIELDS.isdisjoint(_TOKEN.findall(primitive))
        has_field = has_named and not compares_bytes

        def show(found: re.Match[str]) -> str:
            nonlocal qualifier
            token = found[0]
            if any(start < found.start() < end for start, end in offsets):
                return token
            if token in _WORDS:
                qualifier = token
                return token
            is_number = token in _SERVICES or _NUMBER.fullmatch(token)
            is_shown = has_field or (qualifier in _NUMBERED and not compares_bytes)
            return token if is_number and is_shown else HIDDEN

        shown = _TOKEN.sub(show, primitive)
        if compares_bytes or has_field:
            qualifier = ""
        return shown

    parts = _LOGIC.split(expression)
    return "".join(part if number % 2 else show_one(part) for number, part in enumerate(parts))
