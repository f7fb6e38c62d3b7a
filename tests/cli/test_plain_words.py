"""The words of `netmon read` that need no parser mean what they mean to the parser."""

import pytest
import typer

from netmon.cli import read_files
from netmon.cli.app import app
from netmon.cli.plain_words import FLAGS, plain_reading

PLAIN = [
    "read a.pcap",
    "read -",
    "read a.pcap b.pcap tcp port 443 and host 192.0.2.7",
    "read --json a.pcap",
    "read a.pcap --json --all",
    "read --all --json a.pcap",
    "read --json --json a.pcap",
    "read --country DE a.pcap",
    "read a.pcap --country de --country fr tcp",
    *(f"read --json {flag} a.pcap" for flag in FLAGS),
    "read --no-exit-code --exit-code a.pcap",
]
OTHERS = [
    "",
    "--help",
    "a.pcap",
    "check a.pcap",
    "read",
    "read --json",
    "read --all a.pcap",
    "read a.pcap --country",
    "read a.pcap --country --json",
    "read --country=DE a.pcap",
    "read --jso a.pcap",
    "read -- a.pcap",
    "read -h",
    "read a.pcap --help",
    "read -c netmon.yaml a.pcap",
    "read --by client a.pcap",
]


@pytest.fixture
def read(monkeypatch):
    """What was read, in place of reading it: the values that differ from their defaults."""
    seen = []
    defaults = read_files.read_files.__kwdefaults__

    def read(words, options, **chosen):
        assert defaults.keys() >= chosen.keys()
        seen.append((words, options, {name: one for name, one in chosen.items() if one != defaults[name]}))
        return 7

    monkeypatch.setattr(read_files, "read_files", read)
    return seen


@pytest.mark.parametrize("words", PLAIN)
def test_plain_words_mean_the_same_to_the_parser(read, words):
    """Files, filter, options, and the exit code."""
    given = words.split()
    assert plain_reading(given)() == 7
    with pytest.raises(SystemExit, match="7"):
        typer.main.get_command(app)(given, prog_name="netmon")
    plain, parsed = read
    assert plain == parsed


@pytest.mark.parametrize("words", OTHERS)
def test_all_other_words_are_left_to_the_parser(words):
    """Wrong ones as well, so there is one text for what is wrong."""
    assert plain_reading(words.split()) is None


def test_a_completion_is_left_to_the_parser(monkeypatch):
    """The words on the line are not those of a command then."""
    monkeypatch.setenv("_NETMON_COMPLETE", "complete_zsh")
    assert plain_reading(["read", "a.pcap"]) is None
