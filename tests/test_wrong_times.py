"""Wrong times of single packets of a real office's traffic change no name, no match and no byte."""

from __future__ import annotations

import random
import struct
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from netmon import _engine, wiring
from netmon.config.settings import Config
from netmon.signatures.match import compile_matcher
from netmon.sources import to_batch

DEMO = Path(__file__).parents[1] / "netmon" / "data" / "demo.pcap"
SECOND_NS = 1_000_000_000
Packets = list[tuple[int, bytes]]


@cache
def demo() -> Packets:
    """The packets of the demo, with their times."""
    data = DEMO.read_bytes()
    magic, *_, link = struct.unpack_from("<IHHiIII", data)
    assert link == 1
    unit_ns = 1 if magic == 0xA1B23C4D else 1000
    at, packets = 24, []
    while at < len(data):
        second, rest, kept, length = struct.unpack_from("<IIII", data, at)
        assert kept == length
        packets.append((second * SECOND_NS + rest * unit_ns, data[at + 16 : at + 16 + kept]))
        at += 16 + kept
    return packets


@cache
def matcher() -> _engine.Matcher:
    """Of the shipped signatures."""
    return compile_matcher(wiring.load_signatures(Config()))


def flows_of(packets: Packets) -> Counter[tuple[object, ...]]:
    """What is known of each flow, apart from its times."""
    engine = _engine.Engine(matcher(), every_flow=True)
    for time_ns, data in packets:
        engine.feed(time_ns, 1, data, len(data))
    return Counter(
        (
            flow.transport,
            (flow.client, flow.client_port, flow.server, flow.server_port),
            (flow.name, flow.evidence, flow.grounds, flow.signature, flow.candidates, flow.reason),
            (flow.sent_packets, flow.sent_bytes, flow.received_packets, flow.received_bytes),
            (flow.end_reason, flow.contact, flow.view, flow.unseen_bytes),
        )
        for flow in to_batch(engine.finish()).flows
    )


@pytest.mark.parametrize("seed", range(12))
def test_stray_times_change_nothing(seed: int) -> None:
    """Some packets in a hundred have any other time, early or late; they may be DNS, SYN or hello."""
    chance = random.Random(seed)
    packets = list(demo())
    for at in range(chance.randrange(5, 15), len(packets) - 10, chance.randrange(15, 60)):
        time_ns, data = packets[at]
        wrong_ns = chance.choice([5, 100, 301, 3600, 86_400, 10**7]) * SECOND_NS + chance.randrange(SECOND_NS)
        stamp_ns = max(0, time_ns + chance.choice([-1, 1]) * wrong_ns)
        if not packets[at - 1][0] <= stamp_ns <= packets[at + 1][0]:  # it could be right otherwise
            packets[at] = (stamp_ns, data)
    assert flows_of(packets) == flows_of(demo())


@pytest.mark.parametrize("stamp_ns", [2**63, 15 << 60, 31 << 59, 2**64 - 10**12, 2**64 - 1])
def test_a_first_packet_of_a_far_time_changes_no_other_flow(stamp_ns: int) -> None:
    """Up to the last time there is: flows end by the silences that they would end by without it."""
    (_, data), *_ = demo()
    stray = data[:26] + bytes([192, 0, 2, 1, 192, 0, 2, 2]) + data[34:]  # of hosts that the capture lacks
    found = flows_of([(stamp_ns, stray), *demo()])
    (own,) = found - flows_of(demo())
    assert "192.0.2.1" in own[1]  # type: ignore[operator]
    assert found - Counter([own]) == flows_of(demo())


@pytest.mark.parametrize("step_s", [-86_400, -3600, -301, -61, -10, -2])
def test_a_clock_that_is_set_back_changes_nothing(step_s: int) -> None:
    """From the middle of the capture on, the clock is earlier."""
    half = len(demo()) // 2
    after = [(time_ns + step_s * SECOND_NS, data) for time_ns, data in demo()[half:]]
    assert flows_of(demo()[:half] + after) == flows_of(demo())


def connections_of(packets: Packets) -> dict[tuple[object, ...], tuple[set[object], int]]:
    """The names, and all bytes, of the flows between two ends."""
    found: dict[tuple[object, ...], tuple[set[object], int]] = {}
    for (_, ends, (name, *_), volume, _), count in flows_of(packets).items():
        names, size = found.get(ends, (set(), 0))
        octets = count * (volume[1] + volume[3])  # type: ignore[index]
        found[ends] = (names | {name}, size + octets)
    return found


@pytest.mark.parametrize("step_s", [2, 61, 301, 3600, 86_400])
@pytest.mark.parametrize("part", [0.2, 0.35, 0.5, 0.8])
def test_a_clock_that_is_set_forward_costs_no_name_and_no_byte(step_s: int, part: float) -> None:
    """It looks like silence, and connections that were open go on with their names."""
    at = int(part * len(demo()))
    after = [(time_ns + step_s * SECOND_NS, data) for time_ns, data in demo()[at:]]
    assert connections_of(demo()[:at] + after) == connections_of(demo())


def test_dns_messages_have_the_times_of_their_packets() -> None:
    """A message is reported at the time that its own clock shows, also after a step."""
    step_ns, half = 3600 * SECOND_NS, len(demo()) // 2
    after = [(time_ns - step_ns, data) for time_ns, data in demo()[half:]]
    stamps = {time_ns for time_ns, _ in after[200:]}
    engine = _engine.Engine(matcher(), every_flow=True)
    for time_ns, data in demo()[:half] + after:
        engine.feed(time_ns, 1, data, len(data))
    late = [one.time_ns for one in to_batch(engine.finish()).dns][-20:]
    assert all(any(abs(stamp - time_ns) < SECOND_NS for stamp in stamps) for time_ns in late)
