"""Hellos that real, current clients sent: each is named rightly, and can be recorded anew."""

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


def look(path: Path) -> tuple[list[FlowRecord], int]:
    """The flows in a capture, and how many hellos were read."""
    engine = _engine.Engine(_engine.Matcher([], [], []), every_flow=True)
    engine.read(_engine.CaptureFile(str(path)), 1000)
    flows, _ = engine.finish()
    return [FlowRecord(*row) for row in flows], engine.stats()["hellos"]


def check(path: Path, row: Recorded) -> None:
    """The capture's one flow is the recorded client's, with its name, its ALPN and what tshark saw of ECH."""
    [flow], hellos = look(path)
    assert hellos == 1
    evidence = {"tcp": "sni", "udp": "quic_sni"}[row.transport]
    assert (flow.transport, flow.name, flow.evidence) == (row.transport, row.name, evidence)
    assert (flow.server_name, flow.alpn) == (row.name, row.alpn)
    assert flow.ech == ("grease" if row.ech else None)
    assert flow.server_port == 443


@by_client
def test_each_client_is_named_rightly(row: Recorded) -> None:
    """The name that the client was sent to, out of its hello, with the right evidence."""
    check(FOLDER / row.capture, row)


def test_browsers_have_a_post_quantum_hello_over_several_packets() -> None:
    """Chromium's hellos carry an X25519MLKEM768 share, so no packet holds one, over TCP or over QUIC."""
    rows = {row.capture: row for row in TABLE}
    for capture in ("chromium.pcap", "chromium_quic.pcap"):
        row = rows[capture]
        assert "X25519MLKEM768" in row.key_shares
        assert row.hello_bytes > 1500
        assert row.packets >= 2


@pytest.mark.parametrize("capture", ["chromium.pcap", "chromium_quic.pcap"])
def test_no_single_packet_of_a_browsers_hello_is_enough(tmp_path: Path, capture: str) -> None:
    """Each packet of the recording alone gives no whole hello: it takes putting together."""
    whole = (FOLDER / capture).read_bytes()
    head, at = whole[:24], 24
    while at < len(whole):
        end = at + 16 + int.from_bytes(whole[at + 8 : at + 12], "little")
        alone = tmp_path / "alone.pcap"
        alone.write_bytes(head + whole[at:end])
        assert look(alone)[1] == 0
        at = end


def test_the_table_has_every_client() -> None:
    """The committed table names all clients of the script, and the README shows it."""
    assert [row.capture for row in TABLE] == [f"{client.capture}.pcap" for client in CLIENTS]
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == record.readme(TABLE)


@pytest.mark.lab
@pytest.mark.slow
def test_recorded_anew_each_client_is_named_rightly(tmp_path: Path) -> None:
    """What the clients of this machine say today is named as well."""
    need(*record.PROGRAMS)
    pytest.importorskip("aioquic")
    rows = record.record(tmp_path)
    assert [(row.name, row.transport) for row in rows] == [(row.name, row.transport) for row in TABLE]
    for row in rows:
        check(tmp_path / row.capture, row)
