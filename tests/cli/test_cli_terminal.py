"""What reaches a terminal: texts as they are, and nothing that steers it or breaks on its encoding."""

import json
import shutil
import subprocess
import sys

import pytest
from rich.console import Console

from netmon.cli import read
from netmon.cli.terminal import make_console, printable
from netmon.outputs.json_line import json_line

HOSTILE = "a\n\x1b[31m\x9b\u202e[red].pcap"
SHOWN = r"a\n\x1b[31m\x9b\u202e[red].pcap"


def test_a_files_name_steers_no_terminal(netmon, refused, demo, tmp_path):
    """Controls, ends of lines and what turns the direction of writing are told as escapes, in one line."""
    assert refused("read", HOSTILE) == f"{SHOWN}: no such file"
    whole = demo.read_bytes()
    (tmp_path / HOSTILE).write_bytes(whole[: len(whole) // 2])
    done = netmon("read", HOSTILE)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"netmon: {SHOWN}: reading stopped")
    (tmp_path / HOSTILE).write_bytes(b"text")
    assert refused("read", HOSTILE).startswith(f"{SHOWN}: not a capture")


def test_a_files_name_may_be_any_bytes(netmon, demo, tmp_path):
    """A name that is not UTF-8 is read as any other."""
    name = "\udcff.pcap"
    shutil.copy(demo, tmp_path / name)
    assert netmon("read", name).stdout == netmon("read", demo).stdout


def test_a_files_name_may_hold_brackets_beside_a_bar(monkeypatch, tmp_path):
    """The progress bar shows a name as it is."""
    monkeypatch.setattr(read, "_WORTH_A_BAR", 0)
    (tmp_path / "[red] [x.pcap").write_bytes(b"12345678")
    console = Console(force_terminal=True, width=100, _environ={})  # whatever terminal the suite has
    with console.capture() as shown, read._progress(console, [str(tmp_path / "[red] [x.pcap")]) as report:
        report(str(tmp_path / "[red] [x.pcap"), 4, 8)
    assert "[red] [x.pcap" in shown.get()


def test_a_terminal_of_another_encoding(netmon, environment, demo):
    """What it lacks is an escape in a text, never an error; JSON is UTF-8 everywhere."""
    events = netmon("read", "--json", demo).stdout
    environment["PYTHONIOENCODING"] = "ascii"
    for words in (["demo"], ["signatures", "list"], ["signatures", "explain", "82.202.184.10"]):
        done = netmon(*words)
        assert (done.returncode, done.stderr) == (0, "")
        assert r"Z\xfcrich" in done.stdout
    assert "Zürich" in events
    assert netmon("read", "--json", demo).stdout == events


def test_a_narrow_terminal_loses_no_digit(netmon, environment, demo):
    """The tables stay as wide as they must be; the terminal itself wraps their lines."""
    wide = netmon("read", demo).stdout
    environment["COLUMNS"] = "80"
    usual = netmon("read", demo).stdout
    environment["COLUMNS"] = "40"
    assert netmon("read", demo).stdout == usual
    assert usual.split() == wide.split()


@pytest.mark.parametrize("words", [["demo"], ["signatures", "list"], ["places", "82.202.184.10"]])
def test_no_line_ends_with_a_blank(netmon, words):
    """Tables as well: what is copied from a terminal has nothing invisible in it."""
    done = netmon(*words)
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if line != line.rstrip()] == []


def test_a_closed_output_is_nobody_who_reads(netmon, environment, demo, tmp_path):
    """Started without a standard output netmon ends as otherwise."""
    words = (sys.executable, "-m", "netmon", "read", "--country", "DE", "--json", demo)
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *words],
        env=environment,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, b"")


def test_text_is_no_markup(capsys):
    """Brackets and colons in signatures and databases are brackets and colons."""
    make_console().print("[red]one[/] [/two] :warning:")
    assert capsys.readouterr().out == "[red]one[/] [/two] :warning:\n"


@pytest.mark.parametrize(
    "text", ["plain", "Zürich 東京 🙂", "\x00\x1b]0;x\x07", "\x7f\x9b31m", "\u202eabc\u2028\ufeff", "\udcff"]
)
def test_nothing_invisible_is_in_a_json_line(text):
    """What a terminal obeys is escaped; a reader gets what it was."""
    line = json_line({"name": text})
    assert json.loads(line)["name"] == text
    assert line.endswith("}\n")
    assert printable(line[:-1]) == line[:-1]
