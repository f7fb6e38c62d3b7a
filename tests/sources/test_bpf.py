"""Filter expressions match the same packets as in tcpdump, also with VLAN tags."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Packet

from netmon import _engine
from netmon.errors import SourceError
from netmon.sources import bpf, libpcap
from tests.machine import need

pytestmark = pytest.mark.usefixtures("libpcap")

TLS = TCP(sport=40_000, dport=443)
UNTAGGED = [
    IP(dst="192.0.2.1") / TLS,
    IP(dst="192.0.2.1", proto=6, frag=3) / (b"\x9c\x40\x01\xbb" + bytes(20)),
    IP(dst="192.0.2.9") / TCP(sport=40_000, dport=80),
    IPv6(dst="2001:db8::1") / TLS,
    IPv6(dst="2001:db8::1") / UDP(sport=40_000, dport=53),
    IP(dst="192.0.2.1") / UDP(sport=40_000, dport=443),
    IP(dst="192.0.2.1") / ICMP(),
    ARP(pdst="192.0.2.1"),
]
EXPRESSIONS = [
    "tcp port 443",
    "tcp",
    "not tcp",
    "not port 443",
    "port 53 or icmp",
    "host 192.0.2.1",
    "net 192.0.2.0/24 and not icmp",
    "ip6",
    "arp",
    "udp[2:2] = 443",
    "len <= 60",
    "tcp[tcpflags] & tcp-syn != 0",
    "ip[8] % 10 = 4",
    "portrange 50-90",
    "ether host 02:00:00:00:00:02",
]
"""Expressions that use every kind of load, jump and arithmetic that libpcap generates."""


def _frames(tags: Iterable[Packet]) -> list[bytes]:
    """All packets of UNTAGGED, with `tags`."""
    frames = []
    for packet in UNTAGGED:
        frame = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
        for tag in tags:
            frame /= tag
        frames.append(bytes(frame / packet))
    return frames


def _capture(path: Path, frames: Iterable[bytes], link: int = bpf.ETHERNET) -> Path:
    records = b"".join(struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame for frame in frames)
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, link) + records)
    return path


def _passed(path: Path, program: bpf.Program) -> int:
    """The number of packets of a capture that match, as the engine counts them."""
    engine = _engine.Engine(_engine.Matcher([], [], []))
    engine.read(_engine.CaptureFile(str(path), program), 1 << 30)
    stats = engine.stats()
    return int(stats["packets"])


def _tcpdump(path: Path, expression: str) -> int:
    """The number of packets of a capture that match in tcpdump."""
    need("tcpdump")
    command = ["tcpdump", "-n", "-r", str(path), "-w", "-", expression]
    result = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return sum(1 for _ in _records(result.stdout))


def _records(capture: bytes) -> Iterable[int]:
    """The length of each record of a pcap file."""
    order = "<" if capture[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at < len(capture):
        (length,) = struct.unpack_from(order + "I", capture, at + 8)
        yield length
        at += 16 + length


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_untagged_frames_match_as_in_tcpdump(tmp_path: Path, expression: str) -> None:
    """For each expression, the same number of packets match in the engine and in tcpdump."""
    capture = _capture(tmp_path / "untagged.pcap", _frames([]))
    expected = _tcpdump(capture, expression)
    assert _passed(capture, bpf.compile_filter(expression, bpf.ETHERNET)) == expected


@pytest.mark.parametrize("expression", [each for each in EXPRESSIONS if not each.startswith("len")])
@pytest.mark.parametrize(
    "tags",
    [[Dot1Q(vlan=7)], [Dot1AD(vlan=7)], [Dot1AD(vlan=7), Dot1Q(vlan=8)], [Dot1Q(vlan=7), Dot1Q(vlan=8)]],
    ids=["802.1Q", "802.1ad", "QinQ", "802.1Q twice"],
)
def test_tags_do_not_change_what_matches(tmp_path: Path, expression: str, tags: list[Packet]) -> None:
    """An expression matches the same packets with and without tags, also if it is negated."""
    untagged = _capture(tmp_path / "untagged.pcap", _frames([]))
    tagged = _capture(tmp_path / "tagged.pcap", _frames(tags))
    program = bpf.compile_filter(expression, bpf.ETHERNET)
    assert _passed(tagged, program) == _passed(untagged, program)


def test_an_expression_that_matches_tags_is_used_unchanged(tmp_path: Path) -> None:
    """`vlan 7 and tcp` matches the TCP packets of that VLAN only."""
    frames = _frames([]) + _frames([Dot1Q(vlan=7)]) + _frames([Dot1Q(vlan=8)])
    capture = _capture(tmp_path / "mixed.pcap", frames)
    for expression in ("vlan 7 and tcp", "vlan", "ether proto 0x8100"):
        expected = _tcpdump(capture, expression)
        assert expected > 0
        assert _passed(capture, bpf.compile_filter(expression, bpf.ETHERNET)) == expected


@pytest.mark.parametrize("link", [12, 14, 101])
def test_raw_ip_has_several_link_types(tmp_path: Path, link: int) -> None:
    """Raw IP has three link types, one of which has another number in libpcap."""
    packets = [bytes(packet) for packet in UNTAGGED if not isinstance(packet, ARP)]
    capture = _capture(tmp_path / "raw.pcap", packets, link)
    program = bpf.compile_filter("tcp port 443", link)
    assert _passed(capture, program) == 2


def test_a_filter_can_be_set_once_the_link_type_is_known(tmp_path: Path) -> None:
    """`link` reads ahead to the first packet, which is then filtered like all others."""
    file = _engine.CaptureFile(str(_capture(tmp_path / "untagged.pcap", _frames([]))))
    assert file.link == bpf.ETHERNET
    file.set_filter(bpf.compile_filter("tcp port 443", bpf.ETHERNET))
    engine = _engine.Engine(_engine.Matcher([], [], []))
    engine.read(file, 1 << 30)
    assert (engine.stats()["packets"], file.packets) == (2, len(UNTAGGED))


def _pcapng(links: Iterable[int], packets: Iterable[tuple[int, bytes]]) -> bytes:
    """A pcapng section with interfaces of these link types, and packets given as (interface, bytes)."""

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        length = struct.pack("<I", len(body) + 12)
        return struct.pack("<I", kind) + length + body + length

    blocks = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    blocks += [block(1, struct.pack("<HHI", link, 0, 0)) for link in links]
    for interface, data in packets:
        header = struct.pack("<IIIII", interface, 0, 1, len(data), len(data))
        blocks.append(block(6, header + data))
    return b"".join(blocks)


def test_the_link_type_of_pcapng_is_that_of_its_first_packet(tmp_path: Path) -> None:
    """An interface without packets is ignored, unless there are no packets at all."""
    path = tmp_path / "two.pcapng"
    path.write_bytes(_pcapng([113, 1], [(1, frame) for frame in _frames([])]))
    file = _engine.CaptureFile(str(path))
    assert (file.link, file.link, file.packets) == (1, 1, 0)
    engine = _engine.Engine(_engine.Matcher([], [], []))
    engine.read(file, 1 << 30)
    assert (file.packets, file.problem) == (len(UNTAGGED), None)
    path.write_bytes(_pcapng([113, 1], []))
    assert _engine.CaptureFile(str(path)).link == 113
    path.write_bytes(_pcapng([], []))
    assert _engine.CaptureFile(str(path)).link is None


def test_packets_of_another_link_type_are_skipped_and_reported(tmp_path: Path) -> None:
    """The filter is not applied at the wrong offsets to packets of a second link type; others still match."""
    path = tmp_path / "two.pcapng"
    frame = _frames([])[0]
    path.write_bytes(_pcapng([1, 101], [(0, frame), (1, bytes(UNTAGGED[0])), (0, frame)]))
    file = _engine.CaptureFile(str(path), bpf.compile_filter("tcp", 1))
    engine = _engine.Engine(_engine.Matcher([], [], []))
    engine.read(file, 1 << 30)
    assert engine.stats()["packets"] == 2
    assert "1 of 3 packets were skipped: their link type" in (file.problem or "")


def test_a_step_ends_even_if_nothing_matches(tmp_path: Path) -> None:
    """`read` counts the packets that it reads, so that progress and interrupts work without a match."""
    file = _engine.CaptureFile(str(_capture(tmp_path / "untagged.pcap", _frames([]))))
    file.set_filter([(6, 0, 0, 0)])
    engine = _engine.Engine(_engine.Matcher([], [], []))
    assert engine.read(file, 1)
    assert (file.packets, engine.stats()["packets"]) == (1, 0)
    assert not engine.read(file, 1 << 30)
    assert file.packets == len(UNTAGGED)


@pytest.mark.parametrize("expression", ["tcp prot 443", "tcp) or (udp", "host", "port 70000", "tcp\x00"])
def test_a_wrong_expression_is_reported_in_one_line(expression: str) -> None:
    """The error has the expression and libpcap's message."""
    with pytest.raises(SourceError) as raised:
        bpf.compile_filter(expression, bpf.ETHERNET)
    message = str(raised.value)
    assert message.startswith(f"filter {expression!r}: ")
    assert len(message.splitlines()) == 1


def test_an_empty_expression_gives_no_program() -> None:
    """There is nothing to test, so there are no instructions."""
    assert bpf.compile_filter("  ", bpf.ETHERNET) == []


def test_a_live_filter_that_matches_tags_is_refused() -> None:
    """The kernel removes the outer tag first, so the filter would match nothing."""
    with pytest.raises(SourceError, match="leave `vlan` out"):
        bpf.compile_filter("vlan 7 and tcp", bpf.ETHERNET, live=True)
    assert bpf.compile_filter("tcp", bpf.ETHERNET, live=True) == bpf.compile_filter("tcp", bpf.ETHERNET)


def test_missing_libpcap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the package to install."""

    def fail(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(libpcap.ctypes, "CDLL", fail)
    libpcap._libpcap.cache_clear()
    libpcap.compile_text.cache_clear()
    with pytest.raises(SourceError, match=r"apt-get install libpcap0\.8"):
        bpf.compile_filter("tcp", bpf.ETHERNET)


def test_a_broken_program_is_refused() -> None:
    """The engine refuses a program with a jump out of it, without an end, or with an unknown instruction."""
    path = "-"
    for program in ([(0x05, 0, 0, 9), (0x06, 0, 0, 0)], [(0x00, 0, 0, 1)], [(0xFFFF, 0, 0, 0)]):
        with pytest.raises(_engine.CaptureError, match="invalid filter"):
            _engine.CaptureFile(path, program)
