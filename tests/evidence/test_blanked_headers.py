"""What headers and DNS say about clients beyond their addresses is blanked; names and checksums stay."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRROPT, EDNS0TLV
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import HAO, IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import Ether
from scapy.packet import Padding

from netmon.evidence.blanking import Blanking
from netmon.evidence.dns_messages import blank_message, blank_messages
from netmon.evidence.rewriting import Rewriting
from netmon.sources.kept import KeptPacket
from tests.craft.tls import client_hello, hello_records
from tests.evidence.test_rewriting import digest, packed

CLIENT, SERVER, OTHER = "192.0.2.10", "198.51.100.10", "192.0.2.99"
CLIENT6, SERVER6 = "2001:db8::10", "2001:db8:1::1"
MAC, OTHER_MAC = "0a:1b:2c:3d:4e:5f", "00:aa:bb:cc:dd:ee"
MAC_BYTES = bytes.fromhex(MAC.replace(":", ""))


def shown(kept, clients):
    """The packet as evidence at level 1 shows it."""
    [(blanked, _)] = Blanking(()).apply([kept])
    return Rewriting(clients, digest).apply(blanked)


def rewritten(packet, *shows, clients=(CLIENT,)):
    """The bytes of a packet as evidence at level 1 shows it."""
    data = bytes(packet)
    layer = Ether(data)
    ip = layer[IP] if IP in layer else layer[IPv6]
    kept = KeptPacket(1, 1, "tap0", len(data), 1, ip.src, ip.dst, shows, data)
    done = shown(kept, clients)
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
    hello = client_hello("acme.example", label="")
    session = hello[:39] + text.ljust(32, b"-") + hello[71:]
    done = rewritten(ethernet(HEAD, TCP(sport=5000, dport=443, flags="A"), hello_records(session)))
    assert text not in done
    assert b"acme.example" in done
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
        done = blank_messages(payload, [0]) if is_tcp else blank_message(payload)
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
    assert b"alices" not in blank_messages(stream[1:], [0])
    assert b"alices" not in blank_messages(struct.pack(">H", len(query) + 9) + query, [0])


def test_records_of_an_answer_stay():
    """What a name rests on is as it was."""
    answer = DNS(
        id=7,
        qr=1,
        qd=DNSQR(qname="files.acme.example"),
        an=DNSRR(rrname="files.acme.example", rdata=SERVER, ttl=60),
        ar=DNSRROPT(rdata=OPTIONS),
    )
    done = DNS(blank_message(bytes(answer)))
    assert (done.an[0].rdata, done.an[0].ttl) == (SERVER, 60)
    assert b"alices" not in bytes(done)


@given(st.binary(max_size=80), st.binary(max_size=60), st.sampled_from([0, 6, 17, 43, 60]))
def test_any_header_is_blanked_without_an_error(options, after, kind):
    """Options of any form, cut anywhere."""
    v4 = bytes([0x40 | 5 + len(options) // 4 % 11, 0, 0, 0]) + bytes(5) + bytes([kind]) + bytes(2)
    v6 = b"\x60\0\0\0\0\0" + bytes([kind, 64])
    for head, addresses in ((v4, (CLIENT, SERVER)), (v6, (CLIENT6, SERVER6))):
        data = head + b"".join(map(packed, addresses)) + options + after
        kept = KeptPacket(1, 101, None, len(data), 1, *addresses, (), data)
        done = shown(kept, [addresses[0]])
        assert packed(addresses[0]) not in done.data
