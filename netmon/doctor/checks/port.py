"""Findings about an interface: its state, what its card does to packets, their sizes and VLANs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netmon.doctor.facts.link import Link
from netmon.doctor.facts.sample import Sample
from netmon.doctor.facts.traffic import ListenedPort
from netmon.doctor.findings import CheckResult, Mark
from netmon.language.language import Language
from netmon.quality import percent_text

_MERGING = {"rx-gro": "gro", "rx-lro": "lro", "rx-gro-hw": "rx-gro-hw"}
"""What joins received packets, and what ethtool -K calls it."""
_SPLITTING = {"tx-generic-segmentation": "gso", "tx-tcp-segmentation": "tso"}
"""What lets this machine send packets that only the card splits: a capture has them in one piece."""
_STRIPPING = "rx-vlan-hw-parse"
_SHOWN_VLANS = 12


@dataclass(frozen=True, slots=True)
class CaptureState:
    """What became of the capture on an interface."""

    is_on: bool  # it was captured when the listening ended
    problem: str | None  # the engine's reason why not
    is_promiscuous: bool  # by the configuration


def state_findings(
    port: ListenedPort, capture: CaptureState, names: Sequence[str], language: Language
) -> Iterator[CheckResult]:
    """Whether it can be captured. `names`: the interfaces here."""
    say, name = language.say, port.name
    if port.is_missing:
        here = ", ".join(names) or say("none")
        text = say("there is no such interface")
        yield CheckResult(
            "interface", Mark.PROBLEM, text, say("Interfaces here: {names}.", names=here), "ip link", name
        )
        return
    if port.link is None:
        yield CheckResult(
            "interface", Mark.NOT_CHECKED, say("the kernel does not answer over netlink"), interface=name
        )
        return
    if not port.link.is_up:
        meaning = say("Nothing arrives until it is brought up; a mirror port needs no address.")
        command = f"sudo ip link set dev {port.device} up"
        yield CheckResult("interface", Mark.PROBLEM, say("the interface is down"), meaning, command, name)
        return
    if not port.link.has_carrier:
        meaning = say("Check the cable, and whether the port of the switch is enabled.")
        yield CheckResult(
            "interface", Mark.PROBLEM, say("no carrier"), meaning, f"ip link show dev {port.device}", name
        )
        return
    if capture.problem is not None:
        yield CheckResult("interface", Mark.PROBLEM, capture.problem, interface=name)
    elif not capture.is_on or port.link.is_loopback:
        text = say("up, with carrier and MTU {mtu}", mtu=port.link.mtu)
        yield CheckResult("interface", Mark.OK, text, interface=name)
    else:
        yield _promiscuity(port, port.link, is_promiscuous=capture.is_promiscuous, language=language)


def _promiscuity(port: ListenedPort, found: Link, *, is_promiscuous: bool, language: Language) -> CheckResult:
    say, mtu = language.say, found.mtu
    if found.promiscuity:
        text = say("up, with carrier and MTU {mtu}; promiscuous mode is on while netmon captures", mtu=mtu)
        return CheckResult("interface", Mark.OK, text, interface=port.name)
    meaning = say("A card keeps only packets to its own address then, and a mirror's are to others.")
    if not is_promiscuous:
        text = say("promiscuous mode is off, because capture.promiscuous is false")
        return CheckResult("interface", Mark.WARNING, text, meaning, interface=port.name)
    text = say("promiscuous mode could not be switched on")
    command = f"sudo ip link set dev {port.device} promisc on"
    return CheckResult("interface", Mark.WARNING, text, meaning, command, port.name)


def joining(port: ListenedPort | None) -> dict[str, bool]:
    """What joins packets before they are captured: the word for ethtool -K, and whether it can be changed."""
    found = port.offloads if port else None
    if port is None or found is None:
        return {}
    wanted = dict(_MERGING)
    if port.sample is not None and port.link is not None and port.sample.largest_sent > port.link.mtu:
        wanted |= _SPLITTING
    return {
        tool: not found[key].is_fixed for key, tool in wanted.items() if key in found and found[key].is_on
    }


def offload_findings(port: ListenedPort, language: Language) -> Iterator[CheckResult]:
    """Whether the card or the kernel joins packets before they are captured."""
    say, name = language.say, port.name
    if port.offloads is None:
        text = say("the kernel does not tell what its card does to packets (ethtool)")
        yield CheckResult("offloads", Mark.NOT_CHECKED, text, interface=name)
        return
    on = joining(port)
    if not on:
        yield CheckResult(
            "offloads", Mark.OK, say("packets arrive as they were sent: nothing joins them"), interface=name
        )
        return
    words = [tool for tool, can_change in on.items() if can_change]
    command = f"sudo ethtool -K {port.device} {' '.join(f'{word} off' for word in words)}" if words else None
    meaning = say(
        "Packets that are joined have sizes, counts and times that nobody sent, and duplicates of the mirror "
        "are not recognised in them."
    )
    text = say(
        "joins packets before they are captured: {names}", names=", ".join(word.upper() for word in on)
    )
    yield CheckResult("offloads", Mark.WARNING, text, meaning, command, name)


def size_findings(port: ListenedPort, language: Language) -> Iterator[CheckResult]:
    """Whether packets are larger than the MTU: a mirror's headers make them so."""
    say, name = language.say, port.name
    sample, mtu = port.sample, port.link.mtu if port.link else 0
    if sample is None or not sample.packets or not mtu:
        yield CheckResult("packet_size", Mark.NOT_CHECKED, say("no packet was sampled"), interface=name)
        return
    if sample.largest <= mtu:
        text = say(
            "no packet is larger than the MTU: {largest} of {mtu} bytes", largest=sample.largest, mtu=mtu
        )
        yield CheckResult("packet_size", Mark.OK, text, interface=name)
        return
    text = say("packets of {largest} bytes are larger than the MTU ({mtu})", largest=sample.largest, mtu=mtu)
    meaning = say(
        "This card lets them in, or they were joined. Others drop such packets, which a mirror makes of "
        "large ones when it adds headers: give the interface a larger MTU."
    )
    yield CheckResult(
        "packet_size", Mark.WARNING, text, meaning, f"sudo ip link set dev {port.device} mtu 9000", name
    )


def vlan_findings(
    port: ListenedPort, separate_by: Sequence[str], language: Language
) -> Iterator[CheckResult]:
    """Which VLANs are there, and whether the card takes tags away."""
    say, name, sample = language.say, port.name, port.sample
    if sample is None or not sample.packets:
        yield CheckResult("vlans", Mark.NOT_CHECKED, say("no packet was sampled"), interface=name)
        return
    if sample.vlans:
        yield CheckResult("vlans", Mark.OK, _vlans_text(sample, language), interface=name)
        return
    stripping = (port.offloads or {}).get(_STRIPPING)
    if "vlan" in separate_by and stripping is not None and stripping.is_on and not stripping.is_fixed:
        text = say("no packet has a VLAN tag, and the card takes tags off (rxvlan)")
        meaning = say(
            "flows.separate_by needs the tags. Some virtual cards take them off and do not pass them on."
        )
        command = f"sudo ethtool -K {port.device} rxvlan off"
        yield CheckResult("vlans", Mark.WARNING, text, meaning, command, name)
    elif "vlan" in separate_by:
        meaning = say("flows.separate_by has nothing to tell hosts apart by: let the mirror keep the tags.")
        yield CheckResult("vlans", Mark.WARNING, say("no packet has a VLAN tag"), meaning, interface=name)
    else:
        yield CheckResult("vlans", Mark.OK, say("no packet has a VLAN tag"), interface=name)


def _vlans_text(sample: Sample, language: Language) -> str:
    tagged = sum(sample.vlans.values())
    names = [vlan for vlan, _ in sample.vlans.most_common(_SHOWN_VLANS)]
    more = f" (+{len(sample.vlans) - len(names)})" if len(sample.vlans) > len(names) else ""
    return language.say_count(
        len(sample.vlans),
        "VLAN {names} in {percent} of sampled packets",
        "VLANs {names} in {percent} of sampled packets",
        names=", ".join(names) + more,
        percent=percent_text(tagged, sample.packets, language),
    )
