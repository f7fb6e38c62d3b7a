"""Round trips in captures from other projects equal those of tshark."""

from collections import defaultdict

import pytest

from netmon._engine import CaptureFile, Engine, Matcher
from netmon.sources import to_batch
from tests.captures.round_trips import FOLDER

ONE_FLIGHT_NS = 10_000_000  # a SYN repeated after more than this is a retransmission
# nDPI/sites.pcapng was put together from several captures, whose times contradict each other at the SYNs of
# these flows: the times of the SYNs are not believed, so nothing is measured.
AT_CLOCK_STEPS = {
    ("192.168.88.231", 49950, "159.153.191.240", 443),
    ("192.168.88.171", 55468, "184.86.2.194", 443),
}
LINES = (FOLDER / "round_trips.tsv").read_text(encoding="utf-8").splitlines()
ROWS = defaultdict(list)
for file, client, port, server, server_port, rtt_ns, again_ns in (line.split("\t") for line in LINES):
    ROWS[file].append(((client, int(port), server, int(server_port)), int(rtt_ns), int(again_ns)))


def measured(file):
    """Round trips of the TCP flows in a capture, by their ends."""
    engine = Engine(Matcher([], [], []), every_flow=True)
    capture = CaptureFile(str(FOLDER / file))
    while engine.read(capture, 1_000_000):
        pass
    found = defaultdict(set)
    for flow in to_batch(engine.finish()).flows + to_batch(engine.drain()).flows:
        if flow.transport == "tcp":
            found[flow.client, flow.client_port, flow.server, flow.server_port].add(flow.rtt_ns)
    return found


@pytest.mark.parametrize("file", sorted(ROWS))
def test_round_trips_equal_tsharks(file):
    """Each equals tshark's to the nanosecond, and there is none if the SYN was retransmitted."""
    found = measured(file)
    for ends, rtt_ns, again_ns in ROWS[file]:
        is_measured = again_ns < ONE_FLIGHT_NS and ends not in AT_CLOCK_STEPS
        assert found[ends] == ({rtt_ns} if is_measured else {None}), ends


def test_both_kinds_are_in_the_captures():
    """The captures contain flows with and without a measurement."""
    again = [row for rows in ROWS.values() for row in rows if row[2] > ONE_FLIGHT_NS]
    assert len(LINES) > 250
    assert again
