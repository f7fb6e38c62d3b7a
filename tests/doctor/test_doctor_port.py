"""What the doctor says about an interface, its card, and the sizes and VLANs of its packets."""

import struct
from dataclasses import replace

import pytest

from netmon.doctor.checks.port import (
    CaptureState,
    offload_findings,
    size_findings,
    state_findings,
    vlan_findings,
)
from netmon.doctor.facts.link import NoLinkError, link
from netmon.doctor.facts.offloads import Offload, offloads, ring
from netmon.doctor.facts.sample import Sample
from netmon.doctor.facts.traffic import ListenedPort
from netmon.doctor.findings import Mark
from netmon.language.language import ENGLISH

ON, OFF, FIXED = Offload(True, False), Offload(False, False), Offload(True, True)
MACS = bytes.fromhex("020000000002020000000001")
TAGS = {7: b"\x81\x00\x00\x07", 12: b"\x88\xa8\x40\x0c", 0: b"\x81\x00\xe0\x00"}


def state(port, problem=None, *, is_on=True, is_promiscuous=True):
    capture = CaptureState(is_on, problem, is_promiscuous)
    [found] = state_findings(port, capture, ["eth0", "lo"], ENGLISH)
    return found


def test_an_interface_that_is_captured(port):
    """Up, with its MTU."""
    found = state(port)
    assert (found.mark, found.interface) == (Mark.OK, "eth1")
    assert "MTU 1500" in found.text


@pytest.mark.parametrize(
    ("change", "text", "command"),
    [
        ({"is_up": False}, "the interface is down", "sudo ip link set dev eth1 up"),
        ({"has_carrier": False}, "no carrier", "ip link show dev eth1"),
    ],
)
def test_an_interface_that_is_not_there_yet(port, change, text, command):
    """Down, or without anything at the other end."""
    found = state(replace(port, link=replace(port.link, **change)))
    assert (found.mark, found.text, found.command) == (Mark.PROBLEM, text, command)


def test_a_misspelt_interface():
    """Those that there are are named."""
    found = state(ListenedPort("eht1", None, is_missing=True))
    assert (found.mark, found.meaning) == (Mark.PROBLEM, "Interfaces here: eth0, lo.")


def test_without_rights_its_state_is_known_all_the_same(port):
    """Promiscuous mode is not, because nothing captures."""
    found = state(replace(port, link=replace(port.link, promiscuity=0)), is_on=False)
    assert (found.mark, found.text) == (Mark.OK, "up, with carrier and MTU 1500")


def test_loopback_needs_no_promiscuous_mode(port):
    """All its packets are its own."""
    found = state(replace(port, link=replace(port.link, is_loopback=True, promiscuity=0)))
    assert (found.mark, found.text) == (Mark.OK, "up, with carrier and MTU 1500")


def test_the_reason_of_the_engine(port):
    """Whatever else keeps it from capturing."""
    found = state(port, "permission denied")
    assert (found.mark, found.text) == (Mark.PROBLEM, "permission denied")


def test_without_netlink_nothing_is_guessed():
    """As in a container that has none."""
    assert state(ListenedPort("eth1", None)).mark is Mark.NOT_CHECKED


def test_promiscuous_mode(port):
    """Off by the configuration, or because it cannot be switched on."""
    quiet = replace(port, link=replace(port.link, promiscuity=0))
    assert "capture.promiscuous is false" in state(quiet, is_promiscuous=False).text
    assert state(quiet).command == "sudo ip link set dev eth1 promisc on"


@pytest.mark.parametrize(
    ("features", "command"),
    [
        ({"rx-gro": ON}, "sudo ethtool -K eth1 gro off"),
        ({"rx-gro": ON, "rx-lro": ON}, "sudo ethtool -K eth1 gro off lro off"),
        ({"rx-gro-hw": ON}, "sudo ethtool -K eth1 rx-gro-hw off"),
        ({"rx-lro": FIXED}, None),
    ],
)
def test_a_card_that_joins_packets(port, features, command):
    """Each kind by the word that switches it off; one that is fixed has no such command."""
    [found] = offload_findings(replace(port, offloads=features), ENGLISH)
    assert (found.mark, found.command) == (Mark.WARNING, command)


def test_a_card_that_only_splits_what_it_sends(port):
    """TSO matters if this machine's own packets are captured in one piece."""
    features = {"tx-tcp-segmentation": ON, "rx-gro": OFF}
    [found] = offload_findings(replace(port, offloads=features), ENGLISH)
    assert found.mark is Mark.OK
    own = Sample(packets=10, largest_sent=40_000)
    [found] = offload_findings(replace(port, offloads=features, sample=own), ENGLISH)
    assert (found.mark, found.command) == (Mark.WARNING, "sudo ethtool -K eth1 tso off")


def test_a_card_that_tells_nothing(port):
    """It is not checked."""
    [found] = offload_findings(replace(port, offloads=None), ENGLISH)
    assert found.mark is Mark.NOT_CHECKED


def test_packets_larger_than_the_mtu(port):
    """A mirror adds headers."""
    assert next(size_findings(port, ENGLISH)).mark is Mark.OK
    [found] = size_findings(replace(port, sample=Sample(packets=9, largest=1550)), ENGLISH)
    assert (found.mark, found.command) == (Mark.WARNING, "sudo ip link set dev eth1 mtu 9000")
    assert next(size_findings(replace(port, sample=None), ENGLISH)).mark is Mark.NOT_CHECKED


def frame(*vlans):
    """A frame with these tags, and its length."""
    head = MACS + b"".join(TAGS[vlan] for vlan in vlans) + b"\x08\x00"
    return head + bytes(40), len(head) + 1500


@pytest.mark.parametrize(
    ("vlans", "taken", "name"),
    [((), None, None), ((7,), None, "7"), ((12,), 7, "7.12"), ((7, 12), None, "7.12"), ((0,), None, None)],
)
def test_tags_are_counted_wherever_they_are(vlans, taken, name):
    """In the packet, or taken off by the kernel; the size is that without them."""
    sample = Sample()
    head, length = frame(*vlans)
    sample.add(head, length, taken, is_ethernet=True, is_own=False)
    assert (list(sample.vlans), sample.largest) == ([name] if name else [], 1500)


@pytest.mark.parametrize("cut", range(18))
def test_a_short_packet_harms_nothing(cut):
    """However short it is."""
    Sample().add(frame(7)[0][:cut], cut, None, is_ethernet=True, is_own=False)


def test_vlans_are_bounded():
    """A sender that varies them fills no memory."""
    sample = Sample()
    for number in range(1, 4000):
        sample.add(
            MACS + struct.pack("!HH", 0x8100, number) + bytes(20), 60, None, is_ethernet=True, is_own=False
        )
    assert (sample.packets, len(sample.vlans)) == (3999, 100)


def test_vlans_that_are_there(port):
    """The most frequent first, with their share."""
    sample = Sample(packets=10)
    sample.vlans.update({"7": 2, "12": 6})
    [found] = vlan_findings(replace(port, sample=sample), (), ENGLISH)
    assert (found.mark, found.text) == (Mark.OK, "VLANs 12, 7 in 80 % of sampled packets")


def test_vlans_that_are_needed_and_not_there(port):
    """If the card takes tags off, the command that makes it stop."""
    assert next(vlan_findings(port, (), ENGLISH)).mark is Mark.OK
    [found] = vlan_findings(port, ("vlan",), ENGLISH)
    assert (found.mark, found.command) == (Mark.WARNING, None)
    stripping = replace(port, offloads={"rx-vlan-hw-parse": ON})
    [found] = vlan_findings(stripping, ("vlan",), ENGLISH)
    assert (found.mark, found.command) == (Mark.WARNING, "sudo ethtool -K eth1 rxvlan off")


def test_loopback_on_this_machine():
    """Its link and its features are read without a program, and a missing one is told."""
    found = link("lo")
    assert found.is_loopback
    assert found.mtu > 1500
    assert "rx-gro" in offloads("lo")
    assert ring("lo") is None
    with pytest.raises(NoLinkError):
        link("none-such")
    assert offloads("none-such") is None
