"""Which of our machines was it: hardware addresses and host names of clients, and where they are shown."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from click.testing import CliRunner

from netmon._engine import FLOW_FIELDS, Engine, Matcher
from netmon.cli.app import app
from netmon.privacy import ADDRESS
from tests.craft import dhcp, golden, golden_machines
from tests.craft.packets import UDP, address, ethernet, ip, udp
from tests.machine import need

TELLING = re.compile(r"(?i)desktop-7|anna-pc|([0-9a-f]{2}[-:]){5}[0-9a-f]{2}")
"""A host name of the captures, or any hardware address."""
CASES = (golden_machines.dhcp_exchange, golden_machines.mdns_announcement, golden_machines.router_in_between)
by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)


def capture_of(case):
    """The file of a golden case."""
    return golden.FOLDER / case.__name__ / golden.input_name(case)


def netmon(*words):
    """The output of a command with the golden captures' configuration."""
    config = ("--config", golden.FOLDER / "netmon.yaml", "--signatures", golden.FOLDER / "signatures")
    result = CliRunner().invoke(app, [str(word) for word in (*words, *config)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


def findings(case, *more):
    """The events of a case's findings."""
    events = map(json.loads, netmon("read", "--json", *more, capture_of(case)).splitlines())
    return [event for event in events if event["netmon"]["verdict"] == "unexpected"]


@by_case
@pytest.mark.parametrize("level", range(4))
def test_only_level_0_shows_machines(case, level):
    """Neither events of any kind, nor the summary, nor an explanation shows a machine at levels 1 to 3."""
    capture = capture_of(case)
    [finding, *_] = findings(case)
    shown = (
        netmon("read", "--json", "--all", "--privacy", level, capture),
        netmon("explain", "--flow", finding["netmon"]["flow_id"], "--privacy", level, capture),
    )
    for text in shown:
        assert bool(TELLING.search(text)) == (level == ADDRESS)
        assert level == ADDRESS or "mac_withheld" not in text
    assert not TELLING.search(netmon("read", "--privacy", level, capture)) or level == ADDRESS


def test_the_engine_remembers_no_machines_unless_asked():
    """At levels above 0 nothing about machines is kept in memory, so no output can show it."""
    for asked in (False, True):
        engine = Engine(Matcher([], [], []), every_flow=True, name_machines=asked)
        client, server = address("192.0.2.1"), address("198.51.100.1")
        frame = ethernet(ip(client, server, UDP, udp(client, server, (50_000, 4000), b"x" * 40)))
        engine.feed(1_700_000_000_000_000_000, 1, frame, len(frame))
        assert bool(re.search(TELLING, str(engine.finish()))) == asked


def test_a_finding_after_dhcp_is_what_tshark_shows():
    """The hardware address is `eth.src` of the SYN, and the name is `dhcp.option.hostname`."""
    need("tshark")
    capture = capture_of(golden_machines.dhcp_exchange)

    def tshark(fields, where):
        words = ["tshark", "-r", str(capture), "-Y", where, "-T", "fields"]
        words += [word for field in fields for word in ("-e", field)]
        out = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return out.splitlines()[0].split("\t")

    [finding] = findings(golden_machines.dhcp_exchange)
    [mac] = tshark(["eth.src"], "tcp.flags == 0x002")
    [name, own] = tshark(["dhcp.option.hostname", "dhcp.hw.mac_addr"], "dhcp.option.dhcp == 3")
    assert finding["source"]["mac"].replace("-", ":").lower() == mac == own
    assert finding["source"]["domain"] == name.lower()


def test_a_finding_behind_a_relay_has_the_machine_of_the_lease():
    """Its frame has the router's address, and DHCP the client's own and its full name, as tshark shows."""
    need("tshark")
    capture = capture_of(golden_machines.router_in_between)
    words = ["tshark", "-r", capture, "-Y", "dhcp.option.dhcp == 3", "-T", "fields"]
    words += ["-e", "dhcp.hw.mac_addr", "-e", "dhcp.fqdn.name"]
    mac, name = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    first, second = findings(golden_machines.router_in_between)
    assert first["source"]["mac"].replace("-", ":").lower() == mac
    assert first["source"]["domain"] == name.lower()
    assert "mac" not in second["source"]
    assert second["netmon"]["client"] == {"mac_withheld": "forwarded"}


def test_an_explanation_names_the_machine_and_what_that_proves():
    """`netmon explain` gives name and hardware address, or why the latter is not known."""
    named = findings(golden_machines.router_in_between)
    texts = [
        netmon("explain", "--flow", one["netmon"]["flow_id"], capture_of(golden_machines.router_in_between))
        for one in named
    ]
    plain = [" ".join(text.split()) for text in texts]
    assert "calls itself desktop-7.corp.example in DHCP or multicast DNS, which nothing proves." in plain[0]
    assert "Its hardware address is 02-00-5E-00-00-07." in plain[0]
    assert "Its hardware address is not known: its packets came through a router" in plain[1]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("PC\x1b[31m", r"pc\027[31m"),
        ("a\nb", r"a\010b"),
        ("=cmd|' /C calc'!A0", r"=cmd|'\032/c\032calc'!a0"),
        ("\u202etxt.exe", r"\226\128\174txt.exe"),
        ("x" * 255, None),
    ],
)
def test_host_names_are_safe_to_print(sent, shown):
    """Whatever a client states, outputs get printable ASCII of bounded length, or nothing."""
    client, nowhere, server = address("192.0.2.10"), address("0.0.0.0"), address("192.0.2.1")
    exchange = dhcp.Exchange(bytes([2, 0, 0, 0, 0, 1]), "", client, server)
    option = dhcp.option(12, sent.encode())
    request = exchange.message(dhcp.REQUEST).rstrip(b"\0").removesuffix(b"\xff") + option + b"\xff"
    engine = Engine(Matcher([], [], []), every_flow=True, name_machines=True)
    packets = [
        (nowhere, address("255.255.255.255"), (68, 67), request),
        (server, client, (67, 68), exchange.message(dhcp.ACK)),
        (client, address("198.51.100.1"), (50_000, 4000), b"x" * 40),
    ]
    for source, destination, ports, payload in packets:
        packet = ip(source, destination, UDP, udp(source, destination, ports, payload))
        engine.feed(1_700_000_000_000_000_000, 101, packet, len(packet))
    fields = [name for name, _ in FLOW_FIELDS]
    rows = [dict(zip(fields, row, strict=True)) for row in engine.finish()[0]]
    assert {row["client_host"] for row in rows if row["server"] == "198.51.100.1"} == {shown}
