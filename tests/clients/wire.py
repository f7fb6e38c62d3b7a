"""Two namespaces, for a client and a server, connected by one cable and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
CLIENT, SERVER = ("192.0.2.10", "2001:db8::10"), ("192.0.2.20", "2001:db8::20")


class Wire:
    """The network; a context manager that leaves nothing behind. `names` are those of the server."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._prefix = f"netmon-clients-{os.getpid()}"
        self._stack = ExitStack()

    def __enter__(self) -> Wire:
        with ExitStack() as stack:
            stack.callback(self._remove)
            for host in ("client", "server"):
                checked("ip", "netns", "add", self._space(host))
            cable = ("link", "add", "eth0", "type", "veth", "peer", "name", "eth0")
            checked("ip", "-n", self._space("client"), *cable, "netns", self._space("server"))
            for host, addresses in (("client", CLIENT), ("server", SERVER)):
                # Segments as on the wire, without segmentation offload.
                self.run(host, "ethtool", "-K", "eth0", "tso", "off", "gso", "off", "gro", "off")
                for port in ("lo", "eth0"):
                    checked("ip", "-n", self._space(host), "link", "set", port, "up")
                for address, length in zip(addresses, ("24", "64"), strict=True):
                    words = ("address", "add", f"{address}/{length}", "dev", "eth0")
                    extra = ("nodad",) if ":" in address else ()
                    checked("ip", "-n", self._space(host), *words, *extra)
            self._write_hosts()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, host: str, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """The result of a command on a host, whether it succeeded or not."""
        return subprocess.run(
            self._command(host, words), cwd=ROOT, capture_output=True, text=True, check=False, **options
        )

    def start(self, host: str, *words: str, until: str, stream: str = "stdout") -> subprocess.Popen[str]:
        """A process on a host, once it has printed `until`; it is killed at the end."""
        streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        streams[stream] = subprocess.PIPE
        process = subprocess.Popen(self._command(host, words), cwd=ROOT, text=True, **streams)
        self._stack.callback(_end, process)
        output = getattr(process, stream)
        if not any(until in line for line in output):
            raise RuntimeError(f"{' '.join(words)} ended before it said {until!r}")
        return process

    def _command(self, host: str, words: Iterable[str]) -> list[str]:
        return ["ip", "netns", "exec", self._space(host), *words]

    def _space(self, host: str) -> str:
        return f"{self._prefix}-{host}"

    def _write_hosts(self) -> None:
        """`ip netns exec` mounts these files over /etc, so that every client resolves the server's names."""
        folder = Path("/etc/netns") / self._space("client")
        folder.mkdir(parents=True)
        lines = [f"{address} {name}\n" for name in self._names for address in SERVER]
        (folder / "hosts").write_text("".join(lines), encoding="ascii")

    def _remove(self) -> None:
        for host in ("client", "server"):
            subprocess.run(["ip", "netns", "del", self._space(host)], capture_output=True, check=False)
            shutil.rmtree(Path("/etc/netns") / self._space(host), ignore_errors=True)


def checked(*words: str) -> None:
    """Runs a command; raises an error with its output if it fails."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(timeout=10)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
