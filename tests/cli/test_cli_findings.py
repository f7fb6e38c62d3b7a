"""What `netmon run` prints in a network namespace of its own: findings, its state, a summary, exit codes."""

import json
import os
import pty
import re
import signal
import subprocess
import time

import pytest

from tests.cli.cable import PORT, Sensor
from tests.machine import need

pytestmark = pytest.mark.lab

WAIT_S = 30.0
FINDING = re.compile(
    r"\S+ unexpected, critical: (\S+) → (ksn-\S+) \((77\.74\.\S+)\) Moscow, RU: 2 sources agree; 641 B sent"
)


@pytest.fixture
def people(environment):
    """Start a sensor with output for people, and wait until it captures."""
    need("ip", "tcpreplay")
    started = []

    def people(*words, **streams):
        one = Sensor(environment, "--country", "DE", *words, output=(), **streams)
        started.append(one)
        if not streams:
            assert one.line() == f"netmon: watching {PORT}; metrics: off"
        return one

    yield people
    for one in started:
        one.process.kill()
        one.process.communicate()


def end(running, number=signal.SIGTERM):
    """Exit code, standard output and standard error after a signal."""
    running.process.send_signal(number)
    output, errors = running.process.communicate(timeout=WAIT_S)
    return running.process.returncode, output, errors


def printed(output):
    """The lines about findings that were printed before the summary."""
    return [line for line in output.partition("┌")[0].splitlines() if " → " in line]


def findings(output):
    """Client, name and address in each line about a finding."""
    return [FINDING.fullmatch(line).groups() for line in printed(output)]


def alarms(events):
    """Client, name and address of each alert among events."""
    return {
        (event["source"]["ip"], event["destination"]["domain"], event["destination"]["ip"])
        for event in map(json.loads, events.splitlines())
        if event["event"]["kind"] == "alert"
    }


@pytest.mark.parametrize("words", [(), ("--config", "two.yaml")], ids=["one worker", "two workers"])
def test_each_new_finding_is_one_line(people, netmon, demo, tmp_path, words):
    """Replayed twice, with a reload in between, the findings of the capture give one line each, at once."""
    (tmp_path / "two.yaml").write_text("capture: {workers: 2}\n")
    running = people("--privacy", "0", *(tmp_path / one if one.endswith("yaml") else one for one in words))
    running.replay(demo)
    first = os.read(running.process.stdout.fileno(), 65536).decode()
    assert first
    running.process.send_signal(signal.SIGHUP)
    assert running.line().startswith("netmon: signatures reloaded from ")
    running.replay(demo)
    code, rest, errors = end(running)
    assert (code, errors) == (0, "")
    found = findings(first + rest)
    assert len(found) == len(set(found)) == 2
    assert set(found) == alarms(netmon("read", "--country", "DE", "--json", demo).stdout)


@pytest.mark.parametrize("level", [0, 2])
def test_a_restart_prints_no_finding_again(people, demo, level):
    """The store has those of the first run; the second says so once, and they count for its exit code."""
    words = ("--privacy", str(level), "--exit-code")
    first = people(*words)
    first.replay(demo)
    code, output, errors = end(first)
    assert (code, errors) == (3, "")
    assert printed(output)
    second = people(*words)
    second.replay(demo)
    code, output, errors = end(second)
    assert (code, printed(output)) == (3, [])
    assert errors == (
        "netmon: findings that the store has of earlier runs are not printed again; `netmon top` shows the "
        "latest ones\n"
    )
    assert "Critical findings: 4 flows" in output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_summary_at_the_end(people, netmon, demo, number):
    """SIGTERM and SIGINT end it with the tables and the closing sentence of `netmon read`."""
    running = people()
    running.replay(demo)
    code, output, errors = end(running, number)
    assert (code, errors) == (0, "")
    expected = netmon("read", "--country", "DE", demo).stdout.splitlines()
    lines = output.splitlines()
    assert lines[-1] == expected[-1] == "Critical findings: 4 flows of kaspersky (reputation) to Moscow, RU."
    [at_moscow] = [line for line in expected if re.match("  reputation +Moscow, RU +4 ", line)]
    assert at_moscow in lines
    assert "client-" in output
    assert "192.0.2." not in output


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--exit-code",), 3), (("--no-exit-code",), 0)])
@pytest.mark.parametrize("output", [(), ("--json",)], ids=["people", "events"])
def test_exit_code(environment, demo, words, code, output):
    """With --exit-code, a finding of severity warning or critical makes 3 of 0, with --json as well."""
    need("ip", "tcpreplay")
    running = Sensor(environment, "--country", "DE", *words, output=output)
    assert running.line().startswith("netmon: watching ")
    running.replay(demo)
    assert end(running)[0] == code


def test_findings_and_summary_in_german(environment, demo):
    """With --language de: the line about a finding, and the summary with the command that shows more."""
    need("ip", "tcpreplay")
    running = Sensor(environment, "--country", "DE", "--language", "de", output=())
    assert running.line().startswith("netmon: watching ")
    running.replay(demo)
    code, output, errors = end(running)
    assert (code, errors) == (0, "")
    assert all(
        re.search(
            r" unerwartet, kritisch: \S+ → .* Moskau, RU: 2 Quellen sind sich einig; 641 B gesendet$", line
        )
        for line in printed(output)
    )
    assert printed(output)
    assert "│ UNERWARTET, kritisch: kaspersky" in output
    assert "Kritische Befunde: 4 Verbindungen von kaspersky (reputation), Ziel: Moskau, RU." in output


def test_notices_are_no_reason_for_exit_code_3(people, demo, tmp_path):
    """Notices are printed, and --exit-code leaves 0."""
    config = tmp_path / "notices.yaml"
    config.write_text(
        "policy: {forbidden_vendors: [kaspersky], forbidden_severity: notice, concerns: {kaspersky: []}}\n"
    )
    running = people("--config", config, "--exit-code")
    running.replay(demo)
    code, output, errors = end(running)
    lines = printed(output)
    assert (code, errors) == (0, "")
    assert lines
    assert all(" forbidden, notice: client-" in line for line in lines)
    assert all(": the policy forbids any contact with this vendor; " in line for line in lines)


@pytest.mark.parametrize(("word", "code"), [("--exit-code", 3), ("--no-exit-code", 0)])
@pytest.mark.parametrize("output", [(), ("--json",)], ids=["summary", "events"])
def test_exit_code_of_files(netmon, demo, word, code, output):
    """`netmon read` exits with 3 by default, and with 0 if asked."""
    assert netmon("read", "--country", "DE", word, *output, demo).returncode == code


def test_events_leave_no_room_for_people(environment, demo):
    """With --json, standard output has events alone, and standard error no findings."""
    need("ip", "tcpreplay")
    running = Sensor(environment, "--country", "DE")
    assert running.line().startswith("netmon: watching ")
    running.replay(demo)
    _, output, errors = end(running)
    assert errors == ""
    assert all(line.startswith("{") for line in output.splitlines())


def read_terminal(reader, until):
    """What the terminal shows up to this text."""
    text, deadline = "", time.monotonic() + WAIT_S
    while until not in text:
        assert time.monotonic() < deadline, f"in vain: {until!r} in {text!r}"
        text += os.read(reader, 65536).decode()
    return text


def test_a_terminal_shows_the_state(people, demo):
    """Packets, flows and findings; lines about findings stand above it, and the summary replaces it."""
    reader, writer = pty.openpty()
    running = people(stdin=writer, stdout=writer, stderr=writer)
    os.close(writer)
    text = read_terminal(reader, "view: good")
    running.replay(demo)
    text += read_terminal(reader, "2 findings · view: good")
    running.process.send_signal(signal.SIGINT)
    text += read_terminal(reader, "to Moscow, RU.")
    assert running.process.wait(WAIT_S) == 0
    os.close(reader)
    # What each line shows in the end is what stands after the last return to its beginning.
    shown = [line.rstrip("\r").rpartition("\r\x1b[K")[2] for line in text.split("\n")]
    assert [line for line in shown if "packets/s" in line] == []
    assert len([line for line in shown if re.match(r"\d\d:\d\d:\d\d unexpected, critical: ", line)]) == 2


def test_a_terminal_that_takes_nothing(people, demo):
    """After Ctrl-S the sensor goes on: it serves its end, and all flows are in the store."""
    reader, writer = pty.openpty()
    running = people(stdin=writer, stdout=writer, stderr=writer)
    os.close(writer)
    read_terminal(reader, "view: good")
    # Nobody reads any more: the terminal fills up, as behind Ctrl-S.
    os.write(reader, b"\x13")
    running.replay(demo)
    time.sleep(2)
    running.process.send_signal(signal.SIGTERM)
    time.sleep(1)
    os.write(reader, b"\x11")
    read_terminal(reader, "to Moscow, RU.")
    assert running.process.wait(WAIT_S) == 0
    os.close(reader)


def test_a_reader_that_has_gone(people, demo):
    """`netmon run | head -n 1` ends the sensor at the next line, without a traceback."""
    running = people("--privacy", "0", stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    assert running.line().startswith("netmon: watching ")
    running.process.stdout.close()
    running.replay(demo)
    assert running.process.wait(WAIT_S) != 0
    assert running.process.stderr.read() == ""
