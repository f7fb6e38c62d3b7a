"""A name that was read from an unfinished hello survives when the hello's stream head is evicted."""

import pytest

from netmon import _engine
from tests.craft import tls
from tests.craft.packets import ACK, PSH, SYN, TCP, UDP, address, filler, ipv4, tcp, udp
from tests.craft.quic import Initials, crypto

RAW_IP = 101
START_NS = 1_780_308_000_000_000_000
SERVER = address("203.0.113.10")
CLIENT, PORTS = address("10.20.0.1"), (50_000, 443)
NAME = "evicted.honest.example"
MAX_HEADS = 10


def by_tcp(client, name):
    """A handshake's SYN and the first segment of a hello; the rest never arrives."""
    hello = tls.hello_records(tls.client_hello(name, post_quantum=True, pad_to=3000))
    numbers = {"ports": PORTS, "numbers": (999, 0)}
    yield ipv4(client, SERVER, TCP, tcp(client, SERVER, **numbers, flags=SYN))
    numbers["numbers"] = (1000, 0)
    yield ipv4(client, SERVER, TCP, tcp(client, SERVER, **numbers, flags=PSH | ACK, payload=hello[:1400]))


def by_quic(client, name):
    """The first datagram of a hello; the rest never arrives."""
    hello = tls.client_hello(name, post_quantum=True, pad_to=1900, quic=True)
    cid = filler(str(client), 8)
    datagram = Initials(cid).datagram(0, [crypto(0, hello[:1000])], destination=cid)
    yield ipv4(client, SERVER, UDP, udp(client, SERVER, PORTS, datagram))


def flows_beside_flood(hello, flood, live):
    """All records of a client's flow after the hellos of 50 others, and how many heads were evicted."""
    matcher = _engine.Matcher([(7, "suffix", "honest.example")], [], [])
    settings = {"report_every_s": 1} if live else {}
    engine = _engine.Engine(matcher, max_flows=100, max_heads=MAX_HEADS, **settings)
    packets = [*hello(CLIENT, NAME)]
    for number in range(50):
        packets += flood(address(f"10.30.0.{number}"), "flood.example")
    for place, packet in enumerate(packets):
        engine.feed(START_NS + place, RAW_IP, packet, len(packet))
    evicted = engine.stats()["evicted"]["heads"]
    fields = [name for name, _ in _engine.FLOW_FIELDS]
    rows = engine.finish()[0]
    return [dict(zip(fields, row, strict=True)) for row in rows], evicted


@pytest.mark.parametrize("live", [False, True], ids=["file", "live"])
@pytest.mark.parametrize("flood", [by_tcp, by_quic])
@pytest.mark.parametrize(("hello", "evidence"), [(by_tcp, "sni"), (by_quic, "quic_sni")])
def test_a_name_survives_the_eviction_of_its_head(hello, evidence, flood, live):
    """The flow ends with its name, by TCP and QUIC, in files and live, though its head was evicted."""
    flows, evicted = flows_beside_flood(hello, flood, live)
    assert evicted == 51 - MAX_HEADS
    named = {(flow["name"], flow["evidence"], flow["signature"]) for flow in flows if flow["name"] == NAME}
    assert named == {(NAME, evidence, 7)}
