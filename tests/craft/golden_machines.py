"""Golden captures about clients' machines: their hardware addresses, and the names that they state."""

from __future__ import annotations

import struct
from functools import partial

from tests.craft import dhcp, dns
from tests.craft.golden_view import a_hop_farther
from tests.craft.packets import UDP, Address, address, addresses, ether_type, ip, mac, udp
from tests.craft.pcap import NANOSECONDS, pcap
from tests.craft.scene import CLIENT, CLIENT_V6, ETHERNET, MOSCOW, START_NS, connection, flight
from tests.craft.talk import MILLISECOND_NS, Sent, frames, tls_session

SERVER, RELAY = address("192.0.2.1"), address("192.0.2.2")
BROADCAST, NOWHERE = address("255.255.255.255"), address("0.0.0.0")
MDNS_PORT = 5353
OTHER_CLIENT = "192.0.2.11"
ROUTER = bytes([0x02, 0, 0x5E, 0, 0, 0xFE])


def dhcp_exchange() -> bytes:
    """A machine gets its address by DHCP and then contacts Moscow.

    The finding shows the machine's hardware address and the host name of option 12.
    """
    own = mac(address(CLIENT))
    exchange = dhcp.Exchange(own, "DESKTOP-7", address(CLIENT), SERVER)
    sent = _datagrams(exchange, (NOWHERE, BROADCAST, 68, 67), (SERVER, address(CLIENT), 67, 68))
    sent += tls_session(connection(MOSCOW, at_s=1), flight())
    return pcap(frames(sent, partial(_ethernet, unconfigured=own)), ETHERNET, magic=NANOSECONDS)


def mdns_announcement() -> bytes:
    """A machine announces its name and both its addresses in multicast DNS, and then contacts Moscow.

    The finding shows the name. So does a flow over IPv6, because both have the machine's hardware address.
    """
    records = [dns.address("anna-pc.local", text, ttl_s=120) for text in (CLIENT, CLIENT_V6)]
    message = struct.pack("!6H", 0, 0x8400, 0, len(records), 0, 0) + b"".join(r.encode() for r in records)
    sent = [_datagram(START_NS, address(CLIENT), address("224.0.0.251"), (MDNS_PORT, MDNS_PORT), message)]
    sent += tls_session(connection(MOSCOW, at_s=1), flight())
    sent += tls_session(connection("2001:db8:c::10", client=CLIENT_V6, at_s=2), flight())
    link = partial(_ethernet, senders={CLIENT_V6: mac(address(CLIENT))})
    return pcap(frames(sent, link), ETHERNET, magic=NANOSECONDS)


def router_in_between() -> bytes:
    """The mirror is behind a router, so every frame of a client has the router's hardware address.

    One client's DHCP messages pass by, forwarded by a relay: its machine is known from them, with the full
    name of option 81. The other client's is withheld as "forwarded", and nothing is guessed.
    """
    exchange = dhcp.Exchange(
        bytes([0x02, 0, 0x5E, 0, 0, 7]),
        "DESKTOP-7",
        address(CLIENT),
        SERVER,
        relay=RELAY,
        full_name="DESKTOP-7.corp.example",
    )
    sent = _datagrams(exchange, (RELAY, SERVER, 67, 67), (SERVER, RELAY, 67, 67))
    sent += tls_session(connection(MOSCOW, at_s=1), flight())
    sent += tls_session(connection(MOSCOW, client=OTHER_CLIENT, at_s=2), flight())
    farther = [Sent(s.time_ns, a_hop_farther(s.packet) if s.up else s.packet, s.up) for s in sent]
    senders = {CLIENT: ROUTER, OTHER_CLIENT: ROUTER, str(RELAY): ROUTER}
    return pcap(frames(farther, partial(_ethernet, senders=senders)), ETHERNET, magic=NANOSECONDS)


def one_hardware_address_of_many() -> bytes:
    """Six clients have one hardware address, and their packets are as they sent them.

    It is that of a firewall that counts no hops, so it is withheld as "shared" once it stands for more
    than four addresses.
    """
    clients = [f"192.0.2.{number}" for number in range(10, 16)]
    sent = [
        packet
        for number, client in enumerate(clients)
        for packet in tls_session(connection(MOSCOW, client=client, at_s=number / 1000), flight())
    ]
    return pcap(
        frames(sent, partial(_ethernet, senders=dict.fromkeys(clients, ROUTER))), ETHERNET, magic=NANOSECONDS
    )


def _datagrams(
    exchange: dhcp.Exchange, there: tuple[Address, Address, int, int], back: tuple[Address, Address, int, int]
) -> list[Sent]:
    """The four messages, one each millisecond."""
    sent = []
    for number, kind in enumerate((dhcp.DISCOVER, dhcp.OFFER, dhcp.REQUEST, dhcp.ACK)):
        source, destination, *ports = back if kind in (dhcp.OFFER, dhcp.ACK) else there
        at_ns = START_NS + number * MILLISECOND_NS
        ends = (ports[0], ports[1])
        sent.append(_datagram(at_ns, source, destination, ends, exchange.message(kind)))
    return sent


def _datagram(
    at_ns: int, source: Address, destination: Address, ports: tuple[int, int], payload: bytes
) -> Sent:
    return Sent(at_ns, ip(source, destination, UDP, udp(source, destination, ports, payload)), up=True)


def _ethernet(packet: bytes, *, unconfigured: bytes = b"", senders: dict[str, bytes] | None = None) -> bytes:
    """A frame; a machine without an address has the MAC address `unconfigured`, and `senders` have theirs."""
    source, destination = addresses(packet)
    sender = unconfigured if source == NOWHERE else (senders or {}).get(str(source), mac(source))
    receiver = b"\xff" * 6 if destination == BROADCAST else mac(destination)
    return (receiver + sender + ether_type(packet) + packet).ljust(60, b"\0")
