"""`netmon top` beside a real sensor, in a terminal: sizes, keys, signals; the sensor comes and goes."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import clean_environment
from tests.cli.ports import Network, RunningSensor, peer, wait_for
from tests.cli.ssh import ssh_server
from tests.cli.tmux import Tmux
from tests.machine import ROOT, need, need_readable_by_all

pytestmark = pytest.mark.lab

TOP = f"{sys.executable} -m netmon top --every 1"
FINDING = "ksn-stat-geo.kaspersky-labs.com (77.74.176.12)"
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:[349][0-7]|10[0-7]|[34]8;[0-9;]+)(?:;\d+)*m")
"""A sequence that sets a colour."""
SIZES = [(80, 24), (60, 20), (200, 50)]


class Office:
    """A sensor in a namespace, which has seen the demo's capture; it can be ended and started again."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = clean_environment(folder)
        self.network = Network("m1")
        self._sensor = None

    def start(self):
        """Start the sensor, and show it the capture."""
        words = ["-i", "m1", "--country", "DE", "--stay-root"]
        self._sensor = RunningSensor(self.network, self.environment, words, ())
        assert self._sensor.line().startswith("watching m1")
        self._sensor.wait_until_up(m1=1)
        demo = ROOT / "netmon" / "data" / "demo.pcap"
        self.network.run("tcpreplay", "--quiet", "--pps=2000", f"--intf1={peer('m1')}", demo)
        found = 'netmon_flows_total{.*verdict="unexpected".*} 4.0'
        curl = ["curl", "-sS", "http://127.0.0.1:10977/metrics?hold=0"]
        command = f"{' '.join(curl)} | grep -c '{found}'"
        wait_for(lambda: self.network.run("sh", "-c", f"{command} || true").strip() == "1", "the findings")

    def end(self):
        """End the sensor."""
        if self._sensor is not None:
            self._sensor.kill()
            self._sensor = None

    def close(self):
        """End everything."""
        self.end()
        self.network.close()


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """The sensor for all tests of this file."""
    need("bash", "curl", "ip", "pgrep", "tcpreplay", "tmux")
    one = Office(tmp_path_factory.mktemp("office"))
    one.start()
    yield one
    one.close()


@pytest.fixture
def terminal(office, tmp_path):
    """Opens a terminal with a shell in the sensor's namespace."""
    opened = []

    def terminal(size=(80, 24), term="xterm", **variables):
        environment = office.environment | {"TERM": term, "PS1": "$ "} | variables
        shell = office.network.command("bash", "--norc")
        one = Tmux(environment, tmp_path, shell, size)
        opened.append(one)
        one.type(f"cd {ROOT}; TERM={term}; clear", "Enter")
        return one

    yield terminal
    for one in opened:
        one.close()


def lines(terminal):
    return [line.rstrip() for line in terminal.screen().splitlines()]


@pytest.mark.parametrize("size", SIZES)
def test_sizes(terminal, size):
    """Each size has the sensor, the rates, the verdict, the newest finding and the keys."""
    one = terminal(size)
    one.type(TOP, "Enter")
    one.shows("netmon top: netmon", "view: good", "unexpected", "Moscow, RU", "client-", "q quit")
    found = lines(one)
    assert max(map(len, found)) <= size[0]
    assert found[size[1] - 1].startswith("q quit")
    if size[0] == 200:
        one.shows(FINDING, "received")


def test_the_window_changes_its_size(terminal):
    """The screen follows, narrower and wider, and nothing of the old size is left."""
    one = terminal((80, 24))
    one.type(TOP, "Enter")
    one.shows("Latest findings", "sent/s")
    one.resize(60, 20)
    one.lacks("sent/s")
    wait_for(lambda: lines(one)[-1].startswith("q quit"), "keys in the last line")
    one.resize(200, 50)
    one.shows(FINDING, "received")
    one.resize(15, 4)
    one.shows("window too")
    one.resize(80, 24)
    one.shows("Latest findings", "sent/s")


def test_keys(terminal):
    """Groupings, the help, a pause, arrows, and the end, which leaves the terminal as it was."""
    one = terminal((120, 30))
    one.type("stty -a >before", "Enter", TOP, "Enter")
    one.shows("> Flows, worst first")
    one.type("l")
    one.shows("Flows by place, worst first")
    one.type("u")
    one.shows("Flows by client, today (UTC)", "client-")
    wait_for(lambda: sum(line.startswith("client-") for line in lines(one)) > 5, "clients")
    one.type("?")
    one.shows("this help; any key goes back")
    one.type("Escape")
    one.shows("Flows by client")
    one.type("a", "s", "r")
    one.shows("Flows, by bytes sent per second, reversed")
    one.type("p")
    one.shows("PAUSED")
    one.type("p")
    one.lacks("PAUSED")
    one.type("Tab")
    one.shows("> Latest findings")
    one.type("Down", "PageDown", "End", "Home", "q")
    one.lacks("Latest findings")
    one.type("stty -a | cmp - before && echo same=$?; rm before", "Enter")
    one.shows("same=0")


def test_neither_colours_nor_utf_8(terminal):
    """A plain terminal gets the same screen in ASCII, with columns that stay in line."""
    one = terminal((80, 24), "vt100", LC_ALL="C", NO_COLOR="1")
    one.type(TOP, "Enter")
    one.shows("Zurich, CH", "q quit", " | ")
    assert one.screen().isascii()
    assert COLOUR.search(one.screen("-e")) is None


def test_colours(terminal):
    """A finding is red where there are colours."""
    one = terminal((80, 24), "xterm-256color")
    one.type(TOP, "Enter")
    one.shows("critical")
    assert "\x1b[31m" in one.screen("-e")


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("C-c", 0)])
def test_exit_codes(terminal, key, code):
    """`q` and Ctrl-C are how it is ended, so neither is a failure."""
    one = terminal()
    one.type(f"{TOP}; echo code=$?", "Enter")
    one.shows("Latest findings")
    one.type(key)
    one.shows(f"code={code}")


def test_ctrl_z(terminal):
    """It can be suspended and continued; meanwhile the shell has the terminal."""
    one = terminal()
    one.type(TOP, "Enter")
    one.shows("Latest findings")
    one.type("C-z")
    one.shows("Stopped")
    one.type("echo th''ere", "Enter")
    one.shows("there")
    one.type("clear; fg", "Enter")
    one.shows("Latest findings", "q quit")
    one.type("q")
    one.lacks("Latest findings")


@pytest.fixture
def far_terminal(office, terminal, tmp_path):
    """Opens a terminal with a shell on the sensor's machine, by `ssh -t`."""
    with ssh_server(office.network, tmp_path) as ssh:

        def far_terminal(**options):
            one = terminal(**options)
            home = {name: text for name, text in office.environment.items() if name not in os.environ}
            words = " ".join(f"{name}={text}" for name, text in (home | {"HOME": office.folder}).items())
            one.type(f"{ssh} -t 'cd {ROOT}; exec env PS1=far: {words} bash --norc'", "Enter")
            wait_for(lambda: "\nfar:" in one.screen(), "a shell on the other machine")
            return one

        yield far_terminal


def test_over_ssh(far_terminal):
    """On the screen of another machine: its size, keys, and the end, which gives the shell back."""
    one = far_terminal(size=(120, 30))
    one.type(f"{TOP}; echo ended with $?", "Enter")
    one.shows(FINDING)
    one.resize(60, 20)
    wait_for(lambda: len(lines(one)) == 20 and lines(one)[-1] and "kaspersky" in one.screen(), "60 columns")
    assert max(map(len, lines(one))) <= 60
    one.resize(120, 30)
    one.shows(FINDING)
    one.type("?")
    one.shows("PgUp")
    one.type("q", "q")
    one.shows("ended with 0")
    assert "kaspersky" not in one.screen()


def test_over_ssh_without_colours(far_terminal):
    """NO_COLOR on the other machine counts there: bold and reverse stay, and no colour is set."""
    one = far_terminal(size=(100, 30), term="xterm-256color")
    one.type("clear", "Enter", TOP, "Enter")
    one.shows(FINDING[:20])
    wait_for(lambda: COLOUR.search(one.screen("-e")), "colours")
    one.type("q")
    one.lacks(FINDING[:20])
    one.type("clear", "Enter", f"NO_COLOR=1 {TOP}", "Enter")
    one.shows(FINDING[:20])
    assert COLOUR.search(one.screen("-e")) is None
    one.type("q")


@pytest.mark.parametrize("ignored", ["", "trap '' HUP; "], ids=["usual", "nohup"])
def test_over_ssh_that_is_cut(far_terminal, tmp_path, ignored):
    """When the connection breaks, the program on the other machine ends, also if it does not get SIGHUP."""
    one = far_terminal(size=(100, 30))
    number = tmp_path / "number"
    one.type(f"({ignored}sh -c 'echo $$ >{number}; exec {TOP}')", "Enter")
    one.shows(FINDING[:20])
    process = Path(f"/proc/{number.read_text().strip()}/exe")
    assert process.exists()
    os.kill(process_of(one), signal.SIGKILL)  # ssh, which says no goodbye
    wait_for(lambda: not process.exists(), "netmon has ended")


def process_of(terminal):
    """The process of netmon in a terminal, whose shell has no other child."""
    words = ["pgrep", "-P", str(terminal.pid)]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def test_signals(terminal):
    """SIGTERM ends it as it should end, with the terminal as it was."""
    one = terminal()
    one.type(f"{TOP}; echo code=$?; stty -a | grep -o ' echo '", "Enter")
    one.shows("Latest findings")
    os.kill(process_of(one), signal.SIGTERM)
    one.shows("code=143", "echo")


@pytest.mark.parametrize("command", [TOP, f"(trap '' HUP; exec {TOP})"], ids=["usual", "nohup"])
def test_a_terminal_that_is_closed(terminal, command):
    """The program ends with it, also if it does not get SIGHUP."""
    one = terminal()
    one.type(command, "Enter")
    one.shows("Latest findings")
    process = process_of(one)
    one.close()
    wait_for(lambda: not Path(f"/proc/{process}/exe").exists(), "netmon has ended")


def test_the_sensor_goes_and_comes_back(terminal, office):
    """Its last values stay, with their time; once it is there again, its new values are shown."""
    one = terminal((100, 24))
    one.type(TOP, "Enter")
    one.shows("Latest findings", "unexpected 4")
    office.end()
    one.shows("No answer: connection refused. Trying again; what is shown is from", "unexpected 4")
    office.start()
    one.lacks("No answer")
    one.shows("unexpected 4", "view: ")
    one.type("q")


def test_a_user_who_cannot_read_the_store(office):
    """Findings are shown without clients and names, and nothing fails."""
    need_readable_by_all()
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    words += [sys.executable, "-m", "netmon", "top", "--once", "--every", "1"]
    done = subprocess.run(
        office.network.command(*words),
        env=office.environment | {"HOME": "/nonexistent"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "unexpected, critical: Moscow, RU: kaspersky (reputation)" in done.stdout
    assert "client-" not in done.stdout
