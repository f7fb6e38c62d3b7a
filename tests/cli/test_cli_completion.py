"""Completion by keystrokes, in the shells that people use, on a terminal."""

import re
import subprocess
import sys

import pytest

from tests.cli.tmux import Tmux
from tests.machine import ROOT, need

SHELLS = {
    "bash": ["bash", "--norc"],
    "zsh": ["zsh", "-f"],
}
PREPARE = {
    "bash": "source complete.bash",
    "zsh": "fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -D",
}
"""As the shell finds the script once it is installed: zsh loads a function, bash a file."""


@pytest.fixture(params=SHELLS)
def shell(request, environment, tmp_path):
    """A shell with the completion that netmon prints for it, in a folder with a capture."""
    name = request.param
    need(name, "tmux")
    program = tmp_path / "bin" / "netmon"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m netmon "$@"\n')
    program.chmod(0o755)
    environment |= {"PATH": f"{program.parent}:{environment['PATH']}", "TERM": "xterm", "PS1": "$ "}
    script = subprocess.run(
        [program], env=environment | {"_NETMON_COMPLETE": f"source_{name}"}, capture_output=True, check=True
    ).stdout
    (tmp_path / "functions").mkdir()
    place = "functions/_netmon" if name == "zsh" else "complete.bash"
    (tmp_path / place).write_bytes(script.lstrip())
    (tmp_path / "office.pcap").write_bytes((ROOT / "netmon" / "data" / "demo.pcap").read_bytes())
    one = Tmux(environment, tmp_path, SHELLS[name], (100, 40))
    one.type("PS1='$ '; PATH=" + environment["PATH"], "Enter", PREPARE[name], "Enter", "clear", "Enter")
    one.lacks("clear")
    yield one
    one.close()


WORDS = [
    ("netmon rep", "netmon report"),
    ("netmon signatures ex", "netmon signatures explain"),
    ("netmon help rep", "netmon help report"),
    ("netmon help signatures ex", "netmon help signatures explain"),
    ("netmon read --cou", "netmon read --country"),
    ("netmon top --on", "netmon top --once"),
    ("netmon read off", "netmon read office.pcap"),
    ("netmon read --country DE off", "netmon read --country DE office.pcap"),
    ("netmon check --config off", "netmon check --config office.pcap"),
]


def test_tab_completes(shell):
    """A command, one in a group, an option, and a file, as the shell completes for any other program.

    The first Tab of a shell does so, too.
    """
    for typed, completed in WORDS:
        shell.type(typed, "Tab")
        shell.shows(f"$ {completed}")
        shell.type("C-u")
        shell.lacks(completed)


def test_tab_shows_what_is_possible(shell):
    """Where several words begin so, they are listed."""
    shell.type("netmon re", "Tab", "Tab")
    shell.shows("read", "report")


@pytest.mark.parametrize(
    ("shell_name", "settings"),
    [
        ("bash", {"COMP_WORDS": "netmon help {words}", "COMP_CWORD": "{at}"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "netmon help {words}"}),
        ("fish", {"_TYPER_COMPLETE_ARGS": "netmon help {words}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}),
    ],
)
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("rep", {"report"}),
        ("signatures l", {"list", "lint"}),
        ("read r", set()),
        ("nosuch r", set()),
    ],
)
def test_help_completes_commands(netmon, environment, shell_name, settings, words, completed):
    """As each shell asks for them: those of netmon, then those of a group, and none behind a command."""
    asked = {key: text.format(words=words, at=1 + len(words.split())) for key, text in settings.items()}
    environment |= asked | {"_NETMON_COMPLETE": f"complete_{shell_name}"}
    found = set(re.findall(r'^\(*"?([a-z]+)', netmon().stdout.replace("_arguments '*: :(", ""), re.MULTILINE))
    assert found - {"_files"} == completed
