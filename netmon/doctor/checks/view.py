"""Findings about what an interface shows, by the thresholds of `netmon.quality`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from netmon.doctor.checks.port import joining
from netmon.doctor.facts.traffic import ListenedPort, Traffic
from netmon.doctor.findings import CheckResult, Mark
from netmon.language.language import Language
from netmon.language.marking import _
from netmon.outputs.texts import duration_text
from netmon.quality import THRESHOLDS, Counters, Threshold, by_interface, find_faults, percent_text


@dataclass(frozen=True, slots=True)
class _ViewCheck:
    """A check of the view: the problems of `netmon.quality` that belong to it."""

    check: str
    problems: tuple[str, ...]
    good: str  # {part}, {total} and {percent} are those of the first problem
    too_few: str  # as above, if its total is too small to tell
    meaning: str
    mark: Mark = Mark.PROBLEM


_CHECKS = (
    _ViewCheck(
        "losses",
        ("dropped", "interface_dropped", "unseen", "gap"),
        _("{part} of {total} packets were dropped here, and no gap was found in connections"),
        _("too few packets to tell"),
        _("Names and bytes are missing, so flows stay undecided or are not seen at all."),
    ),
    _ViewCheck(
        "directions",
        ("one_way", "answers_only"),
        _("both directions are seen: {part} of {total} connections in one only"),
        _("only {total} connections ended, too few to tell whether both directions are mirrored"),
        _(
            "With one direction, names from DNS prove nothing, no round trip is measured, and verdicts stay "
            "undecided."
        ),
    ),
    _ViewCheck(
        "undecoded",
        ("undecoded",),
        _("{percent} of packets could not be decoded"),
        _("too few packets to tell"),
        _("What is in these packets is missing in every result."),
    ),
    _ViewCheck(
        "cut",
        ("cut",),
        _("packets are complete"),
        _("too few packets to tell"),
        _("A name at the end of a large hello is lost."),
    ),
    _ViewCheck(
        "duplicates",
        ("duplicates",),
        _("{percent} of packets are duplicates by the mirror"),
        _("too few packets to tell"),
        _("They cost time, and some of them cannot be told from retransmissions."),
        Mark.WARNING,
    ),
    _ViewCheck(
        "offloads",
        ("coalesced",),
        "",
        "",
        _("Sizes, counts and times are not those that were sent."),
        Mark.WARNING,
    ),
    _ViewCheck(
        "vlans",
        ("overlapping",),
        "",
        "",
        _("Flows of different hosts are mixed up."),
    ),
    _ViewCheck(
        "clock",
        ("clock", "misdated"),
        "",
        "",
        _("Times of events are wrong, and round trips are not measured."),
    ),
)
_THRESHOLDS: Mapping[str, Threshold] = {one.problem: one for one in THRESHOLDS}


def traffic_findings(traffic: Traffic, language: Language) -> Iterator[CheckResult]:
    """Whether there was traffic on each interface that could be captured."""
    say, stats = language.say, traffic.stats
    for name, counters in by_interface(stats).items() if stats else ():
        if not stats or not stats["interfaces"].get(name, {}).get("up", 1):
            continue
        packets, flows = counters.get("packets", 0), counters.get("flow_packets", 0)
        seconds = duration_text(traffic.seconds, language)
        if flows:
            text = say(
                "{packets} packets in {seconds}, {flows} of them of flows",
                packets=language.number(packets),
                seconds=seconds,
                flows=language.number(flows),
            )
            yield CheckResult("traffic", Mark.OK, text, interface=name)
            continue
        text = say(
            "{packets} packets in {seconds}, none of them of a flow",
            packets=language.number(packets),
            seconds=seconds,
        )
        meaning = say(
            "The mirror session sends nothing here: check its source, its destination and the cable."
        )
        yield CheckResult("traffic", Mark.PROBLEM, text, meaning, f"sudo tcpdump -c 10 -eni {name}", name)


def view_findings(traffic: Traffic, language: Language) -> Iterator[CheckResult]:
    """What the thresholds say of each interface that showed traffic."""
    stats = traffic.stats
    if stats is None:
        return
    faults = {(one.interface, one.problem): one.text for one in find_faults(stats, language)}
    ports = {port.name: port for port in traffic.ports}
    for name, counters in by_interface(stats).items():
        for check in _CHECKS if counters.get("packets") else ():
            bad = [problem for problem in check.problems if (name, problem) in faults]
            if "coalesced" in bad and joining(ports.get(name)):
                bad = []  # `port.offload_findings` says so
            for problem in bad:
                text = faults[name, problem].removeprefix(f"{name}: ")
                command = _command(problem, ports.get(name))
                yield CheckResult(check.check, check.mark, text, language.say(check.meaning), command, name)
            if not bad and check.good:
                yield _good(check, name, counters, language)


def _good(check: _ViewCheck, name: str, counters: Counters, language: Language) -> CheckResult:
    threshold = _THRESHOLDS[check.problems[0]]
    part, total = counters.get(threshold.part, 0), sum(counters.get(key, 0) for key in threshold.total)
    is_enough = total >= threshold.min_total
    text = language.say(
        check.good if is_enough else check.too_few,
        part=language.number(part),
        total=language.number(total),
        percent=percent_text(part, total, language),
    )
    return CheckResult(check.check, Mark.OK if is_enough else Mark.NOT_CHECKED, text, interface=name)


def _command(problem: str, port: ListenedPort | None) -> str | None:
    if port is None:
        return None
    if problem == "coalesced":
        return f"sudo ethtool -K {port.device} gro off lro off"
    if problem == "interface_dropped" and port.ring is not None and port.ring.now < port.ring.most:
        return f"sudo ethtool -G {port.device} rx {port.ring.most}"
    return None
