"""Counts flows of vendors and findings: as soon as they are reported, and those that have ended."""

from __future__ import annotations

from netmon.records import ClassifiedFlow, DnsRecord

_MAX_OPEN = 100_000
"""Flows that go on, which are remembered so that they count once."""


class FindingCount:
    """An output that counts flows of known vendors, and those with a finding, at their first report.

    `ended` are those that have ended, and `alarms` those of them with a finding of at least a warning.
    """

    def __init__(self) -> None:
        self.flows = 0
        self.findings = 0
        self.ended = 0
        self.alarms = 0
        self._open: dict[int, bool] = {}  # whether a finding was counted

    def flow(self, classified: ClassifiedFlow) -> None:
        """Counts a flow, and a finding that it turns out to be."""
        if classified.vendor is None:
            return
        flow, verdict = classified.flow, classified.verdict
        is_finding = verdict is not None and verdict.severity is not None
        was_finding = self._open.pop(flow.flow_id, None) if self._open else None
        self.flows += was_finding is None
        self.findings += is_finding and not was_finding
        if flow.phase == "end":
            self.ended += 1
            self.alarms += verdict is not None and verdict.is_alarm
        elif len(self._open) < _MAX_OPEN:
            self._open[flow.flow_id] = is_finding or bool(was_finding)

    def dns(self, record: DnsRecord) -> None:
        """Does nothing: DNS messages are no findings."""

    def flush(self) -> None:
        """Does nothing: nothing is written."""
