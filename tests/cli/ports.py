"""`netmon run` in a network namespace with cables, whose ends a test brings down, removes and renames."""

from __future__ import annotations

import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

SEND = Path(__file__).parent / "send_packets.py"
WEB = "127.0.0.1:10977"
WAIT_S = 30.0
"""How long a test waits for something that takes a second on an idle machine."""


def wait_for(is_done: Callable[[], object], what: str) -> None:
    """Waits until a condition holds."""
    deadline = time.monotonic() + WAIT_S
    while not is_done():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.05)


class Network:
    """A namespace with cables: interface `m1` has the other end `p1`."""

    def __init__(self, *ports: str) -> None:
        hold = ["unshare", "--net", "sh", "-c", "echo; exec sleep 600"]
        self._holder = subprocess.Popen(hold, stdout=subprocess.PIPE)
        assert self._holder.stdout is not None
        self._holder.stdout.readline()
        self.ip("link set lo up")
        for port in ports:
            self.add(port)

    def command(self, *words: object) -> list[str]:
        """The command that runs these words inside."""
        return ["nsenter", "--net", f"--target={self._holder.pid}", *map(str, words)]

    def run(self, *words: object) -> str:
        """What a program inside prints."""
        return subprocess.run(self.command(*words), capture_output=True, check=True, text=True).stdout

    def ip(self, *commands: str) -> None:
        """Runs `ip` inside."""
        for command in commands:
            self.run("ip", *command.split())

    def add(self, port: str) -> None:
        """Adds a cable and brings both ends up."""
        other = peer(port)
        self.ip(f"link add {port} type veth peer name {other}", f"link set {other} up", f"link set {port} up")

    def send(self, port: str, count: int, seconds: float = 0.0) -> None:
        """Sends UDP packets into the other end of a cable, spread over a time."""
        self.run(sys.executable, SEND, peer(port), count, seconds)

    def close(self) -> None:
        """Ends the namespace, once nothing runs in it."""
        self._holder.kill()
        self._holder.communicate()


def peer(port: str) -> str:
    """The other end of an interface's cable."""
    return f"peer-{port}"


class RunningSensor:
    """A `netmon run` in such a network; `lines` are those of its log."""

    def __init__(
        self, network: Network, environment: Mapping[str, str], words: Sequence[object], prefix: Sequence[str]
    ) -> None:
        self._network = network
        command = [*prefix, sys.executable, "-m", "netmon", "run", "--user", "nobody", *words]
        self.process = subprocess.Popen(
            network.command(*command),
            env=dict(environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                text = line.rstrip("\n").removeprefix("netmon: ")
                # Which user it becomes is not what these tests are about.
                if not text.startswith("running as "):
                    self._lines.put(text)

    def line(self) -> str:
        """The next line of the log."""
        return self._lines.get(timeout=WAIT_S)

    def more_lines(self) -> list[str]:
        """The lines of the log that are there."""
        found = []
        while not self._lines.empty():
            found.append(self._lines.get())
        return found

    def get(self, path: str) -> str:
        """A page of its web server."""
        return self._network.run("curl", "-sS", "--fail-with-body", f"http://{WEB}{path}")

    def metric(self, name: str) -> dict[str, float]:
        """The values of a metric by interface."""
        found = re.findall(rf'^{name}{{.*interface="([^"]*)".*}} (.*)$', self.get("/metrics"), re.MULTILINE)
        return {interface: float(value) for interface, value in found}

    def wait_until_up(self, **expected: int) -> None:
        """Waits for these values of `netmon_interface_up`."""
        wait_for(lambda: self.metric("netmon_interface_up") == expected, f"{expected}")

    def wait_for_packets(self, **expected: int) -> None:
        """Waits for these numbers of captured packets, at least."""

        def is_there() -> bool:
            packets = self.metric("netmon_capture_packets_total")
            return all(packets.get(port, 0) >= count for port, count in expected.items())

        wait_for(is_there, f"{expected}: {self.metric('netmon_capture_packets_total')}")

    def end(self) -> int:
        """Its exit code after SIGTERM."""
        self.process.terminate()
        return self.process.wait(WAIT_S)

    def kill(self) -> None:
        """Ends it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(WAIT_S)
        self._reader.join()
