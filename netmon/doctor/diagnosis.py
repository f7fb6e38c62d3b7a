"""All findings from all facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date

from netmon.config.settings import Config
from netmon.doctor.checks.machine import kernel_findings, rights_findings
from netmon.doctor.checks.names import name_findings
from netmon.doctor.checks.outputs import disk_findings, folder_findings, web_findings
from netmon.doctor.checks.port import (
    CaptureState,
    offload_findings,
    size_findings,
    state_findings,
    vlan_findings,
)
from netmon.doctor.checks.setup import (
    KnownDatabase,
    clock_findings,
    country_findings,
    database_findings,
    signature_findings,
)
from netmon.doctor.checks.view import traffic_findings, view_findings
from netmon.doctor.facts.clock import ClockState
from netmon.doctor.facts.files import WrittenFolder
from netmon.doctor.facts.kernel import Kernel
from netmon.doctor.facts.rights import Rights
from netmon.doctor.facts.traffic import ListenedPort, Traffic
from netmon.doctor.facts.web import WebAddress
from netmon.doctor.findings import CheckResult, Mark, in_order
from netmon.language.language import Language


@dataclass(frozen=True, slots=True)
class DoctorFacts:
    """What was gathered."""

    config: Config
    today: date
    rights: Rights
    kernel: Kernel
    user: str  # that the sensor runs as
    folders: Sequence[WrittenFolder]
    web: Sequence[WebAddress]
    databases: Sequence[KnownDatabase]
    quoted: Set[str]  # providers whose locations the signatures quote
    reviewed: dict[str, date | None]  # vendor → day of the last review of its signatures
    clock: ClockState | None
    names: Sequence[str]  # of the interfaces here
    traffic: Traffic
    refusal: str | None = None  # why root could not be given up


def diagnose(facts: DoctorFacts, language: Language) -> list[CheckResult]:
    """The findings, the most important first."""
    findings = list(_findings(facts, language))
    failure = facts.traffic.failure
    if failure is not None:
        # Its reason may be another finding already.
        is_known = any(one.mark is Mark.PROBLEM for one in findings)
        mark = Mark.NOT_CHECKED if is_known else Mark.PROBLEM
        findings.append(CheckResult("traffic", mark, failure))
    return in_order(findings)


def _findings(facts: DoctorFacts, language: Language) -> Iterator[CheckResult]:
    config, traffic = facts.config, facts.traffic
    yield from rights_findings(facts.rights, facts.refusal, language)
    yield from kernel_findings(facts.kernel, language)
    problems = traffic.stats["interface_problems"] if traffic.stats else {}
    for port in traffic.ports:
        yield from _port_findings(facts, port, problems.get(port.name), language)
    yield from traffic_findings(traffic, language)
    yield from view_findings(traffic, language)
    if traffic.stats is not None and any(view["flow_packets"] for view in traffic.stats["view"].values()):
        yield from name_findings(traffic.stats, language)
    else:
        yield from _unseen(facts, language)
    yield from clock_findings(facts.clock, traffic.late_s, language)
    yield from country_findings(config.subjects, language)
    yield from database_findings(facts.databases, facts.quoted, facts.today, language)
    yield from signature_findings(facts.reviewed, facts.today, language)
    yield from folder_findings(facts.folders, facts.user, language)
    yield from disk_findings(facts.folders, language)
    yield from web_findings(facts.web, is_passed=config.web.systemd_socket, language=language)


def _port_findings(
    facts: DoctorFacts, port: ListenedPort, problem: str | None, language: Language
) -> Iterator[CheckResult]:
    is_on = facts.traffic.stats is not None and problem is None
    capture = CaptureState(is_on, problem, facts.config.capture.promiscuous)
    yield from state_findings(port, capture, facts.names, language)
    if port.is_missing:
        return
    yield from offload_findings(port, language)
    if is_on:
        yield from size_findings(port, language)
        yield from vlan_findings(port, facts.config.separate_by, language)


_OF_TRAFFIC = (
    "losses",
    "directions",
    "undecoded",
    "cut",
    "duplicates",
    "dns",
    "encrypted_dns",
    "ech",
    "quic",
)
"""The checks that need packets."""


def _unseen(facts: DoctorFacts, language: Language) -> Iterator[CheckResult]:
    """The checks that were not made, and why."""
    text = language.say("no packet was seen")
    if facts.traffic.stats is None:
        text = language.say("nothing could be captured")
    for check in _OF_TRAFFIC:
        yield CheckResult(check, Mark.NOT_CHECKED, text)
