"""Terminal output: no control characters, any encoding, no markup."""

import json
import shutil
import subprocess
import sys

import pytest
from rich.console import Console

from netmon.cli import progress
from netmon.cli.terminal import make_console, printable
from netmon.outputs.finding_count import FindingCount
from netmon.outputs.json_line import json_line
from netmon.sources.files import FilePosition

HOSTILE = "a\n\x1b[31m\x9b\u202e[red].pcap"
SHOWN = r"a\n\x1b[31m\x9b\u202e[red].pcap"


def test_file_names_cannot_control_the_terminal(netmon, refused, demo, tmp_path):
    """Control characters, line ends and direction overrides in a name are escaped, and it stays one line."""
    assert refused("read", HOSTILE) == f"{SHOWN}: no such file"
    data = demo.read_bytes()
    (tmp_path / HOSTILE).write_bytes(data[: len(data) // 2])
    done = netmon("read", HOSTILE)
    assert done.returncode == 3  # flows to a country of concern are in this half
    [line] = done.stderr.splitlines()
    assert line.startswith(f"netmon: {SHOWN}: reading stopped")
    (tmp_path / HOSTILE).write_bytes(b"text")
    assert refused("read", HOSTILE).startswith(f"{SHOWN}: not a capture")


def test_file_names_may_be_any_bytes(netmon, demo, tmp_path):
    """A file whose name is not UTF-8 is read like any other."""
    name = "\udcff.pcap"
    shutil.copy(demo, tmp_path / name)
    assert netmon("read", name).stdout == netmon("read", demo).stdout


def test_file_names_with_brackets_in_the_progress_bar(monkeypatch, tmp_path):
    """The progress bar shows the name unchanged."""
    monkeypatch.setattr(progress, "_MIN_BAR_BYTES", 0)
    (tmp_path / "[red] [x.pcap").write_bytes(b"12345678")
    # Independent of the terminal of the test run.
    console = Console(force_terminal=True, width=100, _environ={})
    name = str(tmp_path / "[red] [x.pcap")
    with (
        console.capture() as shown,
        progress.progress_of(console, [name], FindingCount(), shares_terminal=False) as report,
    ):
        report(FilePosition(name, 4, 8, 0))
    assert "[red] [x.pcap" in shown.get()


def test_a_terminal_with_another_encoding(netmon, environment, demo):
    """Characters that the encoding lacks are escaped, without an error; JSON is always UTF-8."""
    events = netmon("read", "--json", demo).stdout
    environment["PYTHONIOENCODING"] = "ascii"
    for words in (["demo"], ["signatures", "list"], ["signatures", "explain", "82.202.184.10"]):
        done = netmon(*words)
        assert (done.returncode, done.stderr) == (0, "")
        assert r"Z\xfcrich" in done.stdout
    assert "Zürich" in events
    assert netmon("read", "--json", demo).stdout == events


def test_tables_are_complete_on_a_narrow_terminal(netmon, environment, demo):
    """Tables keep their width, and the terminal wraps their lines."""
    wide = netmon("read", demo).stdout
    environment["COLUMNS"] = "80"
    standard = netmon("read", demo).stdout
    environment["COLUMNS"] = "40"
    assert netmon("read", demo).stdout == standard
    assert standard.split() == wide.split()


@pytest.mark.parametrize("words", [["demo"], ["signatures", "list"], ["places", "82.202.184.10"]])
def test_no_line_has_trailing_blanks(netmon, words):
    """Text copied from the terminal has no trailing blanks, tables included."""
    done = netmon(*words)
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if line != line.rstrip()] == []


def test_a_closed_standard_output(netmon, environment, demo, tmp_path):
    """Without a standard output, netmon ends with the usual exit code and no error."""
    words = (sys.executable, "-m", "netmon", "read", "--country", "DE", "--json", demo)
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *words],
        env=environment,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, b"")


def test_text_is_not_markup(capsys):
    """Brackets and colons in signatures and databases are printed unchanged."""
    make_console().print("[red]one[/] [/two] :warning:")
    assert capsys.readouterr().out == "[red]one[/] [/two] :warning:\n"


@pytest.mark.parametrize(
    "text", ["plain", "Zürich 東京 🙂", "\x00\x1b]0;x\x07", "\x7f\x9b31m", "\u202eabc\u2028\ufeff", "\udcff"]
)
def test_json_lines_have_no_unprintable_characters(text):
    """Control characters are escaped in the line, and a JSON parser restores them."""
    line = json_line({"name": text})
    assert json.loads(line)["name"] == text
    assert line.endswith("}\n")
    assert printable(line[:-1]) == line[:-1]
