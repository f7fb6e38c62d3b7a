"""Golden captures about tenants that use the same addresses."""

from __future__ import annotations

from tests.craft.pcap import NANOSECONDS, Interface, pcap, pcapng
from tests.craft.scene import (
    CLIENT,
    ELSEWHERE,
    ETHERNET,
    NAME,
    RESOLVER,
    START_NS,
    connection,
    flight,
)
from tests.craft.talk import Sent, look_up_addresses, tls_session
from tests.craft.tenants import in_vlans, in_vxlan, together

OTHER_NAME = "www.example.org"
RED, BLUE = in_vlans(10), in_vlans(20)


def two_sessions() -> tuple[list[Sent], list[Sent]]:
    """Two sessions with one 5-tuple at one time."""
    return tls_session(connection(), flight()), tls_session(connection(at_s=0.001), flight(OTHER_NAME))


def look_up_and_session() -> tuple[list[Sent], list[Sent]]:
    """A look-up, and a session without a name with the address that was found."""
    found = look_up_addresses(CLIENT, RESOLVER, NAME, [ELSEWHERE], at_ns=START_NS, port=50_500)
    return found, tls_session(connection(ELSEWHERE, at_s=0.01), flight(None))


def overlapping_vlans() -> bytes:
    """Two tenants have one 5-tuple at one time, one in VLAN 10 and one in VLAN 20.

    Flows are not kept apart by VLAN: one flow, and `netmon_view_overlapping_flows_total` is 1.
    """
    one, other = two_sessions()
    return pcap(together((one, RED), (other, BLUE)), ETHERNET, magic=NANOSECONDS)


def separated_vlans() -> bytes:
    """As `overlapping_vlans`, where flows are kept apart by VLAN.

    Two flows with their own names, bytes and VLANs; nothing overlaps.
    """
    return overlapping_vlans()


def look_up_in_another_vlan() -> bytes:
    """A look-up in VLAN 10, and a hello without SNI to the address in VLAN 20; flows are kept apart by VLAN.

    The look-up of the other VLAN names nothing: the flow has no name.
    """
    one, other = look_up_and_session()
    return pcap(together((one, RED), (other, BLUE)), ETHERNET, magic=NANOSECONDS)


def look_up_in_an_overlay() -> bytes:
    """A look-up and the session that it names, in stacked VLANs of a VXLAN; kept apart by VLAN and VNI.

    Flow and look-up have both VLANs and the VNI.
    """
    sent = [one for part in look_up_and_session() for one in part]
    link = in_vxlan(5, in_vlans(10, 20))
    return pcapng(together((sent, link)), [Interface("tap1", ETHERNET)])
