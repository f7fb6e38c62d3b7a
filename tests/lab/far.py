"""A client, a link with delays, a host that answers for every remote address; a mirror port at the client.

Everything is in separate namespaces, on documentation addresses (RFC 5737, RFC 3849, RFC 9637).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.lab.lab import METRICS_PORT, ROOT, Sensor, write_certificate
from tests.machine import NETMON

HOSTS = ("client", "wire", "world", "sensor")
CLIENT, GATEWAY = "192.0.2.10", "192.0.2.1"
CLIENT_V6, GATEWAY_V6 = "2001:db8:c::10", "2001:db8:c::1"
ANSWERED = ("198.51.100.0/24", "203.0.113.0/24", "3fff::/20")
MIRROR_PORT = "span0"
CONFIG = f"""
sensor: {{latitude: 50.111, longitude: 8.682, accuracy_km: 10}}
signatures: {{folder: {ROOT / "tests" / "golden" / "signatures"}}}
places: {{databases: []}}
subject: {{country: DE}}
flows: {{report_every_s: 1}}
privacy: {{level: 0}}
events: {{file: events.jsonl}}
web: {{listen: "127.0.0.1:{METRICS_PORT}"}}
metrics: {{hold_zero_s: 0}}
"""


class FarWorld:
    """A running lab; a context manager that stops its processes. `delays`: round trips in ms by network."""

    def __init__(self, folder: Path, delays: Mapping[str, float]) -> None:
        self._folder = folder
        self._delays = delays
        self._prefix = f"netmon-far-{os.getpid()}"
        self._stack = ExitStack()

    def __enter__(self) -> FarWorld:
        with ExitStack() as stack:
            self._stack = stack
            stack.callback(self._remove)
            self._build()
            certificate, key = write_certificate(self._folder)
            words = [f"{network}={rtt_ms}" for network, rtt_ms in self._delays.items()]
            self._serve("wire", "-m", "tests.lab.delay", "near", "far", *words)
            self._serve("world", "-m", "tests.lab.servers", "web", str(certificate), str(key))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def sensor(self) -> Sensor:
        """`netmon run` on the mirror port, configured as if in Frankfurt, once it is ready."""
        return Sensor(self, self._folder)

    def start(self, host: str, *words: str, **streams: Any) -> subprocess.Popen[str]:
        """A process on a host; it is killed at the end if it still runs."""
        process = subprocess.Popen(self._command(host, *words), cwd=ROOT, text=True, **streams)
        self._stack.callback(_end, process)
        return process

    def run(self, host: str, *words: str, **streams: Any) -> str:
        """The output of a command on a host; fails the test if the command fails."""
        command = self._command(host, *words)
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, **streams)
        assert done.returncode == 0, f"{host}: {' '.join(words)}: {done.stderr}"
        return done.stdout

    def sensor_words(self) -> list[str]:
        """The command line of the sensor; its events file is removed first."""
        config = self._folder / "netmon.yaml"
        config.write_text(f"{CONFIG}state: {{folder: {self._folder / 'state'}}}\n", encoding="utf-8")
        (self._folder / "events.jsonl").unlink(missing_ok=True)
        return [*NETMON, "run", "-i", MIRROR_PORT, "--user", "nobody", "--config", str(config)]

    def fetch(self, name: str, addresses: Sequence[str]) -> None:
        """Sends an HTTPS request with this server name to one address after the other."""
        job = {"name": name, "port": 443, "tls": True, "sni": True, "upload": 0, "download": 1000}
        lines = "".join(json.dumps(job | {"address": address}) + "\n" for address in addresses)
        self.run("client", sys.executable, "-m", "tests.lab.clients", GATEWAY, input=lines)

    def _command(self, host: str, *words: str) -> list[str]:
        return ["ip", "netns", "exec", f"{self._prefix}-{host}", *words]

    def _serve(self, host: str, *words: str) -> None:
        server = self.start(host, sys.executable, *words, stdout=subprocess.PIPE)
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"

    def _build(self) -> None:
        for host in HOSTS:
            subprocess.run(["ip", "netns", "add", f"{self._prefix}-{host}"], check=True)
            self._ip(host, "link", "set", "lo", "up")
        self._cable("client", "eth0", "wire", "near")
        self._cable("wire", "far", "world", "eth0")
        self._cable("wire", "mirror", "sensor", MIRROR_PORT)
        for host, own, own_v6 in (("client", CLIENT, CLIENT_V6), ("world", GATEWAY, GATEWAY_V6)):
            self._ip(host, "address", "add", f"{own}/24", "dev", "eth0")
            self._ip(host, "address", "add", f"{own_v6}/64", "dev", "eth0", "nodad")
        for gateway in (GATEWAY, GATEWAY_V6):
            self._ip("client", "route", "add", "default", "via", gateway)
        for network in ANSWERED:
            self._ip("world", "route", "add", "local", network, "dev", "lo")
        self.run("wire", "tc", "qdisc", "add", "dev", "near", "clsact")
        for way in ("ingress", "egress"):
            everything = ("protocol", "all", "u32", "match", "u32", "0", "0")
            action = ("action", "mirred", "egress", "mirror", "dev", "mirror")
            self.run("wire", "tc", "filter", "add", "dev", "near", way, *everything, *action)

    def _cable(self, one: str, one_port: str, other: str, other_port: str) -> None:
        peer = ("peer", "name", other_port, "netns", f"{self._prefix}-{other}")
        self._ip(one, "link", "add", one_port, "type", "veth", *peer)
        for host, port in ((one, one_port), (other, other_port)):
            # A packet socket sends frames as they are: no segmentation, no checksum offload.
            offloads = ("tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off")
            self.run(host, "ethtool", "-K", port, *offloads)
            self._ip(host, "link", "set", port, "up")

    def _ip(self, host: str, *words: str) -> None:
        family = ["-6"] if any("::" in word for word in words) else []
        self.run(host, "ip", *family, *words)

    def _remove(self) -> None:
        for host in HOSTS:
            subprocess.run(["ip", "netns", "del", f"{self._prefix}-{host}"], capture_output=True, check=False)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    process.wait()
