"""Clients' addresses in evidence: replaced everywhere, consistently, with right checksums."""

import hashlib
import ipaddress
import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.evidence import recorder
from netmon.evidence.rewriting import RAW_IP, Rewriting
from netmon.sources.kept import KeptPacket
from tests.craft import golden
from tests.evidence.test_findings import read_golden
from tests.evidence.test_pcapng import fields
from tests.machine import need

CLIENT, SERVER = "192.0.2.10", "198.51.100.10"
MAC, OTHER_MAC = bytes.fromhex("0a1b2c3d4e5f"), bytes.fromhex("00aabbccddee")


def digest(text):
    """Bytes that differ for different texts."""
    return hashlib.sha256(text.encode()).digest()


def checksum(data):
    """The Internet checksum (RFC 1071); 0 over data that contains its right checksum."""
    data += bytes(len(data) % 2)
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return ipaddress.ip_address(address).packed


def datagram(payload, source=CLIENT, destination=SERVER, options=b""):
    """An IPv4 packet with UDP and right checksums."""
    udp = bytearray(b"\x13\x88\x00\x35" + (8 + len(payload)).to_bytes(2, "big") + b"\0\0" + payload)
    pseudo = packed(source) + packed(destination) + b"\0\x11" + len(udp).to_bytes(2, "big")
    udp[6:8] = checksum(pseudo + bytes(udp)).to_bytes(2, "big")
    size = 20 + len(options)
    head = bytearray(
        bytes([0x40 | size // 4, 0]) + (size + len(udp)).to_bytes(2, "big") + bytes(4) + b"\x40\x11\0\0"
    )
    head += packed(source) + packed(destination) + options
    head[10:12] = checksum(bytes(head)).to_bytes(2, "big")
    return bytes(head) + bytes(udp)


def packet(data, link=1, source=CLIENT, destination=SERVER):
    return KeptPacket(1, link, "tap0", len(data), 1, source, destination, ("syn",), data)


def is_right(ip):
    """True if both checksums of an IPv4 packet with UDP are right."""
    size = (ip[0] & 15) * 4
    udp = ip[size:]
    pseudo = ip[12:20] + b"\0\x11" + len(udp).to_bytes(2, "big")
    return checksum(ip[:size]) == 0 and checksum(pseudo + udp) == 0


@pytest.mark.parametrize("tags", [b"", b"\x81\0\0\x0a", b"\x88\xa8\0\x14\x81\0\0\x0a"])
@pytest.mark.parametrize("payload", [b"x", b"an even payload", packed(CLIENT) * 3, b"a" + packed(CLIENT)])
def test_addresses_and_checksums(tags, payload):
    """Address and MACs are replaced in the headers and in the payload; the checksums are right again."""
    data = OTHER_MAC + MAC + tags + b"\x08\0" + datagram(payload)
    rewriting = Rewriting([CLIENT], digest)
    done = rewriting.apply(packet(data))
    assert packed(CLIENT) not in done.data
    assert MAC not in done.data
    assert OTHER_MAC not in done.data
    ip = done.data[14 + len(tags) :]
    assert is_right(ip)
    assert (done.source, done.destination) == (rewriting.show(CLIENT), SERVER)
    assert ip[12:16] == packed(rewriting.show(CLIENT))
    assert done.data[12 : 14 + len(tags)] == data[12 : 14 + len(tags)]
    assert (done.link, len(done.data), done.wire_len) == (1, len(data), len(data))


def test_the_same_address_has_the_same_pseudonym_and_both_directions_fit():
    """What the client sends and receives belongs together; the server stays as it is, ports as well."""
    rewriting = Rewriting([CLIENT], digest)
    there = rewriting.apply(packet(datagram(b"a"), RAW_IP)).data
    back = rewriting.apply(packet(datagram(b"b", SERVER, CLIENT), RAW_IP, SERVER, CLIENT)).data
    assert there[12:20] == back[16:20] + back[12:16]
    assert there[16:20] == packed(SERVER)
    assert there[20:24] == datagram(b"a")[20:24]


def test_text_keeps_its_length_and_is_no_address_of_a_client():
    """The address in a proxy header or a request is replaced by one of the same length."""
    text = f"PROXY TCP4 {CLIENT} {SERVER} 5000 443\r\n".encode()
    done = Rewriting([CLIENT], digest).apply(packet(datagram(text), RAW_IP)).data
    assert done[28:] == f"PROXY TCP4 111.1.1.11 {SERVER} 5000 443\r\n".encode()
    assert is_right(done)


def test_a_checksum_that_was_wrong_stays_wrong_and_one_that_is_absent_stays_absent():
    """Rewriting neither repairs packets nor adds checksums."""
    wrong, absent = bytearray(datagram(b"abc")), bytearray(datagram(b"abc"))
    wrong[27] ^= 1
    absent[26:28] = b"\0\0"
    rewriting = Rewriting([CLIENT], digest)
    assert not is_right(rewriting.apply(packet(bytes(wrong), RAW_IP)).data)
    assert rewriting.apply(packet(bytes(absent), RAW_IP)).data[26:28] == b"\0\0"


def test_a_cut_packet_is_corrected_by_the_difference():
    """The checksum of a packet cut by the snap length is that of the complete one with the pseudonym."""
    whole = datagram(b"payload that is longer than the snap length")
    rewriting = Rewriting([CLIENT], digest)
    cut = rewriting.apply(packet(whole[:40], RAW_IP)).data
    assert cut == rewriting.apply(packet(whole, RAW_IP)).data[:40]


@pytest.mark.parametrize(
    "head",
    [
        OTHER_MAC + MAC + b"\x08\0" + datagram(b"", "203.0.113.1", "203.0.113.2")[:28] + bytes(8),
        b"unknown link layer with " + packed(CLIENT),
        b"",
    ],
)
def test_headers_that_may_hold_addresses_are_removed(head):
    """Of a tunnel, or an unknown link layer, the innermost IP packet remains."""
    done = Rewriting([CLIENT], digest).apply(packet(head + datagram(b"a"), 147))
    assert (done.link, done.wire_len) == (RAW_IP, len(datagram(b"a")))
    assert is_right(done.data)


@pytest.mark.parametrize("data", [b"", b"\x45", datagram(b"a")[:19], datagram(b"a")[:23], b"\x60" * 41])
def test_damaged_packets_do_no_harm(data):
    """A packet without both addresses is left out; a cut one is rewritten as far as it goes."""
    done = Rewriting([CLIENT], digest).apply(packet(data, RAW_IP))
    assert packed(CLIENT) not in done.data


@given(st.binary(max_size=120), st.binary(max_size=80), st.sampled_from([0, 1, 101, 113, 147, 276]))
def test_any_packet_with_the_addresses(before, after, link):
    """Whatever precedes and follows the addresses, no address of the client is left and nothing fails."""
    pair = packed(CLIENT) + packed(SERVER)
    for version in (b"\x45", b"\x46", b"\x4f", b"\x40"):
        data = before + version + before[:11].ljust(11, b"\0") + pair + after
        rewriting = Rewriting([CLIENT], digest)
        done = rewriting.apply(packet(data, link))
        header = done.data.find(packed(rewriting.show(CLIENT)))
        assert header >= 0
        assert packed(CLIENT) + packed(SERVER) not in done.data


def test_ipv6_with_extension_headers():
    """Addresses of IPv6, its UDP checksum behind an extension header included."""
    client, server = "2001:db8::10", "2001:db8:1::1"
    udp = bytearray(b"\x13\x88\x00\x35\x00\x0c\0\0abcd")
    pseudo = packed(client) + packed(server) + (12).to_bytes(4, "big") + b"\0\0\0\x11"
    udp[6:8] = checksum(pseudo + bytes(udp)).to_bytes(2, "big")
    ip = b"\x60\0\0\0" + (20).to_bytes(2, "big") + b"\0\x40" + packed(client) + packed(server)
    ip += b"\x11\0" + bytes(6) + bytes(udp)
    done = Rewriting([client], digest).apply(packet(ip, RAW_IP, client, server)).data
    pseudo = done[8:40] + (12).to_bytes(4, "big") + b"\0\0\0\x11"
    assert packed(client) not in done
    assert checksum(pseudo + done[48:]) == 0


@pytest.mark.parametrize("case", golden.CASES, ids=lambda case: case.__name__)
def test_no_client_is_in_the_files_of_a_golden_capture(case, tmp_path, monkeypatch):
    """At level 1, neither the addresses of clients nor their MAC addresses are in any file."""
    monkeypatch.setattr(recorder, "is_finding", lambda classified: classified.vendor is not None)
    shown = read_golden(case, tmp_path / "shown", "--privacy", "0")
    clients = {one["source"]["ip"] for one in shown if one["event"]["dataset"] == "netmon.flow"}
    read_golden(case, tmp_path / "hidden", "--privacy", "1")
    written = list((tmp_path / "hidden").iterdir())
    servers = {one["destination"]["ip"] for one in shown if one["event"]["dataset"] == "netmon.flow"}
    for client in clients - servers:
        for file in written:
            assert packed(client) not in file.read_bytes()
            assert f'"{client}"' not in file.read_text("latin-1")
    for file in (tmp_path / "hidden").glob("*.json"):
        assert "pseudonyms" in json.loads(file.read_text())["privacy"]["note"]


def test_wireshark_finds_no_wrong_checksum_and_reads_the_note(tmp_path, monkeypatch):
    """tshark calls no checksum wrong; the comment of the section says what was changed."""
    need("tshark")
    monkeypatch.setattr(recorder, "is_finding", lambda classified: classified.vendor is not None)
    read_golden(next(one for one in golden.CASES if one.__name__ == "dns_client"), tmp_path, "--privacy", "1")
    [path] = tmp_path.glob("*.pcapng")
    checks = [word for layer in ("ip", "tcp", "udp") for word in ("-o", f"{layer}.check_checksum:TRUE")]
    bad = subprocess.run(
        ["tshark", "-r", str(path), *checks, "-Y", "ip.checksum.status == 0 || udp.checksum.status == 0"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert bad.stdout == ""
    assert fields(path, "ip.src")
    info = subprocess.run(["capinfos", str(path)], capture_output=True, text=True, check=True)
    assert "pseudonyms" in info.stdout
