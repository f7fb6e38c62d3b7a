"""What the sensor shows on terminals, in pipes, in files and in systemd's journal; readers that stall."""

import os
import pty
import select
import sys
import time

import pytest

from netmon.cli import stalling_stream
from netmon.cli.run_screen import RunScreen

TIME_NS = 1_790_000_000 * 10**9  # 2026-09-21T14:13:20Z
ERASE = "\r\x1b[K"


class Ends:
    """A stream whose other end a test reads."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.stream = os.fdopen(writer, "w")

    def read(self):
        """What was written so far."""
        found = b""
        while select.select([self.reader], [], [], 0.1)[0]:
            found += os.read(self.reader, 65536)
        return found.decode().replace("\r\n", "\n")

    def close(self):
        """Closes both ends."""
        self.stream.close()
        os.close(self.reader)


@pytest.fixture
def terminal():
    """A terminal."""
    ends = Ends(*pty.openpty())
    yield ends
    ends.close()


@pytest.fixture
def pipe():
    """A pipe."""
    ends = Ends(*os.pipe())
    yield ends
    ends.close()


@pytest.fixture
def berlin(monkeypatch):
    """The time zone of the machine."""
    with monkeypatch.context() as context:
        context.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def make(monkeypatch):
    """Make a screen on these streams."""

    def make(output, errors, *, shows_findings=True, environment=None):
        monkeypatch.setattr(sys, "stdout", output and output.stream)
        monkeypatch.setattr(sys, "stderr", errors and errors.stream)
        return RunScreen(shows_findings=shows_findings, environment=environment or {})

    return make


@pytest.mark.usefixtures("berlin")
def test_a_terminal_has_the_state_below_everything(make, terminal):
    """Lines are printed above it, at the time of day here, and it is printed again; at the end it is gone."""
    screen = make(terminal, terminal)
    screen.status("7 packets/s")
    assert terminal.read() == f"{ERASE}7 packets/s"
    screen.finding("unexpected", "critical", TIME_NS)
    assert terminal.read() == f"{ERASE}16:13:20 unexpected\n{ERASE}7 packets/s"
    screen.log("reloaded")
    assert terminal.read() == f"{ERASE}netmon: reloaded\n{ERASE}7 packets/s"
    screen.close()
    assert terminal.read() == ERASE
    screen.status("8 packets/s")
    screen.log("ended")
    assert terminal.read() == "netmon: ended\n"


def test_the_state_fits_into_the_terminal(make, terminal):
    """A narrow terminal gets its beginning, so that it stays one line and can be erased."""
    import fcntl  # noqa: PLC0415
    import struct  # noqa: PLC0415
    import termios  # noqa: PLC0415

    fcntl.ioctl(terminal.reader, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 20, 0, 0))
    make(terminal, terminal).status("123456789 " * 5)
    assert terminal.read() == f"{ERASE}123456789 123456789"


@pytest.mark.parametrize("kind", ["pipe", "closed", "dumb"])
def test_no_state_where_it_cannot_be_erased(make, terminal, pipe, kind):
    """There is none in a pipe, without a standard error, and on a terminal that cannot erase a line."""
    errors = {"pipe": pipe, "closed": None, "dumb": terminal}[kind]
    screen = make(terminal, errors, environment={"TERM": "dumb"} if kind == "dumb" else {})
    screen.status("7 packets/s")
    screen.finding("unexpected", "critical", TIME_NS)
    screen.close()
    assert "packets/s" not in terminal.read() + pipe.read()


def test_no_state_among_what_another_program_prints(make, terminal, pipe):
    """If findings go through a pipe, or events to the terminal, their lines and the state would mix."""
    make(pipe, terminal).status("7 packets/s")
    make(terminal, terminal, shows_findings=False).status("7 packets/s")
    assert terminal.read() == ""


def test_the_state_beside_a_file(make, terminal, tmp_path):
    """Findings in a file leave the terminal to the state; they have date, time and zone."""
    with (tmp_path / "findings").open("w") as stream:
        file = type("File", (), {"stream": stream})
        screen = make(file, terminal)
        screen.status("7 packets/s")
        screen.finding("unexpected", "critical", TIME_NS)
        screen.close()
    assert (tmp_path / "findings").read_text() == "2026-09-21T14:13:20Z unexpected\n"
    assert terminal.read().startswith(f"{ERASE}7 packets/s")


@pytest.mark.parametrize(("severity", "priority"), [("notice", 5), ("warning", 4), ("critical", 2)])
def test_the_journal_has_times_and_priorities_of_its_own(make, pipe, severity, priority):
    """In systemd's journal, a line begins with the priority of syslog, and has no time."""
    found = os.fstat(pipe.stream.fileno())
    screen = make(pipe, pipe, environment={"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
    screen.finding("unexpected", severity, TIME_NS)
    assert pipe.read() == f"<{priority}>unexpected\n"


def test_another_stream_than_the_journal(make, pipe):
    """$JOURNAL_STREAM is inherited; a pipe that is another stream gets times and no priorities."""
    screen = make(pipe, pipe, environment={"JOURNAL_STREAM": "8:12345"})
    screen.finding("unexpected", "warning", TIME_NS)
    assert pipe.read() == "2026-09-21T14:13:20Z unexpected\n"


def test_events_on_standard_output_leave_no_room_for_findings(make, pipe, terminal):
    """With --json, nothing else is written to standard output."""
    screen = make(pipe, terminal, shows_findings=False)
    screen.finding("unexpected", "critical", TIME_NS)
    screen.close()
    assert (pipe.read(), terminal.read()) == ("", "")


def test_names_control_no_terminal(make, terminal):
    """Escape sequences of a name are printed as text."""
    make(terminal, terminal).finding("\x1b]0;x\x07 → a", "critical", TIME_NS)
    assert "\\x1b]0;x\\x07 → a\n" in terminal.read()


def test_a_stalled_reader_stops_nothing(make, pipe, monkeypatch):
    """Lines wait in order; what does not fit is lost, and the end says how many lines that were."""
    monkeypatch.setattr(stalling_stream, "MAX_LINES", 50)
    ends = Ends(*os.pipe())
    screen = make(pipe, ends)
    line = "x" * 10_000
    begin = time.monotonic()
    for number in range(100):
        screen.finding(f"{number:03d} {line}", "warning", TIME_NS)
    assert time.monotonic() - begin < 2
    text = pipe.read()
    while True:
        screen.status("")
        more = pipe.read()
        if not more:
            break
        text += more
    numbers = [one[21:24] for one in text.splitlines()]
    assert numbers == [f"{number:03d}" for number in range(len(numbers))]
    assert all(one.endswith(line) for one in text.splitlines())
    screen.close()
    assert ends.read() == (f"netmon: standard output: cannot be written; {100 - len(numbers)} lines lost\n")
    ends.close()


def test_a_reader_that_has_gone(make, terminal):
    """BrokenPipeError ends the sensor as it ends any filter."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        screen = make(type("Broken", (), {"stream": stream}), terminal)
        with pytest.raises(BrokenPipeError):
            screen.finding("unexpected", "critical", TIME_NS)


def test_a_full_disk(make, pipe):
    """Lines that cannot be written are counted, and do not end the sensor."""
    with open("/dev/full", "w") as stream:  # noqa: PTH123
        screen = make(type("Full", (), {"stream": stream}), pipe)
        screen.finding("unexpected", "critical", TIME_NS)
        screen.close()
    assert pipe.read() == "netmon: standard output: cannot be written; 1 line lost\n"
