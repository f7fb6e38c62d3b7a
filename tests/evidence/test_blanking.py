"""What packets say about clients beyond their addresses is blanked; lengths, names and checksums stay."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRROPT, EDNS0TLV
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import HAO, IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import Ether
from scapy.packet import Padding

from netmon.evidence.blanking import HttpBlanking, blank_dns, blank_preamble
from netmon.evidence.rewriting import Rewriting
from netmon.sources.kept import KeptPacket
from tests.evidence.test_rewriting import digest, packed

CLIENT, SERVER, OTHER = "192.0.2.10", "198.51.100.10", "192.0.2.99"
CLIENT6, SERVER6 = "2001:db8::10", "2001:db8:1::1"
MAC, OTHER_MAC = "0a:1b:2c:3d:4e:5f", "00:aa:bb:cc:dd:ee"
MAC_BYTES = bytes.fromhex(MAC.replace(":", ""))


def rewritten(packet, *shows, clients=(CLIENT,)):
    """The packet as evidence at level 1 shows it, and the bytes of the one before."""
    data = bytes(packet)
    layer = Ether(data)
    ip = layer[IP] if IP in layer else layer[IPv6]
    kept = KeptPacket(1, 1, "tap0", len(data), 1, ip.src, ip.dst, shows, data)
    done = Rewriting(clients, digest).apply(kept)
    assert (done.link, len(done.data) <= len(data)) == (1, True)
    return done.data


def ethernet(*layers):
    """A frame of the client."""
    frame = Ether(src=MAC, dst=OTHER_MAC)
    for layer in layers:
        frame /= layer
    return frame


def is_right(data):
    """True if all checksums are those that scapy computes, and all lengths stayed."""
    frame = Ether(data)
    again = Ether(data)
    for layer in (IP, TCP, UDP):
        if layer in again:
            del again[layer].chksum
    return bytes(Ether(bytes(again))) == bytes(frame)


HEAD = IP(src=CLIENT, dst=SERVER)
SYN = TCP(sport=5000, dport=443, flags="S")


@pytest.mark.parametrize("kind", [7, 68, 130, 131, 147])
@pytest.mark.parametrize("address", [CLIENT, OTHER])
def test_ip_options(kind, address):
    """Recorded routes and timestamps have addresses, also of other machines."""
    option = bytes([kind, 7, 4]) + packed(address) + b"\0"
    data = bytearray(bytes(ethernet(IP(src=CLIENT, dst=SERVER, ihl=7), SYN)))
    data[34:34] = option
    data[16:18] = struct.pack(">H", len(data) - 14)
    data[24:26] = b"\0\0"
    del (frame := Ether(bytes(data)))[IP].chksum
    done = rewritten(frame)
    assert packed(address) not in done
    assert is_right(done)


@pytest.mark.parametrize("kind", [30, 254, 253, 34, 27, 99])
def test_tcp_options(kind):
    """MPTCP, TOA and others have addresses; those that a connection needs stay."""
    options = [("MSS", 1460), (kind, b"\x34\x01" + packed(CLIENT)), ("WScale", 7), ("Timestamp", (5, 0))]
    done = rewritten(ethernet(HEAD, TCP(sport=5000, dport=443, flags="S", options=options)))
    assert packed(CLIENT) not in done
    assert is_right(done)
    left = [one for one in Ether(done)[TCP].options if one[0] not in ("NOP", "EOL")]
    assert left == [("MSS", 1460), ("WScale", 7), ("Timestamp", (5, 0))]


def test_a_home_address_of_ipv6():
    """Options of extension headers become padding, and the rest of the packet stays."""
    extension = IPv6ExtHdrDestOpt(options=[HAO(hoa=CLIENT6)])
    done = rewritten(ethernet(IPv6(src=CLIENT6, dst=SERVER6), extension, SYN), clients=(CLIENT6,))
    assert packed(CLIENT6) not in done
    assert Ether(done)[TCP].dport == 443


def test_what_follows_the_packet():
    """A trailer may have anything; it is no part of the IP packet, and is removed."""
    done = rewritten(ethernet(HEAD, SYN) / Padding(MAC_BYTES + packed(CLIENT)))
    assert len(done) == 14 + 20 + 20
    assert is_right(done)


@pytest.mark.parametrize(
    "text", [MAC_BYTES, MAC.encode(), MAC.upper().encode(), MAC.replace(":", "-").encode()]
)
def test_a_mac_address_in_the_payload(text):
    """As bytes, or as text in either form."""
    done = rewritten(ethernet(HEAD, UDP(sport=5000, dport=443), b"before" + text + b"after"))
    assert text not in done
    assert done.endswith(b"after")
    assert is_right(done)


OPTIONS = [
    EDNS0TLV(optcode=8, optdata=b"\0\1\x18\0" + packed(CLIENT)[:3]),
    EDNS0TLV(optcode=8, optdata=b"\0\1\x20\0" + packed(OTHER)),
    EDNS0TLV(optcode=65001, optdata=MAC_BYTES),
    EDNS0TLV(optcode=65073, optdata=MAC.encode()),
    EDNS0TLV(optcode=65074, optdata=b"alices-laptop"),
]


def message(options):
    """A query with EDNS."""
    opt = DNSRROPT(rclass=1232, rdata=options)
    return bytes(DNS(id=7, rd=1, qd=DNSQR(qname="files.acme.example"), ar=opt))


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("is_tcp", [False, True])
def test_options_of_dns(option, is_tcp):
    """Subnets, MAC addresses and names that a resolver adds; the question stays."""
    query = message([option])
    length = struct.pack(">H", len(query))
    payloads = [length + query, (length + query) * 2] if is_tcp else [query]
    for payload in payloads:
        done = blank_dns(payload, is_tcp=is_tcp)
        assert len(done) == len(payload)
        assert option.optdata not in done
        assert DNS(done[2:] if is_tcp else done).qd[0].qname == b"files.acme.example."
    layers = (UDP(sport=5000, dport=53), query)
    data = rewritten(ethernet(HEAD, *layers), "dns_query")
    assert option.optdata not in data
    assert is_right(data)


def test_part_of_a_message_over_tcp():
    """A message that goes on in another segment is blanked as well."""
    query = message(OPTIONS)
    stream = struct.pack(">H", len(query)) + query
    assert b"alices" not in blank_dns(stream[1:], is_tcp=True)
    assert b"alices" not in blank_dns(struct.pack(">H", len(query) + 9) + query, is_tcp=True)


def test_records_of_an_answer_stay():
    """What a name rests on is as it was."""
    answer = DNS(
        id=7,
        qr=1,
        qd=DNSQR(qname="files.acme.example"),
        an=DNSRR(rrname="files.acme.example", rdata=SERVER, ttl=60),
        ar=DNSRROPT(rdata=OPTIONS),
    )
    done = DNS(blank_dns(bytes(answer), is_tcp=False))
    assert (done.an[0].rdata, done.an[0].ttl) == (SERVER, 60)
    assert b"alices" not in bytes(done)


REQUEST = (
    b"GET http://alice:secret@files.acme.example/v1/list?user=alice HTTP/1.1\r\nHost: files.acme.example\r\n"
    b"User-Agent: Alices Browser/1\r\nX-Forwarded-For: 192.0.2.99\r\nProxy-Authorization: Basic QWxpY2U=\r\n"
    b"Via: 1.1 alices-laptop.corp.example\r\nCookie: a=alice\r\n folded=alice\r\n\r\n"
)
SECRETS = (b"lice", b"secret", b"192.0.2.99", b"QWxp", b"laptop")


@pytest.mark.parametrize("cut", range(1, len(REQUEST), 17))
def test_header_values_of_http(cut):
    """Host, method and path name the flow, and stay; nothing else does, in one packet or in two."""
    http = HttpBlanking()
    whole = http.apply(REQUEST, "a")
    assert len(whole) == len(REQUEST)
    assert not any(one in whole for one in SECRETS)
    assert b"@files.acme.example/v1/list?" in whole
    assert b"\r\nHost: files.acme.example\r\n" in whole
    if cut > REQUEST.index(b"\r\n") + 2:
        parts = http.apply(REQUEST[:cut], "b"), http.apply(REQUEST[cut:], "b")
        assert [len(part) for part in parts] == [cut, len(REQUEST) - cut]
        assert b"QWxp" not in b"".join(parts)
        assert b"192.0.2.99" not in b"".join(parts)
    assert http.apply(REQUEST[cut + 1 :], "c") == REQUEST[cut + 1 :]


def test_a_body_and_a_hello_behind_a_request():
    """A body is blanked; a hello through a proxy names the flow, and stays."""
    request = b"CONNECT files.acme.example:443 HTTP/1.1\r\nProxy-Authorization: Basic QWxpY2U=\r\n\r\n"
    hello = b"\x16\x03\x01\0\x05hello"
    done = HttpBlanking().apply(request + hello, 1)
    assert done.startswith(b"CONNECT files.acme.example:443 HTTP/1.1\r\n")
    assert done.endswith(hello)
    assert b"QWxp" not in done
    post = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nalice"
    assert HttpBlanking().apply(post, 1).endswith(b"Content-Length: 5\r\n\r\nxxxxx")


@pytest.mark.parametrize(
    ("payload", "secret"),
    [
        (b"PROXY TCP4 192.0.2.99 198.51.100.10 5000 443\r\n", b"192.0.2.99"),
        (b"PROXY TCP6 2001:db8::99 2001:db8:1::1 5000 443\r\n", b"2001:db8::99"),
        (
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + packed(OTHER) + packed(SERVER) + b"\x13\x88\1\xbb",
            packed(OTHER),
        ),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14" + bytes(12) + b"\5\0\5alice", b"alice"),
        (b"EHLO alices-laptop.corp.example\r\nSTARTTLS\r\n", b"alices"),
        (b"\3\0\0\x2f*\xe0\0\0\0\0\0Cookie: mstshash=alice\r\n\1\0\x08\0\3\0\0\0", b"alice"),
        (b"\x04\x01\x01\xbb\0\0\0\1alice\0files.acme.example\0", b"alice"),
        (b"\x01\x05alice\x06secret", b"alice"),
    ],
)
def test_what_precedes_a_hello(payload, secret):
    """Users, passwords, names of machines and their addresses."""
    done = blank_preamble(payload)
    assert len(done) == len(payload)
    assert secret not in done
    assert (b"STARTTLS" in done, b"files.acme" in done) == (b"STARTTLS" in payload, b"files.acme" in payload)


@given(st.binary(max_size=300), st.booleans())
def test_any_payload_keeps_its_length(payload, is_tcp):
    """And nothing fails."""
    assert len(blank_dns(payload, is_tcp=is_tcp)) == len(payload)
    assert len(HttpBlanking().apply(blank_preamble(b"GET / HTTP/1.1\r\n" + payload), 1)) == 16 + len(payload)
    assert len(blank_preamble(b"\r\n\r\n\0\r\nQUIT\n" + payload)) == 12 + len(payload)
    assert len(blank_preamble(b"\x04\x01" + payload)) == 2 + len(payload)
    assert len(blank_preamble(b"\x01" + payload)) == 1 + len(payload)


@given(st.binary(max_size=80), st.binary(max_size=60), st.sampled_from([0, 6, 17, 43, 60]))
def test_any_header_is_blanked_without_an_error(options, after, kind):
    """Options of any form, cut anywhere."""
    v4 = bytes([0x40 | 5 + len(options) // 4 % 11, 0, 0, 0]) + bytes(5) + bytes([kind]) + bytes(2)
    v6 = b"\x60\0\0\0\0\0" + bytes([kind, 64])
    for head, addresses in ((v4, (CLIENT, SERVER)), (v6, (CLIENT6, SERVER6))):
        data = head + b"".join(map(packed, addresses)) + options + after
        kept = KeptPacket(1, 101, None, len(data), 1, *addresses, (), data)
        done = Rewriting([addresses[0]], digest).apply(kept)
        assert packed(addresses[0]) not in done.data
