"""`tcpdump -w - | netmon read -` in a terminal, on a cable in a network namespace."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.cable import OTHER_END, PORT, SETUP
from tests.cli.ports import wait_for
from tests.cli.tmux import Tmux
from tests.craft.scene import connection, ethernet_file, flight
from tests.craft.talk import tls_session
from tests.machine import need

pytestmark = pytest.mark.lab

SIGNATURES = Path(__file__).parents[1] / "golden" / "signatures"
MARK = "INTERRUPTED by SIGINT"


class Terminal(Tmux):
    """A shell in tmux, in a network namespace with both ends of a cable."""

    def __init__(self, environment, folder):
        shell = ["unshare", "--net", "sh", "-c", SETUP, "sh", "bash", "--norc"]
        super().__init__(environment, folder, shell, (150, 50))
        self._log = folder / "tcpdump.log"
        self._capture = folder / "session.pcap"
        ports = (50_001, 50_002)
        sessions = [tls_session(connection(client_port=port, at_s=port % 100), flight()) for port in ports]
        self._packets = sum(map(len, sessions))
        self._capture.write_bytes(ethernet_file([one for session in sessions for one in session]))

    def start(self, command):
        """Run a pipeline, and wait until both programs are ready."""
        self.type(f"{command}; echo code=$?", "Enter")
        self.shows("waiting for packets")
        wait_for(lambda: "listening on" in self._log.read_text(), "tcpdump listens")

    def has_captured(self):
        """True once tcpdump has taken the packets; with -v, it says each second how many."""
        return any(int(got) >= self._packets for got in re.findall(r"Got (\d+)", self._log.read_text()))

    def replay(self):
        """Send two sessions through the cable."""
        words = ["tcpreplay", "--quiet", "--topspeed", f"--intf1={OTHER_END}", str(self._capture)]
        subprocess.run(["nsenter", "--net", f"--target={self.pid}", *words], check=True, capture_output=True)


@pytest.fixture
def terminal(environment, tmp_path):
    """A shell in a terminal; `netmon` in it is this checkout's."""
    need("bash", "ip", "pgrep", "tcpdump", "tcpreplay", "tmux")
    one = Terminal(environment | {"TERM": "xterm"}, tmp_path)
    yield one
    one.close()


FLOWS = "all flows                                                      2"
READ = f"{sys.executable} -m netmon read --country DE --signatures {SIGNATURES}"
TCPDUMP = f"tcpdump -Z root -v -i {PORT} -w -"
UNBUFFERED = f"{TCPDUMP} -U 2>tcpdump.log"


def test_ctrl_c_ends_the_pipeline_with_a_whole_summary(terminal):
    """Both programs get the signal; until then, a line says what was seen."""
    terminal.start(f"{UNBUFFERED} | {READ} -")
    terminal.replay()
    terminal.shows("standard input: ", "2 flows of vendors")
    terminal.type("C-c")
    terminal.shows(MARK, "code=130", FLOWS)
    assert "flows of vendors" not in terminal.screen()


def test_what_tcpdump_holds_back_until_its_end_is_counted(terminal):
    """Without -U it writes full buffers, and the rest when Ctrl-C ends it."""
    terminal.start(f"{TCPDUMP} 2>tcpdump.log | {READ} -")
    terminal.replay()
    wait_for(terminal.has_captured, "tcpdump has the packets")
    terminal.type("C-c")
    terminal.shows(MARK, "code=130", FLOWS)


def test_events_come_while_tcpdump_runs(terminal, tmp_path):
    """With --json, flows are written as soon as they are recognised, and are complete after Ctrl-C."""
    terminal.start(f"{UNBUFFERED} | {READ} --json - > events.jsonl")
    terminal.replay()
    events = tmp_path / "events.jsonl"
    wait_for(lambda: events.read_text().count('"phase":"open"') == 2, "both flows are events")
    terminal.type("C-c")
    terminal.shows("code=130", "interrupted by SIGINT")
    phases = [json.loads(line)["netmon"]["phase"] for line in events.read_text().splitlines()]
    assert sorted(phases) == ["end", "end", "open", "open"]


def test_a_killed_tcpdump_is_the_end_of_the_capture(terminal):
    """It leaves the packets that it has written: no interruption, and the usual exit code."""
    terminal.start(f"{UNBUFFERED} | {READ} -")
    terminal.replay()
    terminal.shows("2 flows of vendors")
    found = subprocess.run(["pgrep", "-f", f"^{TCPDUMP}"], capture_output=True, text=True, check=True)
    for pid in found.stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    terminal.shows("code=0", FLOWS)
    assert MARK not in terminal.screen()


def test_a_terminal_is_no_capture(terminal):
    """Without a pipeline, `-` does not wait for typed packets."""
    terminal.type(f"{READ} -; echo code=$?", "Enter")
    terminal.shows("netmon: standard input is a terminal: pipe a capture to it", "code=1")
