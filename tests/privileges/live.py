"""A sensor in a network namespace of its own, started with any rights, and what the kernel says about it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
PORT, OTHER_END = "netmon-p1", "netmon-p0"
SETUP = (
    f"ip link set lo up && ip link add {OTHER_END} type veth peer name {PORT}"
    f" && ip link set {OTHER_END} up && ip link set {PORT} up"
    ' && exec "$@"'
)
FIELDS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
DEADLINE_S = 30.0


class Live:
    """A running `netmon run`; `before` is a command that starts it with other rights."""

    def __init__(
        self,
        home: Path,
        *words: object,
        before: tuple[str, ...] = (),
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        **environment: str,
    ) -> None:
        run = (sys.executable, "-m", "netmon", "run", "-i", PORT, *map(str, words))
        kept = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH") if key in os.environ}
        self.process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", SETUP, "sh", *before, *run],
            env={**kept, "HOME": str(home), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **environment},
            cwd=home,
            stderr=subprocess.PIPE,
            stdout=stdout,
            encoding="utf-8",
        )

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def line(self) -> str:
        """The next line that is logged."""
        return self.process.stderr.readline().removeprefix("netmon: ").rstrip("\n")

    def started(self) -> list[str]:
        """The lines before the one that says that it captures."""
        lines = []
        while not (line := self.line()).startswith("watching "):
            assert line, f"it has ended: {lines}"
            lines.append(line)
        return lines

    def threads(self) -> list[dict[str, str]]:
        """What /proc says about each thread."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        texts = [(task / "status").read_text(encoding="utf-8") for task in tasks]
        return [dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line) for text in texts]

    def inside(self, *words: object) -> str:
        """The output of a program in the sensor's network."""
        command = ["nsenter", "--net", f"--target={self.process.pid}", *map(str, words)]
        return subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout

    def replay(self, capture: Path, packets_per_s: int = 2000) -> None:
        """Sends a capture to the port."""
        self.inside("tcpreplay", "--quiet", f"--pps={packets_per_s}", f"--intf1={OTHER_END}", capture)

    def stop(self) -> str:
        """Ends it; what it logged meanwhile."""
        self.process.terminate()
        _, errors = self.process.communicate(timeout=DEADLINE_S)
        assert self.process.returncode == 0, errors
        return errors


def wait_for(condition, what: str) -> None:
    """Returns once the condition holds."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.05)
