"""The diagnosis as JSON: English in every language, and with keys that stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from netmon.doctor.findings import CheckResult, Mark

VERSION = 1
"""Increases when a key is removed or gets another meaning."""


class CheckDocument(TypedDict):
    """A finding."""

    check: str  # one of netmon.doctor.findings.CHECKS
    mark: Literal["problem", "warning", "not_checked", "ok"]
    interface: str | None
    text: str
    meaning: str | None
    command: str | None


class DoctorDocument(TypedDict):
    """What `netmon doctor --json` writes."""

    version: int
    netmon: str
    interfaces: list[str]  # as they were asked for
    seconds: float  # in which packets were captured
    interrupted: bool  # before the time was over
    problems: int
    warnings: int
    findings: list[CheckDocument]


def document(
    findings: Sequence[CheckResult],
    netmon: str,
    interfaces: Sequence[str],
    seconds: float,
    *,
    is_interrupted: bool,
) -> DoctorDocument:
    """The document of a diagnosis."""
    return {
        "version": VERSION,
        "netmon": netmon,
        "interfaces": list(interfaces),
        "seconds": round(seconds, 1),
        "interrupted": is_interrupted,
        "problems": sum(one.mark is Mark.PROBLEM for one in findings),
        "warnings": sum(one.mark is Mark.WARNING for one in findings),
        "findings": [
            {
                "check": one.check,
                "mark": one.mark.value,
                "interface": one.interface,
                "text": one.text,
                "meaning": one.meaning,
                "command": one.command,
            }
            for one in findings
        ],
    }
