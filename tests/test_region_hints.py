"""Hints at a region that are no evidence of a place: tokens in names, EDNS client subnets and TTLs."""

import json
import struct
from ipaddress import ip_network

import pytest
from click.testing import CliRunner

from netmon.cli.app import app
from netmon.signatures.explain import explain
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from tests.craft import dns, golden
from tests.craft.packets import UDP, address, ip, udp
from tests.craft.scene import (
    CLIENT,
    MOSCOW,
    NAME,
    RESOLVER,
    START_NS,
    ZURICH,
    connection,
    ethernet_file,
    flight,
)
from tests.craft.talk import Sent, tls_session

NOWHERE = "192.0.2.200"
"""An address that no source locates."""
CLIENT_SUBNET = 8


def place_of(tmp_path, sent):
    """The place of the only TLS flow among the packets, as in its event."""
    file = tmp_path / "hints.pcap"
    file.write_bytes(ethernet_file(sent))
    words = ["read", "--json", "--country", "DE", "--signatures", str(golden.FOLDER / "signatures")]
    done = CliRunner().invoke(app, [*words, str(file)])
    flows = [one for one in map(json.loads, done.stdout.splitlines()) if "place" in one["netmon"]]
    [place] = [flow["netmon"]["place"] for flow in flows]
    return place


def look_up(server, *, ttl_s=300, subnet=None, scope=0):
    """A query and its answer, with an EDNS client subnet (RFC 7871) if one is given."""
    option = b""
    if subnet is not None:
        network = ip_network(subnet)
        data = struct.pack("!HBB", 1, network.prefixlen, scope) + network.network_address.packed[:3]
        option = struct.pack("!HH", CLIENT_SUBNET, len(data)) + data
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(option)) + option
    messages = (
        dns.query(NAME, dns.A, message_id=1),
        dns.answer(NAME, dns.A, [dns.address(NAME, server, ttl_s=ttl_s)], message_id=1),
    )
    sent = []
    for at_ns, message, up in zip((-200_000_000, -190_000_000), messages, (True, False), strict=True):
        with_opt = message[:10] + struct.pack("!H", 1) + message[12:] + opt
        ends, ports = (address(CLIENT), address(RESOLVER)), (50_500, 53)
        source, destination = ends if up else ends[::-1]
        datagram = udp(source, destination, ports if up else ports[::-1], with_opt)
        sent.append(Sent(START_NS + at_ns, ip(source, destination, UDP, datagram), up))
    return sent


@pytest.mark.parametrize("server", [NOWHERE, ZURICH, MOSCOW])
def test_a_region_in_a_name_is_no_place(tmp_path, server):
    """Whatever country, city or site a name seems to state, the place is that of the address."""
    plain = place_of(tmp_path, tls_session(connection(server), flight("x.files.cloud.example")))
    for token in ("ru", "eu", "ch", "moscow", "zurich", "dc1-msk", "stat-ru", "eu-central-1", "fra1"):
        name = f"{token}.files.cloud.example"
        assert place_of(tmp_path, tls_session(connection(server), flight(name))) == plain, token
    assert (plain["confidence"] == "unknown") == (server == NOWHERE)


@pytest.mark.parametrize("server", [NOWHERE, ZURICH, MOSCOW])
@pytest.mark.parametrize(
    "hints",
    [
        {"subnet": "77.74.176.0/24", "scope": 24},
        {"subnet": "77.74.176.0/24", "scope": 0},
        {"subnet": "82.202.184.0/24", "scope": 24},
        {"ttl_s": 0},
        {"ttl_s": 5},
        {"ttl_s": 86_400},
    ],
)
def test_a_client_subnet_or_a_ttl_is_no_place(tmp_path, server, hints):
    """They say for whom an answer was chosen and how long it lasts, not where its address is."""
    session = tls_session(connection(server), flight(None))  # named by the answer alone
    plain = place_of(tmp_path, [*look_up(server), *session])
    assert place_of(tmp_path, [*look_up(server, **hints), *session]) == plain


@pytest.mark.parametrize("token", ["eu", "us"])
def test_a_token_of_weak_sources_is_a_note(token):
    """The explanation of the name says that nothing documents the token."""
    answer = explain(load_folder(default_folder()), f"dnl-{token}.geo.kaspersky.com")
    assert f'no source says that "{token}" is a region' in answer.remarks
