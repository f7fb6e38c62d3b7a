"""Captures of tcpdump and dumpcap as people pipe, forward and rotate them, on a cable in a namespace."""

import json
import os
import shlex
import signal
import subprocess
import sys
from ipaddress import IPv4Address

import pytest

from tests.cli.ports import Network, peer, wait_for
from tests.cli.ssh import ssh_server
from tests.cli.test_cli_follow import Follower
from tests.craft.packets import UDP, ethernet, ip, udp
from tests.craft.pcap import Frame, pcap
from tests.craft.scene import SECOND_NS, START_NS, connection, ethernet_file, flight
from tests.craft.talk import tls_session
from tests.machine import ROOT, need

pytestmark = pytest.mark.lab

SIGNATURES = ROOT / "tests" / "golden" / "signatures"
NETMON = [sys.executable, "-m", "netmon"]
READ = shlex.join([*NETMON, "read", "--json", "--country", "DE", "--signatures", str(SIGNATURES), "-"])
PORTS = range(50_000, 50_005)
SESSIONS = [tls_session(connection(client_port=port), flight()) for port in PORTS]


@pytest.fixture
def network():
    """A cable."""
    need("ip", "tcpreplay")
    one = Network("m1")
    yield one
    one.close()


@pytest.fixture
def send(network, tmp_path):
    """Send packets into the other end of the cable."""

    def send(content):
        file = tmp_path / "sent.pcap"
        file.write_bytes(content)
        network.run("tcpreplay", "--quiet", "--topspeed", f"--intf1={peer('m1')}", file)

    return send


def filler(megabytes):
    """So much traffic that matters to nobody."""
    client, server = IPv4Address("192.0.2.10"), IPv4Address("10.9.9.9")
    packet = ip(client, server, UDP, udp(client, server, (40_000, 40_001), bytes(1_400)))
    return pcap([Frame(START_NS + SECOND_NS, ethernet(packet))] * (megabytes * 720), 1)


def ends(lines):
    """The client's port of each flow that has ended."""
    events = [json.loads(line) for line in lines if '"phase":"end"' in line]
    return sorted(event["source"]["port"] for event in events if "vendor" in event["netmon"])


@pytest.fixture
def pipeline(network, environment, tmp_path):
    """Run a pipeline in the namespace; once a text is on its standard error, send; its result."""

    def pipeline(capture, is_ready, send):
        words = network.command("bash", "-c", f"set -o pipefail; {capture} | {READ}")
        with subprocess.Popen(
            words,
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as running:
            while is_ready not in (line := running.stderr.readline()):
                assert line, "it ended before it captured"
            send(ethernet_file([one for session in SESSIONS for one in session]))
            output, errors = running.communicate(timeout=60)
        return running.returncode, output.splitlines(), errors

    return pipeline


COUNT = sum(map(len, SESSIONS))


@pytest.mark.parametrize("form", ["-P", "-n"], ids=["pcap", "pcapng"])
def test_dumpcap_in_a_pipe(pipeline, send, form):
    """`dumpcap -w - | netmon read -`, in both formats."""
    need("dumpcap")
    code, lines, _ = pipeline(f"dumpcap -q -i m1 -c {COUNT} {form} -w -", "Capturing on", send)
    assert (code, ends(lines)) == (0, list(PORTS))


@pytest.fixture
def ssh(network, tmp_path):
    """The command that runs the rest of its line in the namespace, by ssh."""
    with ssh_server(network, tmp_path) as command:
        yield command


def test_tcpdump_over_ssh(ssh, pipeline, send):
    """`ssh sensor tcpdump -U -w - | netmon read -`: the flows of the other machine."""
    need("tcpdump")
    capture = f"{ssh} 'tcpdump -Z root -U -c {COUNT} -i m1 -w -'"
    code, lines, _ = pipeline(capture, "listening on", send)
    assert (code, ends(lines)) == (0, list(PORTS))


RINGS = {
    "tcpdump": "tcpdump -Z root -U -i m1 -C 1 -W 3 -w ring/capture.pcap",
    "dumpcap": "dumpcap -q -i m1 -b filesize:1000 -b files:3 -w ring/capture.pcapng",
}


@pytest.mark.parametrize("program", RINGS)
def test_rings_by_size_are_followed(network, environment, send, tmp_path, program):
    """Files of a megabyte, of which three stay: every flow is an event once, however often they wrap."""
    need(program)
    (tmp_path / "ring").mkdir()
    reader = Follower(environment, tmp_path / "ring", "--signatures", SIGNATURES)
    words = network.command(*shlex.split(RINGS[program]))
    with subprocess.Popen(words, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stderr.readline()
            for number, session in enumerate(SESSIONS):
                send(ethernet_file(session))
                seen = lambda at=number: reader.stdout.count('"phase":"open"') == at + 1  # noqa: E731
                wait_for(seen, f"flow {number} begins")
                send(filler(2))
            assert len(os.listdir(tmp_path / "ring")) == 3  # noqa: PTH208
        finally:
            writer.send_signal(signal.SIGINT)
            writer.communicate()
    code, _ = reader.end()
    assert code == 130
    assert ends(reader.stdout.splitlines()) == list(PORTS)
