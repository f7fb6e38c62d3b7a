"""Every hello layout × encapsulation × view: each name is found on its own flow, and nowhere else."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from netmon import _engine
from netmon.records import FlowRecord
from tests.craft import matrix
from tests.craft.matrix import Cell, cells
from tests.craft.pcap import NANOSECONDS, Frame, pcap
from tests.machine import need

ETHERNET = 1
LOST = {
    "both": {"no_hello_seen"},
    "client": {"no_hello_seen"},
    # If neither a SYN nor the start of the hello was seen, it is unknown whether there was a hello.
    "no_syn": {"no_hello_seen", "started_before_sensor"},
    "no_syn_client": {"no_hello_seen", "started_before_sensor"},
}
"""Reasons for a cell whose name was lost, by its view."""
SHAPES = [*(("tls", shape) for shape in matrix.TCP_SHAPES)]
SHAPES += [(version, shape) for version in matrix.QUIC_VERSIONS for shape in matrix.QUIC_SHAPES]

Ends = tuple[str, int, str, int]


@dataclass(frozen=True)
class Seen:
    """The engine's results for a capture."""

    flows: Mapping[Ends, FlowRecord]
    stats: dict[str, Any]


def in_order(captures: Iterable[list[Frame]]) -> list[Frame]:
    """All conversations in one capture, in order of time."""
    return sorted((frame for frames in captures for frame in frames), key=lambda frame: frame.time_ns)


def analyse(frames: Iterable[Frame]) -> Seen:
    """The engine's results; every flow by its ends, client first."""
    engine = _engine.Engine(_engine.Matcher([], [], []), every_flow=True)
    for frame in frames:
        engine.feed(frame.time_ns, ETHERNET, frame.data, frame.length)
    rows, _ = engine.finish()
    records = [FlowRecord(*row) for row in rows]
    flows = {(flow.client, flow.client_port, flow.server, flow.server_port): flow for flow in records}
    assert len(flows) == len(records)
    return Seen(flows, engine.stats())


def find_wrong(cell: Cell, flow: FlowRecord | None) -> str | None:
    """How a flow differs from its cell, as text."""
    if flow is None:
        return f"{cell.name}: no flow between its ends"
    sent = cell.sent()
    up, down = ([len(s.packet) for s in sent if s.up is way] for way in (True, False))
    expected = {
        "name": cell.name,
        "evidence": "sni" if cell.over == "tls" else "quic_sni",
        "server_name": cell.name,
        "candidates": (),
        "reason": None,
        "sent_packets": len(up),
        "sent_bytes": sum(up),
        "received_packets": len(down),
        "received_bytes": sum(down),
    }
    wrong = {key: getattr(flow, key) for key, value in expected.items() if getattr(flow, key) != value}
    return f"{cell.name}: {wrong}" if wrong else None


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return in_order(cell.frames() for cell in cells())


@pytest.fixture(scope="module")
def seen(frames: list[Frame]) -> Seen:
    return analyse(frames)


def of_shape(over: str, shape: str) -> list[Cell]:
    return [cell for cell in cells() if (cell.over, cell.shape) == (over, shape)]


@pytest.mark.parametrize(("over", "shape"), SHAPES)
def test_every_cell_has_its_name_and_its_bytes(seen: Seen, over: str, shape: str) -> None:
    """In every encapsulation and view: the right name and evidence, the inner packets and IP bytes."""
    chosen = of_shape(over, shape)
    assert len(chosen) >= 2 * 11 * 2
    assert [wrong for cell in chosen if (wrong := find_wrong(cell, seen.flows.get(cell.ends)))] == []


def test_no_flow_and_no_name_is_invented(seen: Seen) -> None:
    """There are as many flows as cells, as many names as flows, and nothing is left unnamed or rejected."""
    assert {flow.name for flow in seen.flows.values()} == {cell.name for cell in cells()}
    assert len(seen.flows) == len(cells()) == len({cell.name for cell in cells()})
    counts = Counter("sni" if cell.over == "tls" else "quic_sni" for cell in cells())
    assert {key: count for key, count in seen.stats["named"].items() if count} == counts
    assert sum(seen.stats["unnamed"].values()) == 0
    assert sum(seen.stats["rejected"].values()) == 0


def test_a_name_with_lost_bytes_is_missing_and_counted() -> None:
    """Without the packets that hold bytes of the name no cell has one, and each has a suitable reason."""
    seen = analyse(in_order(cell.frames(without_name=True) for cell in cells()))
    assert len(seen.flows) == len(cells())
    for cell in cells():
        flow = seen.flows[cell.ends]
        assert (flow.name, flow.evidence, flow.server_name) == (None, "none", None), cell.name
        assert flow.reason in LOST[cell.view], cell.name
    assert sum(seen.stats["unnamed"].values()) == len(cells())


def test_swapped_flows_would_be_detected(seen: Seen) -> None:
    """Two cells with each other's flows are both wrong: no two cells are alike."""
    one, other = of_shape("tls", "one_segment")[:2]
    assert find_wrong(one, seen.flows[one.ends]) is None
    assert find_wrong(one, seen.flows[other.ends]) is not None
    assert find_wrong(other, seen.flows[one.ends]) is not None


@pytest.fixture(scope="module")
def capture(frames: list[Frame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("matrix") / "matrix.pcap"
    path.write_bytes(pcap(frames, ETHERNET, magic=NANOSECONDS))
    return path


def tshark(path: Path, *arguments: str) -> list[str]:
    """The lines that tshark prints; it reorders segments first."""
    need("tshark")
    command = ["tshark", "-n", "-otcp.reassemble_out_of_order:TRUE", "-r", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_wireshark_reads_the_same_names(capture: Path) -> None:
    """Wireshark reads every name, except in reordered segments without a SYN."""
    # It takes the first segment that it sees as the start of the stream.
    blind = {cell for cell in cells() if cell.shape == "reordered" and cell.view.startswith("no_syn")}
    field = "tls.handshake.extensions_server_name"
    lines = tshark(capture, "-Y", field, "-Tfields", "-e", field)
    names = {name for line in lines for name in line.split(",")}
    assert names == {cell.name for cell in cells() if cell not in blind}


def test_wireshark_finds_nothing_wrong(capture: Path) -> None:
    """No frame of the matrix is malformed or truncated, or has a wrong checksum."""
    sums = [f"{protocol}.checksum.status == 0" for protocol in ("ip", "tcp", "udp")]
    options = [f"-o{protocol}.check_checksum:TRUE" for protocol in ("ip", "tcp", "udp")]
    assert tshark(capture, *options, "-Y", " || ".join(["_ws.malformed", "_ws.short", *sums])) == []
