"""`netmon run` on one end of a cable, in a network namespace of its own."""

from __future__ import annotations

import json
import subprocess
import sys

PORT = "netmon-test1"
LISTEN = "--web.listen-address"
OTHER_END = "netmon-test0"
SETUP = (
    f"ip link add {OTHER_END} type veth peer name {PORT}"
    f" && ip link set {OTHER_END} up && ip link set {PORT} up"
    ' && exec "$@"'
)


class Sensor:
    """A running `netmon run` on one end of a cable; `replay` sends a capture into the other."""

    def __init__(self, environment, *words, output=("--json",), via=(), **streams):
        """`output`: the options of its output; `via`: a command that starts it.

        `streams`: instead of pipes, as for `subprocess.Popen`.
        """
        listen = [] if LISTEN in words else [LISTEN, "off"]
        command = [
            *via,
            sys.executable,
            "-m",
            "netmon",
            "run",
            "-i",
            PORT,
            "--user",
            "nobody",
            *listen,
            *output,
            *words,
        ]
        self.process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", SETUP, "sh", *map(str, command)],
            env=environment,
            encoding="utf-8",
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams,
        )

    def line(self):
        """The next line on standard error."""
        return self.process.stderr.readline().rstrip("\n")

    def inside(self, *words):
        """Run a program in the sensor's namespace; what it prints."""
        command = ["nsenter", "--net", f"--target={self.process.pid}", *map(str, words)]
        return subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout

    def replay(self, capture):
        """Send a capture's packets at 2,000 per second."""
        self.inside("tcpreplay", "--quiet", "--pps=2000", f"--intf1={OTHER_END}", capture)

    def end(self, number):
        """Exit code and events after a signal, which is followed by no messages."""
        code, events, errors = self.end_with_messages(number)
        assert errors == "", errors
        return code, events

    def end_with_messages(self, number):
        """Exit code, events and messages after a signal."""
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=30)
        return self.process.returncode, [json.loads(line) for line in output.splitlines()], errors
