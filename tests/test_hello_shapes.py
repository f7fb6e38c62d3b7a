"""The 29 hello layouts that eight other tools were tested with, of which they find 14 to 28."""

from __future__ import annotations

import pytest

from tests.craft.matrix import Cell
from tests.test_matrix import analyse, find_wrong

SHAPES = (
    Cell(0, "tls", "one_segment", 4, "plain", "both"),
    Cell(1, "tls", "one_segment", 4, "plain", "both", 8443),
    Cell(2, "tls", "one_segment", 4, "plain", "both", 33_221),
    Cell(3, "tls", "one_segment", 6, "plain", "both"),
    Cell(4, "tls", "beside_ech", 4, "plain", "both"),
    Cell(5, "tls", "two_segments", 4, "plain", "both"),  # the name in the first one
    Cell(6, "tls", "name_last", 4, "plain", "both"),  # the name in the second one
    Cell(7, "tls", "reordered", 4, "plain", "both"),
    Cell(8, "tls", "split_name", 4, "plain", "both"),
    Cell(9, "tls", "tiny_segments", 4, "plain", "both"),
    Cell(10, "tls", "two_records", 4, "plain", "both"),
    Cell(11, "tls", "one_segment", 4, "plain", "no_syn"),
    Cell(12, "tls", "one_segment", 4, "plain", "client"),
    Cell(13, "tls", "name_last", 4, "plain", "client"),
    Cell(14, "tls", "one_segment", 4, "vlan", "both"),
    Cell(15, "tls", "one_segment", 4, "qinq", "both"),
    Cell(16, "tls", "one_segment", 4, "mpls", "both"),
    Cell(17, "tls", "one_segment", 4, "pppoe", "both"),
    Cell(18, "tls", "one_segment", 4, "gre", "both"),
    Cell(19, "tls", "one_segment", 4, "erspan2", "both"),
    Cell(20, "tls", "one_segment", 4, "vxlan", "both"),
    Cell(21, "tls", "one_segment", 4, "geneve", "both"),
    Cell(22, "quic1", "one_initial", 4, "plain", "both"),
    Cell(23, "quic1", "shuffled_frames", 4, "plain", "both"),
    Cell(24, "quic2", "one_initial", 4, "plain", "both"),
    Cell(25, "quic1", "one_initial", 6, "plain", "both"),
    Cell(26, "quic1", "two_initials", 4, "plain", "both"),
    Cell(27, "quic1", "reversed_initials", 4, "plain", "both"),
    Cell(28, "quic1", "small_frames", 4, "plain", "both"),
)


def test_there_are_29_different_shapes() -> None:
    """No layout is in the table twice."""
    assert len({(c.over, c.shape, c.ip_version, c.encapsulation, c.view, c.port) for c in SHAPES}) == 29


@pytest.mark.parametrize("cell", SHAPES, ids=lambda cell: f"{cell.name.removesuffix('.matrix.example')}")
def test_its_name_is_found(cell: Cell) -> None:
    """Alone in a capture, as in that comparison: its name, the right evidence and the right bytes."""
    seen = analyse(cell.frames())
    assert len(seen.flows) == 1
    assert find_wrong(cell, seen.flows.get(cell.ends)) is None
