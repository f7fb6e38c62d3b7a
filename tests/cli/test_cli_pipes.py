"""`netmon read` on a pipe: results while it is open, and a whole result when it is ended."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.ports import wait_for
from tests.craft.scene import connection, ethernet_file, flight
from tests.craft.talk import tls_session
from tests.machine import need

SIGNATURES = Path(__file__).parents[1] / "golden" / "signatures"
READ = (sys.executable, "-m", "netmon", "read")
MARK = "INTERRUPTED by {}: this is what was read until then."


@pytest.fixture
def reading(environment, tmp_path):
    """Start a reading of a pipe; the process is killed at the end of the test."""

    @contextmanager
    def reading(*words, source="-", **options):
        words = [*READ, "--country", "DE", source, *map(str, words)]
        pipe = subprocess.PIPE
        options = {"stdin": pipe, "stdout": pipe, "stderr": pipe, **options}
        with subprocess.Popen(words, env=environment, cwd=tmp_path, **options) as process:
            try:
                yield process
            finally:
                process.kill()

    return reading


def send(process, data):
    """Write to the reading's standard input. Once more than the 64 KiB of a pipe was written, it is read."""
    process.stdin.write(data)
    process.stdin.flush()


def result(process, *signals):
    """Exit code, output and messages after these signals, while the pipe stays open."""
    for number in signals:
        process.send_signal(number)
    output, errors = process.stdout.read().decode(), process.stderr.read().decode()
    return process.wait(30), output, errors


def without_mark(output, name="SIGINT"):
    """Whether the summary begins with that it was interrupted, and the summary without that."""
    mark = MARK.format(name) + "\n"
    return output.startswith(mark), output.removeprefix(mark)


@pytest.fixture
def expected(netmon, demo):
    """The summary of the complete capture from a pipe."""
    return netmon("read", "--country", "DE", "-", input=demo.read_bytes(), text=False).stdout.decode()


def now(capture):
    """The packets as if the first one were from now."""
    shift_s = int(time.time()) - int.from_bytes(capture[24:28], "little")
    shifted, at = bytearray(capture), 24
    while at < len(shifted):
        seconds = int.from_bytes(shifted[at : at + 4], "little") + shift_s
        shifted[at : at + 4] = seconds.to_bytes(4, "little")
        at += 16 + int.from_bytes(shifted[at + 8 : at + 12], "little")
    return bytes(shifted)


def test_events_come_while_the_pipe_is_open(reading, demo):
    """A flow that has ended is an event before the capture has ended."""
    with reading("--json") as process:
        send(process, demo.read_bytes())
        event = json.loads(process.stdout.readline())
        assert event["netmon"]["phase"] == "end"
        assert process.poll() is None


def test_flows_of_now_are_events_when_they_begin(reading):
    """A running capture is reported as by a sensor: a flow when it is recognised, and at its end."""
    session = tls_session(connection(), flight())
    capture = now(ethernet_file(session))
    with reading("--json", "--signatures", SIGNATURES) as process:
        send(process, capture[:-30])
        assert json.loads(process.stdout.readline())["netmon"]["phase"] == "open"
        send(process, capture[-30:])
        process.stdin.close()
        [end] = process.stdout.read().splitlines()
        assert json.loads(end)["netmon"]["phase"] == "end"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_table_says_that_it_was_interrupted(reading, demo, number):
    """A view is marked like the summary; CSV stays a table alone, and the mark is an error message."""
    with reading("--by", "client") as process:
        send(process, demo.read_bytes())
        code, output, _ = result(process, number)
    is_marked, table = without_mark(output, number.name)
    assert (code, is_marked, table.split()[0]) == (128 + number, True, "client")
    with reading("--by", "client", "--csv") as process:
        send(process, demo.read_bytes())
        _, output, errors = result(process, number)
    assert output.startswith("client,")
    assert errors.startswith(f"netmon: interrupted by {number.name} ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_gives_the_result_so_far(reading, expected, demo, number):
    """Marked as interrupted, with every packet that was written before; the exit code names the signal."""
    with reading() as process:
        send(process, demo.read_bytes())
        code, output, errors = result(process, number)
    assert without_mark(output, number.name) == (True, expected)
    assert (code, errors) == (128 + number, f"netmon: interrupted by {number.name} after 1,101 packets\n")


@pytest.mark.parametrize("wait_s", [0.0, 0.2])
@pytest.mark.parametrize("signal_first", [True, False], ids=["signal, end", "end, signal"])
def test_the_end_and_the_signal_come_in_any_order(reading, expected, demo, signal_first, wait_s):
    """Ctrl-C in a shell ends tcpdump as well: what it writes at its end is part of the result."""
    data = demo.read_bytes()
    steps = [
        lambda one: one.send_signal(signal.SIGINT),
        lambda one: (send(one, data[-300:]), one.stdin.close()),
    ]
    with reading() as process:
        send(process, data[:-300])
        for step in steps if signal_first else reversed(steps):
            step(process)
            time.sleep(wait_s)
        output = process.stdout.read().decode()
        code = process.wait(30)
    is_marked, rest = without_mark(output)
    assert rest == expected
    assert code in ((130,) if is_marked else (3, -signal.SIGINT))  # shells show both as 130
    assert is_marked or not signal_first


def test_a_second_signal_ends_at_once(reading, demo):
    """Without a result, and with the code of the second one."""
    with reading() as process:
        send(process, demo.read_bytes())
        code, output, _ = result(process, signal.SIGINT, signal.SIGTERM)
    assert (code, output) == (143, "")


def test_a_sender_that_does_not_stop_is_left(reading, demo):
    """Ctrl-C ends the reading although packets keep coming."""
    data = demo.read_bytes()
    words = [sys.executable, "-c", f"import sys\ndata = open({str(demo)!r}, 'rb').read()\n"
             "sys.stdout.buffer.write(data)\nwhile True: sys.stdout.buffer.write(data[24:])"]  # fmt: skip
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as sender:
        with reading("--json", stdin=sender.stdout) as process:
            sender.stdout.close()
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=30)
        packets = int(
            re.search(r"interrupted by SIGINT after ([\d,]+) packets", errors.decode())[1].replace(",", "")
        )
    assert process.returncode == 130
    assert packets > len(data) // 1500


def test_a_pipe_that_never_sends_can_be_ended(reading, tmp_path):
    """The result is empty, and says so."""
    with reading("--evidence", "evidence") as process:
        wait_for((tmp_path / "evidence").exists, "the reading has begun")
        code, output, errors = result(process, signal.SIGINT)
    assert (code, errors) == (130, "netmon: interrupted by SIGINT after 0 packets\n")
    assert without_mark(output)[0]


@pytest.mark.parametrize("length", [0, 3, 10, 24])
def test_a_pipe_cut_in_its_header_is_that_error(reading, netmon, demo, length, tmp_path):
    """The same line as for a file; interrupted while it waits, it has no packets and no error."""
    part = demo.read_bytes()[:length]
    (tmp_path / "cut").write_bytes(part)
    of_file, of_pipe = netmon("read", "cut"), netmon("read", "-", input=part, text=False)
    assert of_pipe.returncode == of_file.returncode == (0 if length == 24 else 1)
    assert of_pipe.stderr.decode() == of_file.stderr.replace("cut:", "standard input:")


def test_a_fifo_without_a_writer_can_be_ended_and_one_with_a_writer_is_read(reading, netmon, demo, tmp_path):
    """Opening does not wait for the writer, and the end of the writer is the end of the capture."""
    os.mkfifo(tmp_path / "fifo")
    expected = netmon("read", "--country", "DE", demo).stdout
    with reading(source="fifo") as process:
        with (tmp_path / "fifo").open("wb") as writer:
            writer.write(demo.read_bytes())
        assert result(process) == (3, expected, "")
    with reading(source="fifo") as process:
        descriptor = os.open(tmp_path / "fifo", os.O_WRONLY)  # waits for the reader
        os.close(descriptor)
        assert result(process)[0] == 1  # a writer that wrote nothing: the file is empty
    with reading(source="fifo") as process:
        descriptor = os.open(tmp_path / "fifo", os.O_WRONLY)
        assert result(process, signal.SIGINT)[0] == 130
        os.close(descriptor)


def test_process_substitution_and_a_socket_are_read(netmon, reading, environment, demo):
    """`netmon read <(command)`; standard input may be a socket."""
    need("bash")
    expected = netmon("read", "--country", "DE", demo).stdout
    words = ["bash", "-c", f"{' '.join(READ)} --country DE <(cat {demo})"]
    done = subprocess.run(words, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (3, expected)
    ours, theirs = socket.socketpair()
    with ours, theirs, reading(stdin=theirs) as process:
        theirs.close()
        ours.sendall(demo.read_bytes())
        ours.shutdown(socket.SHUT_WR)
        assert result(process)[:2] == (3, expected)


def test_the_path_of_a_socket_is_refused_with_advice(refused, tmp_path):
    """It cannot be opened as a file."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        line = refused("read", "socket")
    assert line == "socket: is a socket; `socat -u UNIX-CONNECT:socket - | netmon read -` reads from it"


def test_what_was_read_is_kept(reading, netmon, demo, tmp_path):
    """`--store`, `--evidence` and `--by` have all flows after a signal, and say that it was interrupted."""
    netmon("read", "--country", "DE", "--store", "of-file.db", demo)
    words = ("--store", "store.db", "--evidence", "evidence", "--by", "place", "--csv")
    with reading(*words) as process:
        send(process, demo.read_bytes())
        code, output, errors = result(process, signal.SIGINT)
    assert code == 130
    assert "interrupted by SIGINT" in errors
    by_place = netmon("read", "--country", "DE", "--by", "place", "--csv", demo).stdout
    assert output.splitlines() == by_place.splitlines()
    of_file, of_pipe = (
        netmon("history", "--store", store, "--by", "component", "--format", "csv").stdout
        for store in ("of-file.db", "store.db")
    )
    assert of_file == of_pipe != ""
    assert netmon("evidence", "verify", "--chain-only", "evidence").returncode == 0
    assert len(list((tmp_path / "evidence").glob("*.pcapng"))) == 4


def test_a_large_file_is_interrupted_as_well(reading, demo, tmp_path):
    """What was read of it is shown; files after it are not begun."""
    data = demo.read_bytes()
    with (tmp_path / "large.pcap").open("wb") as file:
        file.write(data)
        for _ in range(2000):
            file.write(data[24:])
    with reading("--json", source="large.pcap", stdin=subprocess.DEVNULL) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.fullmatch(
        r"netmon: interrupted by SIGINT after [\d,]+ packets\n", errors.decode().splitlines(keepends=True)[-1]
    )
    json.loads(output.splitlines()[-1])
