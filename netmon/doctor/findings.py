"""The findings of a diagnosis, and their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How a check ended, the most important first."""

    PROBLEM = "problem"
    WARNING = "warning"
    NOT_CHECKED = "not_checked"
    OK = "ok"


CHECKS = (
    "rights",
    "kernel",
    "interface",
    "traffic",
    "losses",
    "directions",
    "undecoded",
    "cut",
    "offloads",
    "packet_size",
    "duplicates",
    "vlans",
    "dns",
    "encrypted_dns",
    "ech",
    "quic",
    "clock",
    "country",
    "databases",
    "signatures",
    "files",
    "disk",
    "web",
)
"""Every check, the most important first: a closed set, and the same in `--json`."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check: what was found, what it means for verdicts, and what mends it."""

    check: str  # one of CHECKS
    mark: Mark
    text: str
    meaning: str | None = None
    command: str | None = None  # for a shell
    interface: str | None = None


def in_order(findings: Iterable[CheckResult]) -> list[CheckResult]:
    """The findings by importance: by their marks, then by their checks, then by interface."""
    marks = list(Mark)
    return sorted(
        findings, key=lambda one: (marks.index(one.mark), CHECKS.index(one.check), one.interface or "")
    )
