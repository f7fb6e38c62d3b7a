"""Findings about the process and the kernel: rights, and what a capture needs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from netmon.doctor.facts.kernel import Kernel
from netmon.doctor.facts.rights import Rights
from netmon.doctor.findings import CheckResult, Mark
from netmon.language.language import Language

_SYSTEM = (Path("/usr"), Path("/bin"))
_SERVICE = "AmbientCapabilities=CAP_NET_RAW"


def rights_findings(rights: Rights, refusal: str | None, language: Language) -> Iterator[CheckResult]:
    """Whether packets can be captured. `refusal`: why root could not be given up."""
    say = language.say
    if refusal is not None:
        meaning = say("Nothing was captured: the sensor would not start either.")
        yield CheckResult("rights", Mark.PROBLEM, refusal, meaning)
    if rights.can_capture is None:
        yield CheckResult(
            "rights", Mark.NOT_CHECKED, say("/proc does not show the capabilities of this process")
        )
    elif rights.can_capture and refusal is None:
        if rights.user == 0:
            text = say(
                "CAP_NET_RAW is there; the sensor keeps it, and gives up everything else that root has"
            )
        else:
            text = say("CAP_NET_RAW is there, which is all that a capture needs")
        yield CheckResult("rights", Mark.OK, text)
    elif not rights.can_capture and not rights.could_capture:
        yield CheckResult(
            "rights",
            Mark.PROBLEM,
            say("CAP_NET_RAW is missing, and no user can get it here"),
            say("A container has to be started with it; nothing can be captured until then."),
            "docker run --cap-add NET_RAW --network host …",
        )
    elif not rights.can_capture:
        yield _missing(rights, language)


def _missing(rights: Rights, language: Language) -> CheckResult:
    text = language.say("CAP_NET_RAW is missing, so nothing can be captured")
    meaning = language.say("In a systemd unit, this line gives it: {line}", line=_SERVICE)
    if not any(Path(rights.program).is_relative_to(folder) for folder in _SYSTEM):
        line = f"sudo setcap cap_net_raw+ep {shlex.quote(rights.program)}"
        given = language.say("To give it to every program of this Python: {line}", line=line)
        meaning = f"{meaning}. {given}"
    return CheckResult("rights", Mark.PROBLEM, text, meaning, f"sudo {rights.command} doctor")


def kernel_findings(kernel: Kernel, language: Language) -> Iterator[CheckResult]:
    """Whether the kernel has rings and filters for packets."""
    say, release = language.say, kernel.release
    if kernel.has_ring is None:
        text = say(
            "Linux {release}: rings and filters for packets need CAP_NET_RAW to be tried", release=release
        )
        yield CheckResult("kernel", Mark.NOT_CHECKED, text)
        return
    if not kernel.has_ring:
        text = say("Linux {release} has no ring for packets (AF_PACKET, TPACKET_V3)", release=release)
        meaning = say("netmon can read capture files here, and capture with --source scapy only.")
        yield CheckResult("kernel", Mark.PROBLEM, text, meaning)
    elif not kernel.has_filter:
        text = say("Linux {release} refuses filters for packets (BPF)", release=release)
        meaning = say("Captures with a filter, and with several workers, cannot start.")
        yield CheckResult("kernel", Mark.WARNING, text, meaning)
    else:
        yield CheckResult("kernel", Mark.OK, say("Linux {release}, with TPACKET_V3 and BPF", release=release))
