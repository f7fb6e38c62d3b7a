"""A network to practise on: an office, an internet and a sensor with a mirror port, in network namespaces.

    office 192.0.2.10 ─────┬───── 192.0.2.1 internet: node1 198.51.100.10, node2 203.0.113.20, DNS 192.0.2.53
                           │
                     span0 sensor (a copy of every packet)

All addresses are reserved for documentation (RFC 5737), and no packet leaves the namespaces. Needs root,
iproute2 and openssl.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

OFFICE, INTERNET, SENSOR = "practice-office", "practice-internet", "practice-sensor"
ADDRESSES = {"node1": "198.51.100.10", "node2": "203.0.113.20"}
RESOLVER = "192.0.2.53"
STATE = Path("/run/netmon-practice")
HERE = Path(__file__).parent


def up() -> None:
    """Makes the network, and starts its servers; if that fails, nothing is left behind."""
    down()
    try:
        _build()
    except BaseException:
        down()
        raise
    print(f"the network is up; the sensor is in namespace {SENSOR}, its mirror port is span0")


def visit(name: str, upload: int) -> None:
    """A machine of the office looks up a name and uploads a file there over TLS."""
    words = (sys.executable, str(HERE / "visit.py"), RESOLVER, name, str(upload))
    if subprocess.run(_at(OFFICE, *words), check=False).returncode != 0:
        sys.exit(1)


def down() -> None:
    """Removes everything that `up` made."""
    pid = STATE / "servers.pid"
    if pid.exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid.read_text(encoding="ascii")), signal.SIGTERM)
    for host in (OFFICE, INTERNET, SENSOR):
        subprocess.run(["ip", "netns", "del", host], capture_output=True, check=False)
    shutil.rmtree(STATE, ignore_errors=True)


def _build() -> None:
    STATE.mkdir()
    for host in (OFFICE, INTERNET, SENSOR):
        _run("ip", "netns", "add", host)
        _inside(host, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6")
        _inside(host, "ip", "link", "set", "lo", "up")
    _cable(OFFICE, "eth0", INTERNET, "eth0")
    _cable(INTERNET, "mirror", SENSOR, "span0")
    _inside(OFFICE, "ip", "address", "add", "192.0.2.10/24", "dev", "eth0")
    _inside(OFFICE, "ip", "route", "add", "default", "via", "192.0.2.1")
    for address in ("192.0.2.1/24", f"{RESOLVER}/24"):
        _inside(INTERNET, "ip", "address", "add", address, "dev", "eth0")
    for address in ADDRESSES.values():
        _inside(INTERNET, "ip", "address", "add", f"{address}/32", "dev", "lo")
    _inside(INTERNET, "tc", "qdisc", "add", "dev", "eth0", "clsact")
    for direction in ("ingress", "egress"):
        every = ("protocol", "all", "u32", "match", "u32", "0", "0")
        mirror = ("action", "mirred", "egress", "mirror", "dev", "mirror")
        _inside(INTERNET, "tc", "filter", "add", "dev", "eth0", direction, *every, *mirror)
    certificate = ("-keyout", str(STATE / "key.pem"), "-out", str(STATE / "certificate.pem"))
    subject = ("-subj", "/CN=files.acme.example", "-days", "30")
    _run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *certificate, *subject)
    servers = subprocess.Popen(
        _at(INTERNET, sys.executable, str(HERE / "servers.py"), str(STATE)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    (STATE / "servers.pid").write_text(f"{servers.pid}\n", encoding="ascii")
    if servers.stdout is None or servers.stdout.readline() != "ready\n":
        sys.exit("network.py: the servers did not start")


def _cable(one: str, one_port: str, other: str, other_port: str) -> None:
    peer = ("peer", "name", other_port, "netns", other)
    _run("ip", "-n", one, "link", "add", one_port, "type", "veth", *peer)
    for host, port in ((one, one_port), (other, other_port)):
        _run("ip", "-n", host, "link", "set", port, "up")


def _at(host: str, *words: str) -> list[str]:
    return ["ip", "netns", "exec", host, *words]


def _inside(host: str, *words: str) -> None:
    _run(*_at(host, *words))


def _run(*words: str) -> None:
    """Runs a command. Exits with its error if it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        sys.exit(f"network.py: needs the program {words[0]}")
    if done.returncode != 0:
        sys.exit(f"network.py: {' '.join(words)}: {done.stderr.strip()}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="make the network and start its servers")
    visited = commands.add_parser("visit", help="upload a file from the office")
    visited.add_argument("name", choices=[f"{node}.files.acme.example" for node in ADDRESSES])
    visited.add_argument("--upload", type=int, default=20_000, metavar="BYTES")
    commands.add_parser("down", help="remove everything")
    given = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("network.py: network namespaces need root: use sudo")
    if given.command == "up":
        up()
    elif given.command == "down":
        down()
    elif not STATE.exists():
        sys.exit("network.py: there is no network yet: network.py up")
    else:
        visit(given.name, given.upload)


if __name__ == "__main__":
    main()
