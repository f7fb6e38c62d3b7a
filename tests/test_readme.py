"""README tells the truth: its commands exist, and CI runs the one that it gives for the tests."""

import re
import subprocess
from pathlib import Path

import pytest

from netmon.outputs.metrics import METRICS
from netmon.verdict import ROWS
from tests.craft.picture import PICTURE, draw
from tests.machine import NETMON

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(?:console|bash|sh|shell)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
LINES = [re.sub(r"^\$ ", "", line) for block in BLOCKS for line in block.splitlines()]
COMMANDS = sorted(
    {found.group(1) for line in LINES for found in re.finditer(r"(?:^|&& |\| |sudo )(netmon [^|&#>]*)", line)}
)


def test_ci_runs_the_test_command_of_the_readme():
    """What .ci/run does after making its environment stands in README, word for word."""
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    steps = [line.removesuffix(' "$@"') for line in ci.splitlines() if line.startswith("python -m ")]
    assert len(steps) == 2
    assert all(step in README for step in steps)


@pytest.mark.parametrize("command", COMMANDS)
def test_command_exists(command):
    """Each netmon command that README shows is one, with all the options that it is shown with."""
    words = command.split()[1:]
    names = [word for word in words[:2] if re.fullmatch(r"[a-z]+", word)]
    options = [word.split("=")[0] for word in words if re.fullmatch(r"--[a-z-]+(=.*)?", word)]
    environment = {"PATH": "/usr/bin", "COLUMNS": "200", "NO_COLOR": "1"}
    helps = ""
    for depth in (1, 2):
        done = subprocess.run(
            [*NETMON, *names[:depth], "--help"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if depth == 1:
            assert done.returncode == 0, done.stderr
        helps += done.stdout
    assert [option for option in options if option not in helps] == []


def test_metrics_table_is_the_code():
    """README names each metric with type, labels and meaning as the code does."""
    endings = {"counter": "_total", "info": "_info"}
    rows = []
    for name, (kind, labels, text) in METRICS.items():
        shown = " ".join(map("`{}`".format, labels)) or "–"
        rows.append(f"| `{name}{endings.get(kind, '')}` | {kind} | {shown} | {text} |")
    table = README.partition("| metric | type | labels | meaning |\n|---|---|---|---|\n")[2]
    assert table.splitlines()[: len(rows) + 1] == [*rows, ""]


def test_verdict_table_is_the_code():
    """README gives each row of the table of verdicts, in its order, as the code does."""
    rows = [f"| {row.when} | {row.outcome} | `{row.reason}` |" for row in ROWS]
    table = README.partition("| when | verdict | reason |\n|---|---|---|\n")[2]
    assert table.splitlines()[: len(rows) + 1] == [*rows, ""]


def test_picture_shows_what_the_demo_prints():
    """The picture is drawn from the demo; `python -m tests.craft.picture` draws it anew."""
    assert PICTURE.read_text(encoding="utf-8") == draw()
