"""Of packets whose clients are hidden, only what names and judges the flow remains."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon._engine import essential_datagram, essential_stream
from netmon.evidence.blanking import Blanking
from netmon.evidence.dns_messages import blank_message, blank_messages
from netmon.signatures.model import PayloadMagic
from netmon.sources.kept import KeptPacket
from tests.craft.dns import address as address_record
from tests.craft.dns import answer, over_tcp, query
from tests.craft.packets import (
    TCP,
    UDP,
    address,
    checksum,
    ethernet,
    ipv4,
    ipv4_fragments,
    ipv6,
    tcp,
    transport_checksum,
    udp,
)
from tests.craft.tls import (
    application_data,
    block16,
    client_hello,
    extension,
    hello_records,
    record,
    server_flight,
    server_flight_in_clear,
)

CLIENT, SERVER = address("192.0.2.10"), address("198.51.100.10")
CLIENT6, SERVER6 = address("2001:db8::10"), address("2001:db8:1::1")
NAME = "files.cloud.example"
SECRET = b"alice-7a3b"
"""Stands for what a client says about itself, wherever a protocol has room for it."""
OTHER = bytes([192, 0, 2, 99])
HELLO = hello_records(client_hello(NAME))
SYN, ACK = 2, 16

SOCKS5 = b"\x05\x01\x02" + b"\x01" + bytes([len(SECRET)]) + SECRET + bytes([len(SECRET)]) + SECRET
SOCKS5 += b"\x05\x01\x00\x03" + bytes([len(NAME)]) + NAME.encode() + b"\x01\xbb"
PROXY2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11"
TDS = b"\x12\x01" + struct.pack(">H", 8 + 11 + len(SECRET)) + bytes(4)
TDS += b"\x00\x00\x0b\x00\x06\xff" + bytes(5) + SECRET
RDP_COOKIE = b"Cookie: mstshash=" + SECRET + b"\r\n"
RDP = (
    b"\x03\x00"
    + struct.pack(">H", 11 + len(RDP_COOKIE))
    + bytes([6 + len(RDP_COOKIE), 0xE0])
    + bytes(5)
    + RDP_COOKIE
)
ADB = (
    b"CNXN"
    + bytes(8)
    + struct.pack("<I", len(SECRET))
    + bytes(4)
    + bytes(255 - byte for byte in b"CNXN")
    + SECRET
)

PREAMBLES = {
    "connect": b"CONNECT files.cloud.example:443 HTTP/1.1\r\nHost: %s\r\nProxy-Authorization: Basic %s\r\n"
    b"X-%s: 1\r\nUser-Agent: %s\r\n\r\n" % (SECRET, SECRET, SECRET, SECRET),
    "proxy 1": b"PROXY TCP4 192.0.2.99 198.51.100.10 5000 443\r\n",
    "proxy 1, ipv6": b"PROXY TCP6 2001:db8::99 2001:db8:1::1 5000 443\r\n",
    "proxy 2": PROXY2 + block16(OTHER + SERVER.packed + b"\x13\x88\x01\xbb" + b"\x05" + block16(SECRET)),
    "socks 4a": b"\x04\x01\x01\xbb\0\0\0\x01" + SECRET + b"\0" + NAME.encode() + b"\0",
    "socks 5": SOCKS5,
    "smtp": b"EHLO %s.corp.example\r\nSTARTTLS\r\n" % SECRET,
    "imap": b'a1 ID ("name" "%s")\r\na2 STARTTLS\r\n' % SECRET,
    "ftp after a refusal": b"USER %s\r\nAUTH TLS\r\n" % SECRET,
    "ftp": b"CLNT %s\r\nAUTH TLS\r\n" % SECRET,
    "xmpp": b"<?xml version='1.0'?><stream:stream from='%s@a.example' to='a.example'><starttls/>" % SECRET,
    "sql server": TDS,
    "remote desktop": RDP,
    "debug bridge": ADB,
}
SECRETS = (SECRET, OTHER, b"192.0.2.99", b"2001:db8::99")


@pytest.mark.parametrize("preamble", PREAMBLES.values(), ids=PREAMBLES)
def test_a_preamble_keeps_its_names_and_its_shape(preamble):
    """Of addresses, users, passwords and host names of the client nothing remains; the hello does."""
    assert any(secret in preamble for secret in SECRETS)
    shown = essential_stream(preamble + HELLO, [0])
    assert len(shown) == len(preamble + HELLO)
    assert not any(secret in shown for secret in SECRETS)
    assert shown.endswith(HELLO)
    assert shown.count(NAME.encode()) == (preamble + HELLO).count(NAME.encode())


@pytest.mark.parametrize(
    "field", ["X-Forwarded-For", "Via", "Forwarded", "Proxy-Authorization", "Cookie", "Any"]
)
@pytest.mark.parametrize("before", [True, False])
def test_a_request_keeps_the_host_and_no_other_field(field, before):
    """Whichever field it is, in front of the host or behind it, and the target and the body as well."""
    fields = [f"{field}: {SECRET.decode()}\r\n".encode(), f"Host: {NAME}\r\n".encode()]
    request = b"POST /%s?%s HTTP/1.1\r\n" % (SECRET, SECRET) + b"".join(fields if before else fields[::-1])
    shown = essential_stream(request + b"\r\n" + SECRET, [0])
    assert SECRET not in shown
    assert f"Host: {NAME}\r\n".encode() in shown
    assert shown.startswith(b"POST ")


def test_what_begins_with_no_name_is_blanked_completely():
    """The payload of an unknown protocol, mail and a login without TLS."""
    for payload in (b"USER %s\r\nPASS %s\r\n" % (SECRET, SECRET), b"\x99\x98" + SECRET, SECRET * 20):
        assert SECRET not in essential_stream(payload, [0])


def test_behind_the_hello_only_the_headers_of_records_remain():
    """The client's certificate, early data, and anything else."""
    rest = record(22, b"\x0b\0\0\x0a" + SECRET) + record(23, SECRET) + SECRET
    shown = essential_stream(HELLO + rest, [0])
    assert shown == HELLO + rest[:5] + bytes(14) + rest[19:24] + bytes(2 * len(SECRET))


@pytest.mark.parametrize("kind", [12, 35, 41, 44, 4711])
@pytest.mark.parametrize("cuts", [(), (100,), (20, 150, 170)])
def test_extensions_that_may_say_who_the_client_is(kind, cuts):
    """User names, tickets, keys, cookies and unknown extensions are blanked, in one record or in several."""
    hello = client_hello(NAME)
    added = extension(kind, SECRET * 3)
    at = len(hello) - struct.unpack_from(">H", hello, _extensions_at(hello))[0] - 2
    size = struct.unpack_from(">H", hello, at)[0] + len(added)
    longer = hello[:at] + struct.pack(">H", size) + hello[at + 2 :] + added
    longer = longer[:1] + struct.pack(">I", len(longer) - 4)[1:] + longer[4:]
    shown = essential_stream(hello_records(longer, cuts=cuts), [0])
    expected = longer[: -3 * len(SECRET)] + bytes(3 * len(SECRET))
    assert shown == hello_records(expected, cuts=cuts)


def _extensions_at(hello):
    at = 38 + 1 + hello[38]
    at += 2 + struct.unpack_from(">H", hello, at)[0]
    return at + 1 + hello[at]


def test_a_certificate_behind_a_greeting():
    """Of the server's greeting nothing remains, and the hello in its next segment is read."""
    greeting = b"220 " + SECRET + b" ESMTP\r\n"
    answered = record(22, b"\x02\0\0\x04" + b"abcd" + b"\x0b\0\0\x03\0\0\0")
    shown = essential_stream(greeting + answered, [0, len(greeting)])
    assert SECRET not in shown
    assert shown.endswith(answered)


def test_a_dns_message_has_no_options():
    """Client subnets, MAC addresses and names of devices in EDNS; other records keep their shape."""
    options = b"".join(struct.pack(">HH", code, 10) + SECRET for code in (8, 65001, 65074))
    edns = b"\0" + struct.pack(">HHIH", 41, 1232, 0, len(options)) + options
    for message in (
        query(NAME, 1, message_id=7),
        answer(NAME, 1, [address_record(NAME, "198.51.100.1")], message_id=7),
    ):
        whole = message[:11] + b"\x01" + message[12:] + edns
        shown = blank_message(whole)
        assert SECRET not in shown
        assert shown[: len(message)] == whole[: len(message)]
        assert len(shown) == len(whole)


def test_datagrams():
    """Of unknown protocols one byte remains, of QUIC's short headers the connection ID."""
    assert essential_datagram(b"\x01" + SECRET, 8) == b"\x01" + bytes(len(SECRET))
    assert essential_datagram(b"\x80" + SECRET, 8) == b"\x80" + bytes(len(SECRET))  # RTP, for example
    assert essential_datagram(b"\x40" + b"12345678" + SECRET, 8) == b"\x40" + b"12345678" + bytes(len(SECRET))
    assert essential_datagram(b"", 8) == b""


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=5))
def test_any_bytes_keep_their_length(data, starts):
    """Nothing fails, and what has been blanked stays as it is."""
    for blank in (
        lambda one: essential_stream(one, starts),
        blank_message,
        lambda one: blank_messages(one, starts),
        lambda one: essential_datagram(one, 9),
    ):
        shown = blank(data)
        assert len(shown) == len(data)


def packet(ip, shows=("opening",), source=CLIENT, destination=SERVER):
    frame = ethernet(ip)
    return KeptPacket(1, 1, "tap0", len(frame), 1, str(source), str(destination), shows, frame)


def segment(payload, number, flags=ACK, options=b"", ip_options=b""):
    body = tcp(
        CLIENT, SERVER, ports=(5000, 443), numbers=(number, 1), flags=flags, payload=payload, options=options
    )
    return packet(ipv4(CLIENT, SERVER, TCP, body, options=ip_options))


def ip_of(kept):
    """The IP packet, without padding of the link layer."""
    ip = kept.data[14:]
    return ip[: struct.unpack_from(">H", ip, 2)[0]] if ip[0] >> 4 == 4 else ip


def is_right(ip, source=CLIENT, destination=SERVER):
    """True if the checksums of an IPv4 packet are right."""
    size = (ip[0] & 15) * 4
    return checksum(ip[:size]) == 0 and transport_checksum(source, destination, ip[9], ip[size:]) == 0


def applied(*packets, magic=()):
    return [one for one, _ in Blanking(magic).apply(packets)]


@pytest.mark.parametrize(
    "option", [b"\x07\x07\x08" + OTHER + b"\0", b"\x44\x08\x09\x01" + OTHER, b"\x82\x08" + SECRET[:6]]
)
def test_options_of_ipv4(option):
    """Record route, timestamps with addresses and anything else become padding."""
    [shown] = applied(segment(b"", 7, SYN, ip_options=option))
    assert ip_of(shown)[20:28] == b"\x01" * 8
    assert is_right(ip_of(shown))


def test_options_of_tcp():
    """Those of the handshake stay; an address of MPTCP, or of a load balancer, does not."""
    known = b"\x02\x04\x05\xb4\x01\x03\x03\x07\x04\x02\x01\x01"
    others = b"\x1e\x08\x34\x01" + OTHER + b"\xfe\x08\xc2\x07" + OTHER
    [shown] = applied(segment(b"", 7, SYN, options=known + others))
    assert ip_of(shown)[40:] == known + b"\x01" * 16
    assert is_right(ip_of(shown))


def test_extension_headers_of_ipv6():
    """Home address, routes and padding; the checksum fits afterwards."""
    home = b"\x02\x01\x04\0\0\0\0\xc9\x10" + CLIENT6.packed
    home = bytes([len(home) // 8]) + home[1:] + bytes(-(len(home) + 1) % 8)
    route = b"\x02\x02\0\0\0\0\0" + CLIENT6.packed
    body = udp(CLIENT6, SERVER6, (5000, 53), query(NAME, 1, message_id=1))
    ip = ipv6(CLIENT6, SERVER6, UDP, body, extensions=[(60, home), (43, route)])
    [shown] = applied(packet(ip, ("dns_query",), CLIENT6, SERVER6))
    assert CLIENT6.packed not in ip_of(shown)[40:]
    assert ip_of(shown).endswith(body)
    assert shown.data[:54] == ethernet(ip)[:54]


def test_what_follows_the_packet_in_its_frame():
    """Padding and trailers of the link layer are removed."""
    kept = segment(HELLO, 7)
    trailed = KeptPacket(1, 1, None, 99, 1, kept.source, kept.destination, kept.shows, kept.data + SECRET)
    [shown] = applied(trailed)
    assert (shown.data, shown.wire_len) == (kept.data, len(kept.data))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 1, 0, 2, 0)])
@pytest.mark.parametrize("base", [1000, 2**32 - 40])
def test_a_preamble_over_segments(order, base):
    """Segments in any order, repeated, and over the end of the numbers are read as one stream."""
    whole = PREAMBLES["connect"] + HELLO
    edges = (0, 30, 130, len(whole))
    parts = [segment(whole[a:b], (base + a) % 2**32) for a, b in pairwise(edges)]
    shown = applied(*(parts[number] for number in order))
    by_number = dict(zip(order, shown, strict=True))
    joined = b"".join(ip_of(by_number[number])[40:] for number in range(3))
    assert joined == essential_stream(whole, list(edges[:-1]))
    assert all(is_right(ip_of(one)) for one in shown)
    assert all(SECRET not in one.data for one in shown)


def test_a_repetition_that_says_something_else():
    """What a second segment with the same numbers says is not shown where it differs."""
    secret = SECRET.ljust(len(HELLO), b"?")
    shown = applied(segment(HELLO, 7), segment(secret, 7))
    assert ip_of(shown[0])[40:] == HELLO
    assert SECRET not in shown[1].data


def test_dns_over_tcp_and_a_fragmented_answer():
    """Messages are read one by one; a datagram is put together first, and its checksum fits."""
    options = struct.pack(">HH", 8, len(SECRET)) + SECRET
    edns = b"\0" + struct.pack(">HHIH", 41, 1232, 0, len(options)) + options
    message = query(NAME, 1, message_id=1)
    message = message[:11] + b"\x01" + message[12:] + edns
    body = over_tcp(message) * 2
    stream = tcp(CLIENT, SERVER, ports=(5000, 53), numbers=(1, 1), flags=ACK, payload=body)
    [shown] = applied(packet(ipv4(CLIENT, SERVER, TCP, stream), ("dns_query",)))
    assert ip_of(shown)[40:] == over_tcp(blank_message(message)) * 2
    datagram = udp(CLIENT, SERVER, (5000, 53), message)
    pieces = ipv4_fragments(CLIENT, SERVER, UDP, datagram, size=24, identification=5)
    for order in (pieces, pieces[::-1]):
        shown = applied(*(packet(one, ("dns_query", "fragment")) for one in order))
        parts = {ip_of(one)[6:8]: ip_of(one)[20:] for one in shown}
        joined = b"".join(parts[one[6:8]] for one in pieces)
        assert joined[8:] == blank_message(message)
        assert transport_checksum(CLIENT, SERVER, UDP, joined) == 0


def test_a_fragment_without_its_beginning_is_blanked():
    """Nobody knows what it says."""
    datagram = udp(CLIENT, SERVER, (5000, 53), SECRET * 5)
    later = ipv4_fragments(CLIENT, SERVER, UDP, datagram, size=16, identification=5)[1]
    [shown] = applied(packet(later))
    assert ip_of(shown)[20:] == bytes(16)


def test_first_bytes_that_match_a_signature_remain():
    """The bytes of the signature, and not what follows them."""
    magic = PayloadMagic(
        vendor="v",
        component="c",
        number=0,
        line=0,
        file="v.yaml",
        sources=(),
        transport="tcp",
        port=443,
        prefix=b"KE\0",
        length=None,
    )
    [shown] = applied(segment(b"KE\0" + SECRET, 7), magic=[magic])
    assert ip_of(shown)[40:43] == b"KE\0"
    assert SECRET not in shown.data
    assert is_right(ip_of(shown))


@pytest.mark.parametrize(
    ("before", "remains"),
    [
        (HELLO, True),
        (application_data("before", 50), True),
        (server_flight("tls 1.3"), False),
        (server_flight_in_clear("tls 1.2", [bytes(900)]), False),
    ],
    ids=["client's hello", "mid-stream", "server's hello", "certificate"],
)
def test_headers_of_records_remain_as_long_as_records_follow_a_clients(before, remains):
    """What the documentation says of them."""
    stream = before + application_data("behind", 100)
    header = stream[len(before) : len(before) + 5]
    shown = essential_stream(stream, [0])[len(before) :]
    assert shown == (header if remains else bytes(5)) + bytes(100)


def test_of_a_datagram_the_header_of_the_first_record_remains():
    """Of DTLS, in mid-stream."""
    one = b"\x17\xfe\xfd" + bytes([0, 1, *range(6)]) + block16(SECRET)
    assert essential_datagram(one + one, 0) == one[:13] + bytes(2 * len(one) - 13)
