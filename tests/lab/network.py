"""The network: namespaces, veth pairs, a bridge, a router, and the mirror port."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

TOOLS = ("ip", "tc", "ethtool")
HOSTS = ("client-a", "client-b", "switch", "router", "zurich", "moscow", "resolver", "sensor")
MIRROR_PORT = "span0"  # the sensor's interface

Mirror = tuple[tuple[str, str], ...]
"""A SPAN session: the switch's ports and the mirrored direction, "ingress" or "egress"."""
UPLINK: Mirror = (("uplink", "ingress"), ("uplink", "egress"))
TWICE: Mirror = tuple(
    (port, direction) for port in ("uplink", "client-a", "client-b") for direction in ("ingress", "egress")
)
"""Mirrors every packet on ingress and on egress: the sensor gets it twice."""
ONE_WAY: Mirror = (("uplink", "egress"),)
"""Mirrors only what clients send."""

CLIENT_LAN = ("192.0.2.1", "2001:db8:c::1")  # the router's addresses, /25 and /64
ADDRESSES = {
    "client-a": ("192.0.2.10", "2001:db8:c::10"),
    "client-b": ("192.0.2.11", "2001:db8:c::11"),
    "zurich": ("198.51.100.10", "2001:db8:a::10"),
    "moscow": ("203.0.113.20", "2001:db8:b::20"),
    "resolver": ("192.0.2.130", "2001:db8:d::53"),
}
UNNAMED = "198.51.100.99"  # another address of zurich, which no name resolves to
FRANKFURT = "198.51.100.130"  # further addresses of zurich, which the signatures place elsewhere
DISPUTED = "198.51.100.200"  # or nowhere
GATEWAYS = {
    "zurich": ("198.51.100.1/24", "2001:db8:a::1/64"),
    "moscow": ("203.0.113.1/24", "2001:db8:b::1/64"),
    "resolver": ("192.0.2.129/25", "2001:db8:d::1/64"),
}


@dataclass
class Network:
    """The lab's network; a context manager that leaves nothing behind."""

    mirror: Mirror = UPLINK
    offloads: bool = False  # leave segmentation to the (virtual) hardware: frames larger than the MTU
    prefix: str = field(default_factory=lambda: f"netmon-{os.getpid()}")

    def __enter__(self) -> Network:
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for host in HOSTS:
            # Deleting a namespace deletes its interfaces; a missing namespace is not an error here.
            subprocess.run(["ip", "netns", "del", self.name(host)], capture_output=True, check=False)
            shutil.rmtree(Path("/etc/netns") / self.name(host), ignore_errors=True)

    def name(self, host: str) -> str:
        """The namespace of a host."""
        return f"{self.prefix}-{host}"

    def command(self, host: str, *words: str) -> list[str]:
        """A command line that runs on a host."""
        return ["ip", "netns", "exec", self.name(host), *words]

    def run(self, host: str, *words: str) -> str:
        """The output of a command on a host; fails the test if the command fails."""
        done = subprocess.run(self.command(host, *words), capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{host}: {' '.join(words)}: {done.stderr}"
        return done.stdout

    def _build(self) -> None:
        for host in HOSTS:
            _checked("ip", "netns", "add", self.name(host))
            self._ip(host, "link", "set", "lo", "up")
            self._set(host, "net/ipv6/conf/default/accept_dad", "0")
        for path in ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"):
            self._set("router", path, "1")

        self._ip("switch", "link", "add", "bridge", "type", "bridge")
        self._ip("switch", "link", "set", "bridge", "up")
        for client in ("client-a", "client-b"):
            self._cable("switch", client, client, "eth0")
            self._address(
                client, "eth0", (ADDRESSES[client][0] + "/25", ADDRESSES[client][1] + "/64"), CLIENT_LAN
            )
        self._cable("switch", "uplink", "router", "clients")
        for port in ("client-a", "client-b", "uplink"):
            self._ip("switch", "link", "set", port, "master", "bridge")
        self._address("router", "clients", (CLIENT_LAN[0] + "/25", CLIENT_LAN[1] + "/64"))
        for server, gateways in GATEWAYS.items():
            self._cable("router", server, server, "eth0")
            self._address("router", server, gateways)
            lengths = [gateway.split("/")[1] for gateway in gateways]
            own = tuple("/".join(pair) for pair in zip(ADDRESSES[server], lengths, strict=True))
            self._address(server, "eth0", own, tuple(gateway.split("/")[0] for gateway in gateways))

        self._address("zurich", "eth0", tuple(f"{one}/24" for one in (UNNAMED, FRANKFURT, DISPUTED)))
        self._cable("switch", "mirror", "sensor", MIRROR_PORT)
        self._span("mirror")

        # `ip netns exec` mounts these files over /etc, so that curl queries the lab's resolver.
        folder = Path("/etc/netns")
        for client in ("client-a", "client-b"):
            (folder / self.name(client)).mkdir(parents=True)
            resolv = folder / self.name(client) / "resolv.conf"
            resolv.write_text(f"nameserver {ADDRESSES['resolver'][0]}\n", encoding="ascii")

    def _ip(self, host: str, *words: str) -> None:
        _checked("ip", "-n", self.name(host), *words)

    def _set(self, host: str, path: str, value: str) -> None:
        self.run(host, "sh", "-c", f"echo {value} > /proc/sys/{path}")

    def _cable(self, one: str, one_port: str, other: str, other_port: str) -> None:
        self._ip(
            one,
            "link",
            "add",
            one_port,
            "type",
            "veth",
            "peer",
            "name",
            other_port,
            "netns",
            self.name(other),
        )
        for host, port in ((one, one_port), (other, other_port)):
            if not self.offloads:
                self.run(host, "ethtool", "-K", port, "tso", "off", "gso", "off", "gro", "off")
            self._ip(host, "link", "set", port, "up")

    def _address(self, host: str, port: str, own: tuple[str, ...], gateways: tuple[str, ...] = ()) -> None:
        for address in own:
            extra = ["nodad"] if ":" in address else []
            self._ip(host, "address", "add", address, "dev", port, *extra)
        for gateway in gateways:
            self._ip(host, "route", "add", "default", "via", gateway)

    def _span(self, target: str) -> None:
        """Mirrors the ports of the SPAN session to another port."""
        for port in dict(self.mirror):
            self.run("switch", "tc", "qdisc", "add", "dev", port, "clsact")
        for port, direction in self.mirror:
            everything = ("protocol", "all", "u32", "match", "u32", "0", "0")
            action = ("action", "mirred", "egress", "mirror", "dev", target)
            self.run("switch", "tc", "filter", "add", "dev", port, direction, *everything, *action)


def _checked(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
