"""A session is one named flow, whatever a mirror puts around all or some of its packets."""

import pytest

from netmon import _engine
from netmon.records import FlowRecord
from tests.craft.link_headers import LINKS, MISLABELLED, TAGS, TUNNELS, TUNNELS_OF_IPV6
from tests.craft.packets import addresses, ethernet
from tests.craft.scene import CLIENT, CLIENT_V6, ETHERNET, NAME, ZURICH_V6, connection, flight
from tests.craft.talk import tls_session
from tests.craft.tunnels import ENCAPSULATIONS

SESSION = tls_session(connection(), flight())
SESSION_V6 = tls_session(connection(ZURICH_V6, client=CLIENT_V6), flight())
IN_ETHERNET = {**TAGS, **TUNNELS, **MISLABELLED}
MIRRORS = ("erspan1", "erspan2", "erspan3", "vxlan", "geneve")


def read(packets):
    """The flows and the counters of packets, each with its link type."""
    engine = _engine.Engine(_engine.Matcher([], [], []), every_flow=True)
    for number, (link, data) in enumerate(packets):
        engine.feed(number * 1_000_000, link, data, len(data))
    rows, _ = engine.finish()
    return [FlowRecord(*row) for row in rows], engine.stats()


def what(flow):
    """The ends, the name, the volume and the view of a flow."""
    volume = (flow.sent_packets, flow.sent_bytes, flow.received_packets, flow.received_bytes)
    return (flow.client, flow.server, flow.evidence, flow.name, volume, flow.view)


def plain(session):
    """The flow of a session without a header."""
    return what(read([(ETHERNET, ethernet(sent.packet)) for sent in session])[0][0])


PLAIN = plain(SESSION)


def check(packets, expected=PLAIN):
    """The packets are one flow like the plain session, and all of them were decoded."""
    flows, stats = read(packets)
    assert [what(flow) for flow in flows] == [expected]
    assert stats["undecoded"] == {}


def is_sent(packet):
    """True for packets of the client."""
    return str(addresses(packet)[0]) == CLIENT


@pytest.mark.parametrize("name", IN_ETHERNET)
def test_both_directions_have_the_header(name):
    """The flow is that of the inner packets."""
    assert PLAIN[3] == NAME
    check([(ETHERNET, IN_ETHERNET[name](sent.packet)) for sent in SESSION])


@pytest.mark.parametrize("name", IN_ETHERNET)
@pytest.mark.parametrize("is_up", [True, False])
def test_one_direction_has_the_header(name, is_up):
    """A mirror that tags one direction only shows one flow with both directions."""
    links = [IN_ETHERNET[name] if is_sent(sent.packet) is is_up else ethernet for sent in SESSION]
    check([(ETHERNET, link(sent.packet)) for link, sent in zip(links, SESSION, strict=True)])


@pytest.mark.parametrize("name", TUNNELS_OF_IPV6)
@pytest.mark.parametrize("with_header", [(True, True), (True, False), (False, True)])
def test_a_tunnel_of_ipv6_only(name, with_header):
    """The flow is that of the inner packets, whether one direction has the header or both."""
    tunnel = TUNNELS_OF_IPV6[name]
    links = [
        tunnel if with_header[str(addresses(sent.packet)[0]) == CLIENT_V6] else ethernet
        for sent in SESSION_V6
    ]
    packets = [(ETHERNET, link(sent.packet)) for link, sent in zip(links, SESSION_V6, strict=True)]
    check(packets, plain(SESSION_V6))


@pytest.mark.parametrize("name", LINKS)
def test_link_type_of_a_capture(name):
    """The flow is that of the inner packets."""
    number, link = LINKS[name]
    check([(number, link(sent.packet)) for sent in SESSION])


@pytest.mark.parametrize("name", TAGS)
@pytest.mark.parametrize("mirror", MIRRORS)
def test_a_mirror_session_carries_the_tagged_frames(name, mirror):
    """A tag inside ERSPAN of each type, VXLAN or GENEVE."""
    packets = []
    for sent in SESSION:
        plain, frame = ethernet(sent.packet), TAGS[name](sent.packet)
        outer = ENCAPSULATIONS[mirror](sent.packet)
        packets.append((ETHERNET, relength(outer.replace(plain, frame), len(frame) - len(plain))))
    check(packets)


def relength(frame, more):
    """A frame whose outer IP and UDP headers have lengths greater by `more`; their checksums are not read."""
    changed = bytearray(frame)
    fields = [16, 38] if changed[23] == 17 else [16]
    for at in fields:
        changed[at : at + 2] = (int.from_bytes(changed[at : at + 2]) + more).to_bytes(2)
    return bytes(changed)
