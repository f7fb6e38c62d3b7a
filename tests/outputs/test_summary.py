"""The summary of large numbers: every digit, in 80 columns."""

from dataclasses import replace

from rich.console import Console

from netmon.outputs.summary import Summary
from netmon.privacy import ADDRESS, Privacy
from tests.outputs.test_seen import STATS, VIEW
from tests.records import classified


def test_large_numbers_lose_no_digit():
    """Tens of millions of flows and terabytes are shown in full, without an ellipsis."""
    summary = Summary({}, Privacy(ADDRESS, bytes(32)))
    seen = classified()
    summary.flow(
        replace(seen, flow=replace(seen.flow, phase="end", sent_bytes=10**15, received_bytes=10**14))
    )
    for total in (*summary._sums.values(), *summary._outcomes.values()):
        total.flows *= 12_345_678
    many = dict.fromkeys(VIEW, 1_234_567_890) | {"one_way_connections": 1_234_567_889}
    console = Console(width=80)
    with console.capture() as capture:
        summary.show(console, STATS | {"packets": 12_345_678_901, "view": {"": many}})
    text = capture.get()
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    for number in ("12,345,678 ", "1000.0 TB", "12,345,678,901", "1,234,567,889", "of 1,234,567,890"):
        assert number in text
