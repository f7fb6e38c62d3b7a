"""Terminal output: no control characters, any encoding, no markup."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from rich.console import Console

from netmon.cli import progress
from netmon.cli.console import make_console
from netmon.cli.terminal import printable
from netmon.outputs.finding_count import FindingCount
from netmon.outputs.json_line import json_line
from netmon.sources.files import FilePosition

COMMANDS = ("Next, on your own capture", "Or on a mirror port", "Als Nächstes", "Oder an einem Mirror")
"""Lines with a command to copy."""

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


PAGES = [
    ["read", "--country", "DE", "DEMO"],
    ["read", "--by", "address", "DEMO"],
    ["read", "--by", "component", "DEMO"],
    ["demo"],
    ["signatures", "list"],
    ["signatures", "stats"],
    ["signatures", "explain", "82.202.184.10"],
    ["signatures", "explain", "ksn-verdict-geo.kaspersky-labs.com"],
    ["places", "82.202.184.10", "2a03:2480:8013::1"],
]
UNBROKEN = re.compile(r"^\S*/\S+$|^ *\S+$")
"""A line with a single word, which may be an address to open and stays in one piece."""


@pytest.mark.parametrize("language", ["en_US.UTF-8", "de_DE.UTF-8"])
@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_pages_fit_any_terminal(netmon, environment, demo, words, language):
    """At 100, 80, 60 and 40 columns no line is wider, and no word is cut without a sign."""
    words = [demo if word == "DEMO" else word for word in words]
    environment["LANG"] = language
    environment["COLUMNS"] = "1000"
    complete = set(netmon(*words).stdout.split())
    for width in (100, 80, 60, 40):
        environment["COLUMNS"] = str(width)
        done = netmon(*words)
        assert done.stderr == ""
        assert "…" not in done.stdout
        lines = done.stdout.splitlines()
        wide = [line for line in lines if len(line) > width and not UNBROKEN.match(line)]
        assert [line for line in wide if not line.startswith(COMMANDS)] == []
        joined = re.sub(r"\\\n *", "", re.sub(r"\\ *│\n│ *", "", done.stdout))
        names = {word.strip("();,:") for word in complete if len(word) > 12 and word.isascii()}
        shown = {word.strip("();,:") for word in joined.split()}
        assert names - shown == set()


@pytest.mark.parametrize("environs", [{}, {"FORCE_COLOR": "1"}], ids=["plain", "rich"])
@pytest.mark.parametrize("width", [1, 8, 11, 12, 30])
def test_the_box_is_whole_on_a_terminal_of_any_width(netmon, environment, demo, environs, width):
    """Text needs eight columns, and the box four more: a narrower terminal wraps its lines itself."""
    environment |= {"COLUMNS": str(width), **environs}
    text = re.sub("\x1b\\[[0-9;]*m", "", netmon("read", "--country", "DE", demo).stdout)
    box = text[text.index("┌") : text.index("┘") + 1].splitlines()
    assert {len(line) for line in box} == {max(width, 12)}
    assert {line[0] + line[-1] for line in box[1:-1]} == {"││"}


def test_the_name_of_a_file_does_not_control_the_terminal(netmon, demo, tmp_path):
    """Also where a command names it."""
    path = tmp_path / "e\x1b[31mX\n.pcap"
    path.symlink_to(demo)
    text = netmon("read", "--country", "DE", "--findings", "1", path).stdout
    assert r"e\x1b[31mX\n.pcap" in text
    assert "\x1b" not in text


def test_signs_of_netmon_itself_have_plain_counterparts(netmon, environment, demo):
    """Where the encoding lacks them: arrows, dots and the lines of the box."""
    environment["PYTHONIOENCODING"] = "ascii"
    text = netmon("read", "--country", "DE", "--findings", "1", demo).stdout
    assert "192.0.2.14 -> ksn-stat-geo.kaspersky-labs.com" in text
    assert "... and 1 more: netmon read" in text
    assert text.splitlines()[0] == f"+{'-' * 98}+"
    assert not re.search(r"\\u2", text)


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
