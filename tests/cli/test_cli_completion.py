"""Completion by keystrokes, in the shells that people use, on a terminal; and its installation."""

import re
import shlex
import subprocess
import sys

import pytest

from tests.cli.tmux import Tmux
from tests.machine import ROOT, need

SHELLS = {
    "bash": ["bash", "--norc"],
    "zsh": ["zsh", "-f"],
    "fish": ["fish", "--no-config"],
}
PREPARE = {
    "bash": "source complete.bash",
    "zsh": "fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -D",
    "fish": "source complete.fish",
}
"""As the shell finds the script once it is installed: zsh loads a function, the others a file."""
PROMPT = {"fish": "function fish_prompt; echo -n '$ '; end"}
INSTALLED = {
    "bash": (".bash_completions/netmon.sh", ".bashrc", ["bash"]),
    "zsh": (".zfunc/_netmon", ".zshrc", ["zsh"]),
    "fish": (".config/fish/completions/netmon.fish", None, ["fish"]),
}
"""Where the script is, what the shell reads when it starts, and the shell as people start it."""


@pytest.fixture
def folder(environment, tmp_path):
    """A folder with a capture, in which netmon is on PATH."""
    program = tmp_path / "bin" / "netmon"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m netmon "$@"\n')
    program.chmod(0o755)
    environment |= {"PATH": f"{program.parent}:{environment['PATH']}", "TERM": "xterm", "PS1": "$ "}
    (tmp_path / "office.pcap").write_bytes((ROOT / "netmon" / "data" / "demo.pcap").read_bytes())
    return tmp_path


def opened(environment, folder, name, command, *lines):
    """A shell on a terminal, after these lines."""
    shell = Tmux(environment, folder, command, (100, 40))
    path = f"PATH={shlex.quote(environment['PATH'])}" if name != "fish" else "true"
    prompt = PROMPT.get(name, "PS1='$ '")
    for line in (f"{prompt}; {path}", *lines, "clear"):
        shell.type(line, "Enter")
    shell.lacks("clear")
    return shell


@pytest.fixture(params=SHELLS)
def shell(request, environment, folder):
    """A shell with the completion that netmon prints for it."""
    name = request.param
    need(name, "tmux")
    script = subprocess.run(
        ["netmon", "completion", name], env=environment, capture_output=True, check=True
    ).stdout
    (folder / "functions").mkdir()
    place = "functions/_netmon" if name == "zsh" else f"complete.{name}"
    (folder / place).write_bytes(script)
    one = opened(environment, folder, name, SHELLS[name], PREPARE[name])
    yield one
    one.close()


WORDS = [
    ("netmon rep", "netmon report"),
    ("netmon signatures ex", "netmon signatures explain"),
    ("netmon help rep", "netmon help report"),
    ("netmon help signatures ex", "netmon help signatures explain"),
    ("netmon read --cou", "netmon read --country"),
    ("netmon read --by cl", "netmon read --by client"),
    ("netmon top --on", "netmon top --once"),
    ("netmon read off", "netmon read office.pcap"),
    ("netmon read --country DE off", "netmon read --country DE office.pcap"),
    ("netmon check --config off", "netmon check --config office.pcap"),
]


def test_tab_completes(shell):
    """A command, one in a group, an option, a value, and a file, as the shell completes for other programs.

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


@pytest.mark.parametrize("shell_name", SHELLS)
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("rep", {"report"}),
        ("signatures l", {"list", "lint"}),
        ("read r", set()),
        ("nosuch r", set()),
    ],
)
def test_help_completes_commands(netmon, environment, shell_name, words, completed):
    """As each shell asks for them: those of netmon, then those of a group, and none behind a command."""
    at = words.split()[-1] if shell_name == "fish" else str(1 + len(words.split()))
    asked = {"COMP_WORDS": f"netmon help {words}", "COMP_CWORD": at}
    environment |= asked | {"_NETMON_COMPLETE": f"{shell_name}_complete"}
    found = set(re.findall(r"^(?:plain[,\n])?([a-z]+)(?:\t.*)?$", netmon().stdout, re.MULTILINE))
    assert found - {"plain"} == completed


@pytest.mark.parametrize("name", INSTALLED)
def test_it_is_installed_with_one_command(environment, folder, name):
    """A shell that starts afterwards completes; once more changes nothing, and what was there stays."""
    need(name, "tmux")
    script, start, command = INSTALLED[name]
    environment |= {"HOME": str(folder), "SHELL": f"/usr/bin/{name}"}
    environment.pop("XDG_CONFIG_HOME", None)
    if start is not None:
        (folder / start).write_text("alias mine=true")  # without a line end
    for _ in range(2):
        done = subprocess.run(
            ["netmon", "completion", "--install"], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith(f"{folder / script}: installed")
    if start is not None:
        lines = (folder / start).read_text().splitlines()
        assert lines[0] == "alias mine=true"
        assert len(lines) == 2
    shell = opened(environment, folder, name, command)
    shell.type("netmon rep", "Tab")
    shell.shows("$ netmon report")
    shell.close()


@pytest.mark.parametrize("started", ["/bin/dash", "", None])
def test_another_shell_is_told_what_to_name(netmon, environment, started):
    """A shell without completion, or none, is wrong usage; one that is named is not."""
    environment.pop("SHELL", None)
    environment |= {} if started is None else {"SHELL": started}
    done = netmon("completion")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("name bash, zsh or fish\n")
    assert netmon("completion", "bash").stdout.startswith("_netmon_completion() {")


def test_a_script_of_an_earlier_version_is_silent(netmon, environment):
    """Those that were installed with --install-completion asked otherwise; they complete nothing."""
    environment |= {"_NETMON_COMPLETE": "complete_bash", "COMP_WORDS": "netmon re", "COMP_CWORD": "1"}
    done = netmon()
    assert (done.stdout, done.stderr) == ("", "")
