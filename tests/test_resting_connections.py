"""Connections that rest are remembered fairly, and warnings tell of clocks that are wrong."""

from __future__ import annotations

import struct

import pytest

from netmon import _engine
from netmon.quality import find_faults
from netmon.records import FlowRecord
from netmon.sources import to_batch
from netmon.sources.files import FileSource
from tests.craft import golden, golden_time
from tests.craft.packets import ACK, RST, SYN, address
from tests.craft.scene import connection, flight
from tests.flood_packets import ADDRESS_AT, HOSTILE, RAW_IP, SEQUENCE_AT, START_NS, resting_connections
from tests.floods import SMALL

COUNT = 60_000
"""Connections in the flood: 600 of them of honest clients, more than twice as many as there is room for."""


def goes_on(packet: bytes) -> bytes:
    """The next segment of a connection that began with this one: one byte."""
    payload = len(packet) - 40
    [sequence] = struct.unpack_from("!I", packet, SEQUENCE_AT)
    changed = bytearray(packet[:41])
    struct.pack_into("!H", changed, 2, 41)
    struct.pack_into("!I", changed, SEQUENCE_AT, sequence + payload)
    return bytes(changed)


def test_a_client_with_many_connections_makes_no_other_forgotten() -> None:
    """Beside a flood of one client, 99 % of the honest clients' connections go on with their names."""
    limits = SMALL | {"max_flows": 10_000}
    engine = _engine.Engine(_engine.Matcher([], [], []), every_flow=True, **limits)
    honest, now_ns = [], START_NS
    for packet in resting_connections(COUNT):
        now_ns += 1000
        engine.feed(now_ns, RAW_IP, packet, len(packet))
        if packet[ADDRESS_AT : ADDRESS_AT + 4] != address(str(HOSTILE)).packed:
            honest.append(packet)
    assert engine.stats()["evicted"]["idle_connections"] > COUNT // 2
    engine.drain()
    for packet in honest:
        now_ns += 1000
        following = goes_on(packet)
        engine.feed(now_ns + 400_000_000_000, RAW_IP, following, len(following))
    flows: tuple[FlowRecord, ...] = to_batch(engine.finish()).flows
    resumed = [flow for flow in flows if flow.continues is not None and flow.name is not None]
    assert len(resumed) >= 0.99 * len(honest)


STRAYS = {
    "syn": (True, SYN),
    "reset": (True, RST),
    "syn_ack": (False, SYN | ACK),
    "server_reset": (False, RST | ACK),
}
"""Segments that are forged into a connection: whether in the client's name, and control bits."""


@pytest.mark.parametrize("rest_s", [1, 3600])
@pytest.mark.parametrize("kind", STRAYS)
def test_stray_segments_take_no_name_from_a_connection(kind, rest_s) -> None:
    """What follows a forged segment has the name of the connection, and no byte is counted twice or lost."""
    talk = connection()
    talk.open()
    talk.send(flight())
    talk.receive(b"\x17\x03\x03\x00\x04abcd")
    talk.now_ns += rest_s * 1_000_000_000
    is_client, control = STRAYS[kind]
    number = (talk.next_up if is_client else talk.next_down) + 2**30 & 0xFFFFFFFF
    if is_client:
        talk.up(control, seq=number)
    else:
        held, talk.next_down = talk.next_down, number
        talk.down(control)
        talk.next_down = held
    talk.now_ns += rest_s * 1_000_000_000
    for _ in range(40):
        talk.send(bytes(1000))
        talk.receive(b"ok")
    engine = _engine.Engine(_engine.Matcher([], [], []), every_flow=True)
    for one in talk.sent:
        engine.feed(one.time_ns, RAW_IP, one.packet, len(one.packet))
    flows: tuple[FlowRecord, ...] = to_batch(engine.finish()).flows
    assert all(flow.name for flow in flows if flow.sent_bytes + flow.received_bytes > 40)
    assert sum(flow.sent_bytes + flow.received_bytes for flow in flows) == sum(
        len(one.packet) for one in talk.sent
    )


@pytest.mark.parametrize("off_by", [0, 1000, 2**19, 2**22, 2**31])
def test_a_connection_goes_on_only_where_it_stopped(off_by) -> None:
    """A segment has the name of the connection before it if its numbers fit, and not if they are far off."""
    engine = _engine.Engine(_engine.Matcher([], [], []), every_flow=True)
    first = next(resting_connections(1))
    following = bytearray(goes_on(first))
    [sequence] = struct.unpack_from("!I", following, SEQUENCE_AT)
    struct.pack_into("!I", following, SEQUENCE_AT, (sequence + off_by) % 2**32)
    engine.feed(START_NS, RAW_IP, first, len(first))
    engine.feed(START_NS + 400_000_000_000, RAW_IP, bytes(following), len(following))
    flows = to_batch(engine.finish()).flows
    assert [flow.continues for flow in flows] == [None, 0 if off_by < 2**20 else None]
    assert flows[1].name == (flows[0].name if off_by < 2**20 else None)


@pytest.mark.parametrize(
    ("case", "problems"),
    [
        (golden_time.stray_times, {"misdated"}),
        (golden_time.clock_set_back, {"misdated", "clock"}),
        (golden_time.two_clocks, {"misdated", "clock"}),
        (golden_time.resting_connection, set()),
    ],
)
def test_wrong_clocks_are_warned_of_and_silence_is_not(case, problems) -> None:
    """Each kind of wrong time gives a warning for its interface; a silence of two hours gives none."""
    path = golden.FOLDER / case.__name__ / golden.input_name(case)
    source = FileSource([str(path)], _engine.Matcher([], [], []))
    list(source.batches())
    faults = find_faults(source.stats())
    assert {fault.problem for fault in faults} == problems
    assert {fault.interface for fault in faults} <= {"", "tap1"}
