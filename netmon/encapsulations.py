"""What packets that were not decoded carry, in words, and what to do about it.

The engine counts such packets by kind and number (`undecoded` in `stats()`): an EtherType, a link type, an IP
protocol, or the defect of a header. Protocols that carry no connections, such as ARP, are not among them.
"""

from __future__ import annotations

from collections.abc import Mapping

from netmon.language.language import ENGLISH, Language
from netmon.language.marking import _

Kind = tuple[str, int]

_NAMES: Mapping[Kind, str] = {
    ("ethertype", 0x0600): "XNS",
    ("ethertype", 0x22F0): "AVTP",
    ("ethertype", 0x4305): "B.A.T.M.A.N.",
    ("ethertype", 0x6003): "DECnet",
    ("ethertype", 0x809B): "AppleTalk",
    ("ethertype", 0x8137): "IPX",
    ("ethertype", 0x8874): _("Broadcom switch tag"),
    ("ethertype", 0x8892): "PROFINET",
    ("ethertype", 0x88A4): "EtherCAT",
    ("ethertype", 0x88AB): "Powerlink",
    ("ethertype", 0x88B5): _("local experiment 1"),
    ("ethertype", 0x88B6): _("local experiment 2"),
    ("ethertype", 0x88B8): "GOOSE",
    ("ethertype", 0x88BA): _("sampled values of IEC 61850"),
    ("ethertype", 0x88BB): "LWAPP",
    ("ethertype", 0x88BE): "ERSPAN",
    ("ethertype", 0x88CD): "SERCOS III",
    ("ethertype", 0x88E5): "MACsec",
    ("ethertype", 0x8903): "FabricPath",
    ("ethertype", 0x8906): "FCoE",
    ("ethertype", 0x890D): _("802.11 management over Ethernet"),
    ("ethertype", 0x8915): "RoCE",
    ("ethertype", 0x8917): "MIH",
    ("ethertype", 0x9003): _("a stacking tag"),
    ("ethertype", 0xD28B): _("an Arista timestamp"),
    ("ip_protocol", 33): "DCCP",
    ("ip_protocol", 50): "IPsec ESP",
    ("ip_protocol", 55): _("minimal encapsulation"),
    ("ip_protocol", 94): "IPIP",
    ("ip_protocol", 108): "IPComp",
    ("ip_protocol", 132): "SCTP",
    ("ip_protocol", 136): "UDP-Lite",
    ("link_type", 99): "Symantec Enterprise Firewall",
    ("link_type", 123): "SunATM",
    ("link_type", 143): "DOCSIS",
    ("link_type", 187): "Bluetooth",
    ("link_type", 189): "USB",
    ("link_type", 195): "IEEE 802.15.4",
    ("link_type", 197): "ERF",
    ("link_type", 201): "Bluetooth",
    ("link_type", 220): "USB",
    ("link_type", 227): "CAN",
    ("link_type", 230): "IEEE 802.15.4",
    ("link_type", 247): "InfiniBand",
    ("link_type", 249): "USB",
    ("link_type", 253): "netlink",
    ("ppp_protocol", 0x002B): "IPX",
    ("ppp_protocol", 0x003D): _("multilink"),
    ("ppp_protocol", 0x0053): _("encrypted"),
    ("ppp_protocol", 0x00FB): _("compressed"),
    ("ppp_protocol", 0x00FD): _("compressed or encrypted (MPPE)"),
    ("llc", 0xE0): "IPX",
}
_KINDS: Mapping[str, str] = {
    "ethertype": "EtherType 0x{:04x}",
    "link_type": _("link type {}"),
    "ip_protocol": _("IP protocol {}"),
    "ppp_protocol": _("PPP protocol 0x{:04x}"),
    "llc": "LLC 0x{:02x}",
    "encrypted_wlan": _("encrypted Wi-Fi"),
    "truncated": _("headers truncated by the snap length"),
    "malformed": _("malformed headers"),
    "too_deep": _("too many stacked headers"),
    "not_ip": _("headers without an IP packet"),
    "other": _("other kinds"),
}
_ENCRYPTED = {
    ("ethertype", 0x88E5),
    ("ip_protocol", 50),
    ("ppp_protocol", 0x0053),
    ("ppp_protocol", 0x00FD),
    ("encrypted_wlan", 0),
}
_WITHOUT_IP = {
    ("ethertype", number)
    for number in (
        0x22F0,
        0x6003,
        0x809B,
        0x8137,
        0x8892,
        0x88A4,
        0x88AB,
        0x88B8,
        0x88BA,
        0x88CD,
        0x8906,
        0x8915,
    )
}
"""Protocols beside IP: nothing of them is missing in the result."""


_LOOK = _("look at such a packet with Wireshark, and check what the mirror adds to packets")
_REMEDIES: Mapping[str, str] = {
    "truncated": _("capture complete packets"),
    "malformed": _LOOK,
    "too_deep": _LOOK,
    "not_ip": _LOOK,
    "other": _LOOK,
    "link_type": _("capture on an interface of another type, or convert the file"),
}


def describe(kind: Kind, language: Language = ENGLISH) -> str:
    """The protocol in words: "EtherType 0x88e5 (MACsec)"; the number alone if it has no well-known name."""
    text = language.say(_KINDS[kind[0]]).format(kind[1])
    return f"{text} ({language.say(_NAMES[kind])})" if kind in _NAMES else text


def remedy(kind: Kind, language: Language = ENGLISH) -> str:
    """What to do about packets of this kind."""
    if kind in _ENCRYPTED:
        return language.say("mirror where the packets are not encrypted")
    if kind in _WITHOUT_IP:
        return language.say("it carries no IP, so exclude it with a filter if that is expected")
    other = _("let the mirror send packets without this header, or mirror at another point")
    return language.say(_REMEDIES.get(kind[0], other))
