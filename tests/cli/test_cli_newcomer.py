"""What people try first: `help`, `version`, wildcards, wrong values, and `| head` behind any command."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.machine import NETMON

COMMANDS = (
    "check",
    "demo",
    "doctor",
    "explain",
    "forward",
    "history",
    "places",
    "read",
    "report",
    "run",
    "selftest",
    "top",
    "verify",
)
GROUPS = {
    "evidence": ("erase", "head", "verify"),
    "privacy": ("erase", "identify", "key", "list", "rotate"),
    "signatures": ("explain", "lint", "list", "stats", "test"),
    "store": ("collect", "ddl", "import"),
}
ALL = [(one,) for one in COMMANDS] + [(group, one) for group, names in GROUPS.items() for one in names]
NO_COUNTRY = "No country-specific promise was applied"


def test_the_version(netmon):
    """`version`, `--version` and `-V` show the same line."""
    shown = {netmon(word).stdout for word in ("version", "--version", "-V")}
    [line] = shown
    assert re.fullmatch(r"netmon \d+\.\d+\.\d+\S*\n", line)


@pytest.mark.parametrize("words", [(), ("read",), ("signatures",), ("signatures", "explain")])
def test_help_is_what_the_option_shows(netmon, words):
    """`netmon help COMMAND` shows the help of netmon, of a command, of a group and of a command in it."""
    shown = netmon("help", *words)
    assert (shown.returncode, shown.stdout) == (0, netmon(*words, "--help").stdout)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("raed",), "No such command 'raed'. Did you mean 'read'"),
        (("read", "more"), "'netmon read' has no command 'more'"),
    ],
)
def test_help_of_no_command(netmon, words, problem):
    """What is no command is wrong usage, with the nearest names."""
    done = netmon("help", *words)
    assert done.returncode == 2
    assert problem in done.stderr


@pytest.mark.parametrize("words", [*ALL, ("help",), ("version",)], ids=" ".join)
def test_help_has_no_codes_of_programmers(netmon, words):
    """No help has format codes, inequalities or placeholders of Python."""
    text = netmon(*words, "--help").stdout
    assert text
    assert re.findall(r"%[A-Za-z]|<=|>=|[{}]|<\w+>|\bNone\b|\bint\b", text) == []


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ("places", "--day", "2026-13-01", "192.0.2.1"),
            "'2026-13-01' is no date: write one such as 2026-06-30",
        ),
        (("places", "--day", "today", "192.0.2.1"), "'today' is no date: write one such as 2026-06-30"),
        (("places", "--rtt-ms", "0", "192.0.2.1"), "'0': write milliseconds, such as 3.2; at least 0.001"),
        (
            ("places", "--rtt-ms", "nan", "192.0.2.1"),
            "'nan': write milliseconds, such as 3.2; at least 0.001",
        ),
        (("places", "files.acme.example"), "netmon looks no names up"),
        (("read", "--privacy", "4", "x.pcap"), "'4': write a number from 0 to 3"),
        (("read", "--privacy", "high", "x.pcap"), "'high': write a number from 0 to 3"),
        (("explain", "--flow", "-1", "x.pcap"), "'-1': write a whole number of 0 or more"),
        (("privacy", "rotate", "--keep-days", "3651"), "'3651': write a number from 0 to 3,650"),
        (("store", "ddl", "--days", "9.5"), "'9.5': write a whole number of 0 or more"),
    ],
)
def test_wrong_values_say_what_to_write(netmon, words, problem):
    """An error about a value shows it, and what to write instead, without format codes."""
    done = netmon(*words)
    assert done.returncode == 2
    assert problem in " ".join(done.stderr.split())
    assert "%" not in done.stderr


def test_values_of_zero_and_defaults(netmon):
    """The bounds themselves are accepted, and so are defaults."""
    assert "TTL" not in netmon("store", "ddl", "--days", "0").stdout
    assert netmon("store", "ddl").stdout == netmon("store", "ddl", "--days", "90").stdout
    assert netmon("places", "--day", "2026-06-30", "--rtt-ms", "0.001", "192.0.2.1").returncode == 0


@pytest.mark.parametrize("command", [("explain",), ("signatures", "explain")], ids=" ".join)
def test_a_wildcard_shows_the_rules_below(netmon, command):
    """A name with an asterisk stands for many: their rules by component, and what matches any other."""
    lines = netmon(*command, "*.kaspersky-labs.com").stdout.splitlines()
    assert re.fullmatch(r"\*\.kaspersky-labs\.com: \d+ rules are about such names", lines[0])
    assert any(re.match(r"  kaspersky / reputation: exact \S+, .* and \d+ more$", line) for line in lines)
    assert lines[-1] == "  any other such name: the suffix 'kaspersky-labs.com' matches: kaspersky / other"


def test_an_asterisk_without_a_dot(netmon):
    """A part of a name is a pattern too, and no file; one that no rule is about says so in words."""
    lines = netmon("explain", "*kaspersky*").stdout.splitlines()
    assert re.fullmatch(r"\*kaspersky\*: [\d,]+ rules are about such names", lines[0])
    assert "*no-such-vendor*: no rule is about such names" in netmon("explain", "*no-such-vendor*").stdout


@pytest.mark.parametrize("command", [("explain",), ("signatures", "explain")], ids=" ".join)
@pytest.mark.parametrize(
    "text",
    [
        *("77.74.176.0/22", "2a03:2480::/32", "[2a03:2480:8010::25]", "[2a03:2480:8010::25]:443"),
        *(
            "https://ksn.kaspersky.com/x",
            "ksn.kaspersky.com/x",
            "ksn.kaspersky.com:443",
            "http://77.74.176.12",
        ),
    ],
)
def test_what_is_more_than_a_host_is_told_so(netmon, command, text):
    """A URL, a prefix or an address in brackets is no missing file."""
    done = netmon(*command, text)
    assert (done.returncode, done.stdout) == (2, "")
    said = " ".join(re.sub(r"[│\n]", " ", done.stderr).split())
    assert "leave out scheme, port, path, prefix length and brackets" in said


@pytest.mark.parametrize("command", [("explain",), ("signatures", "explain")], ids=" ".join)
@pytest.mark.parametrize("text", ["77.74.176.*", "77.*", "*.12", "77.74.*.*"])
def test_patterns_are_those_of_names(netmon, command, text):
    """No rule could ever be about an address with an asterisk."""
    done = netmon(*command, text)
    assert (done.returncode, done.stdout) == (2, "")
    assert "of addresses, give a single one" in " ".join(re.sub(r"[│\n]", " ", done.stderr).split())


@pytest.mark.parametrize("name", ["captures/missing", "./missing", "../missing", "missing", "a.d/x.json"])
def test_a_missing_file_is_no_host(refused, tmp_path, name):
    """What looks like a path is one, and so is what is in a folder that exists."""
    assert refused("explain", name) == f"{name}: no such file"
    (tmp_path / "captures.d").mkdir()
    assert refused("explain", "captures.d/missing") == "captures.d/missing: no such file"


def test_an_asterisk_within_a_label(netmon):
    """It stands for any part of a name."""
    first, reputation, _ = netmon("explain", "ksn-*-geo.kaspersky-labs.com").stdout.splitlines()
    assert first.startswith("ksn-*-geo.kaspersky-labs.com: ")
    names = re.findall(r"exact (\S+?),", reputation)
    assert names
    assert all(re.fullmatch(r"ksn-.*-geo\.kaspersky-labs\.com", name) for name in names)


@pytest.mark.parametrize("host", ["ksn-stat-geo.kaspersky-labs.com", "77.74.176.12", "2001:db8::1"])
def test_explain_a_name_or_an_address(netmon, host):
    """`netmon explain` on a name or an address tells what `signatures explain` does."""
    shown = netmon("explain", host)
    assert (shown.returncode, shown.stdout) == (0, netmon("signatures", "explain", host).stdout)


@pytest.mark.parametrize("word", ["event.json", "office.pcap", "nothing", "folder/event"])
def test_a_file_that_is_not_there(refused, word):
    """What looks like a file, or like nothing, is a file that does not exist."""
    assert refused("explain", word) == f"{word}: no such file"


def test_a_file_named_like_a_host(refused, tmp_path):
    """A file comes first, whatever its name."""
    (tmp_path / "files.acme.example").write_text("")
    assert refused("explain", "files.acme.example").startswith("files.acme.example is empty")


def test_a_forbidden_vendor_needs_no_country(netmon, demo, tmp_path):
    """If the policy decided about every flow, the summary does not ask for the users' country."""
    (tmp_path / "netmon.yaml").write_text(
        "policy: {forbidden_vendors: [kaspersky], concerns: {kaspersky: []}}\n"
    )
    done = netmon("read", "--config", "netmon.yaml", demo)
    assert done.returncode == 3
    assert NO_COUNTRY not in done.stdout
    assert netmon("read", demo).stdout.splitlines()[-1].startswith(NO_COUNTRY)


@pytest.mark.parametrize(
    ("command", "expected"),
    [("places", "192.0.2.1: no place (unknown)"), ("explain", "  place: unknown")],
)
def test_an_unknown_place_is_said_once(netmon, command, expected):
    """A place of which nothing is known is "unknown", not three times so."""
    text = netmon(command, "192.0.2.1").stdout
    assert expected in text.splitlines()
    assert "unknown, unknown" not in text


def test_files_are_checked_before_the_store(refused):
    """A misspelt file of events is named, before a store is opened."""
    assert refused("store", "import", "nosuch.jsonl") == "nosuch.jsonl: no such file"


def test_run_without_an_interface_names_those_there(refused):
    """Without an interface, the ones of this machine are listed."""
    assert re.fullmatch(
        r"no interface to monitor: give one with -i, or set capture\.interfaces; here are: .*\blo\b.*",
        refused("run"),
    )


def ended_without_a_reader(words, environment, folder):
    """A command whose output has no reader from the start."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [*NETMON, *map(str, words)],
            env=environment,
            cwd=folder,
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)


@pytest.mark.parametrize(
    "words",
    [
        "read DEMO",
        "read --json --all DEMO",
        "read --by client DEMO",
        "read --by client --csv DEMO",
        "report --country DE DEMO -o -",
        "report --country DE DEMO --format csv -o -",
        "explain 77.74.176.12",
        "explain *.kaspersky-labs.com",
        "places 77.74.176.12",
        "places --json 77.74.176.12",
        "signatures list",
        "signatures test",
        "signatures stats",
        "privacy list",
        "privacy list --json",
        "store ddl",
        "check",
        "demo",
        "help",
        "help read",
        "--help",
        "read --help",
        "version",
        "--version",
    ],
)
def test_a_reader_that_has_gone(environment, demo, tmp_path, words):
    """Every command ends by SIGPIPE, as grep and tcpdump do, without a word: a shell shows 141."""
    given = [demo if word == "DEMO" else word for word in words.split()]
    done = ended_without_a_reader(given, environment, tmp_path)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")


def test_the_shell_shows_141(environment, demo, tmp_path):
    """With `set -o pipefail`, a pipeline that ends in `head` has the exit code that it has with grep."""
    script = 'set -o pipefail; "$@" | head -c 1 > first; echo "${PIPESTATUS[0]}"'
    words = [sys.executable, "-m", "netmon", "read", "--json", "--all", str(demo)]
    done = subprocess.run(
        ["bash", "-c", script, "bash", *words],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("141\n", "")
    assert (tmp_path / "first").read_text() == "{"
