"""Hellos recorded from real, current clients: each is named correctly, and can be recorded again."""

from __future__ import annotations

from pathlib import Path

import pytest

from netmon import _engine
from netmon.records import FlowRecord
from tests.clients import record
from tests.clients.record import CLIENTS, FOLDER, Recorded
from tests.machine import need

TABLE = record.read_table()
by_client = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.capture.removesuffix(".pcap"))


def analyse(path: Path) -> tuple[list[FlowRecord], int]:
    """The flows in a capture, and the number of hellos that were read."""
    engine = _engine.Engine(_engine.Matcher([], [], []), every_flow=True)
    engine.read(_engine.CaptureFile(str(path)), 1000)
    flows, _ = engine.finish()
    return [FlowRecord(*row) for row in flows], engine.stats()["hellos"]


def check(path: Path, row: Recorded) -> None:
    """Checks that the capture's only flow has the client's name, its ALPN, and ECH as read by tshark."""
    [flow], hellos = analyse(path)
    assert hellos == 1
    evidence = {"tcp": "sni", "udp": "quic_sni"}[row.transport]
    assert (flow.transport, flow.name, flow.evidence) == (row.transport, row.name, evidence)
    assert (flow.server_name, flow.alpn) == (row.name, row.alpn)
    assert flow.ech == ("grease" if row.ech else None)
    assert flow.server_port == 443


@by_client
def test_each_client_is_named_correctly(row: Recorded) -> None:
    """The flow has the name that the client connected to, from its hello, with the right evidence."""
    check(FOLDER / row.capture, row)


def test_browsers_have_a_post_quantum_hello_over_several_packets() -> None:
    """Chromium's hellos carry an X25519MLKEM768 share, so they take several packets, over TCP and QUIC."""
    rows = {row.capture: row for row in TABLE}
    for capture in ("chromium.pcap", "chromium_quic.pcap"):
        row = rows[capture]
        assert "X25519MLKEM768" in row.key_shares
        assert row.hello_bytes > 1500
        assert row.packets >= 2


@pytest.mark.parametrize("capture", ["chromium.pcap", "chromium_quic.pcap"])
def test_browser_hellos_need_reassembly(tmp_path: Path, capture: str) -> None:
    """No single packet of the recording contains a complete hello."""
    data = (FOLDER / capture).read_bytes()
    head, at = data[:24], 24
    while at < len(data):
        end = at + 16 + int.from_bytes(data[at + 8 : at + 12], "little")
        alone = tmp_path / "alone.pcap"
        alone.write_bytes(head + data[at:end])
        assert analyse(alone)[1] == 0
        at = end


def test_the_table_has_every_client() -> None:
    """The committed table lists all clients of the script, and the README shows it."""
    assert [row.capture for row in TABLE] == [f"{client.capture}.pcap" for client in CLIENTS]
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == record.readme(TABLE)


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.render
def test_each_client_is_named_correctly_when_recorded_again(tmp_path: Path) -> None:
    """The clients installed on this machine are named correctly as well."""
    need(*record.PROGRAMS)
    pytest.importorskip("aioquic")
    rows = record.record(tmp_path)
    assert [(row.name, row.transport) for row in rows] == [(row.name, row.transport) for row in TABLE]
    for row in rows:
        check(tmp_path / row.capture, row)
