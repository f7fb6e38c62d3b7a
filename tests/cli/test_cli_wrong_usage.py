"""Words in the wrong order, closed streams, odd terminals: a clear line or a result as ever, no traceback."""

import os
import subprocess

import pytest

from tests.machine import NETMON


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ("--country", "DE", "read", "x.pcap"),
            "--country stands before 'read'; options stand behind their command: netmon read --country …",
        ),
        (
            ("--country=DE", "read", "x.pcap"),
            "--country stands before 'read'; options stand behind their command: netmon read --country …",
        ),
        (
            ("signatures", "--country", "DE", "explain", "x.example"),
            "options stand behind their command: netmon signatures explain --country …",
        ),
        (("--contry", "DE"), "No such option '--contry'"),
        (("raed", "x.pcap"), "No such command 'raed'. Did you mean 'read'?"),
        (
            ("my capture.pcap",),
            "'my capture.pcap' is a file, not a command; to read a capture: netmon read 'my capture.pcap'",
        ),
    ],
)
def test_words_in_the_wrong_place(netmon, tmp_path, words, problem):
    """The error says where an option belongs, and what a file is given to."""
    (tmp_path / "my capture.pcap").write_bytes(b"")
    done = netmon(*words)
    assert done.returncode == 2
    assert problem in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("check", "--config", "folder"), "folder: a folder; name a file in it, such as folder/netmon.yaml"),
        (
            ("signatures", "list", "--signatures", "file"),
            "file: a file; name the folder of the signatures, which has a file for each vendor",
        ),
        (("evidence", "verify", "file"), "file: a file; name the folder of the evidence"),
        (("evidence", "verify", "nowhere"), "nowhere: no such folder"),
    ],
)
def test_a_file_for_a_folder(refused, tmp_path, words, problem):
    """And the other way round: the line says which of them is needed."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("nothing\n")
    assert refused(*words) == problem


def test_a_capture_is_not_imported(netmon, demo):
    """A file without any event is one line, with the command that stores a capture."""
    done = netmon("store", "import", "--store", "x.db", demo)
    assert done.returncode == 1
    assert done.stderr == (
        f"netmon: {demo}: no line is an event of netmon (line 1: not an event: no complete line of JSON); "
        "a capture is stored by netmon read --store\n"
    )


def in_shell(words, environment):
    """Runs netmon with words and redirections of a shell."""
    return subprocess.run(
        ["sh", "-c", f'"$@" {words}', "sh", *NETMON],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("read -", "standard input: the file is empty; a capture begins with a pcap or pcapng header"),
        ("explain -", "standard input is empty: give one event, a line of `netmon read --json`"),
    ],
)
def test_a_closed_standard_input(environment, words, problem):
    """It is an empty one; no socket of netmon's own gets its number and is read."""
    done = in_shell(f"{words} <&-", environment)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"netmon: {problem}\n")


@pytest.mark.parametrize("words", ["report -o -", "read --json", "read --by name --csv", "read"])
@pytest.mark.parametrize("closed", [">&-", "2>&- >/dev/null", ">&- 2>&- <&-"])
def test_closed_outputs(environment, demo, words, closed):
    """What has nowhere to go is discarded, and the exit code is that of the result."""
    done = in_shell(f"{words} {demo} {closed}", environment)
    assert (done.returncode, done.stdout, done.stderr) == (0 if "report" in words else 3, "", "")


@pytest.mark.parametrize("columns", ["0", "-5", "abc", "", "9" * 5000], ids=lambda text: text[:3])
def test_a_width_that_is_none(netmon, environment, demo, columns):
    """COLUMNS without a width, as terminals of unknown size set it, changes nothing."""
    usual = netmon("read", demo).stdout
    environment["COLUMNS"] = columns
    assert netmon("read", demo).stdout == usual


@pytest.mark.parametrize(
    "settings",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX"},
        {"LANG": "xx_YY.UTF-8"},
        {"TERM": "dumb"},
        {"TERM": ""},
        {"NO_COLOR": "1"},
        {"COLUMNS": "20"},
        {"PYTHONIOENCODING": "ascii"},
    ],
    ids=str,
)
def test_odd_surroundings(netmon, environment, demo, settings):
    """Unknown locales, plain terminals and narrow ones get the same result, without escape sequences."""
    environment.update(settings)
    done = netmon("read", "--country", "DE", demo)
    assert (done.returncode, done.stderr) == (3, "")
    assert "UNEXPECTED" in done.stdout
    assert "\x1b" not in done.stdout
    if (width := int(settings.get("COLUMNS", 0))) > 0:
        assert max(map(len, done.stdout.splitlines()[:5])) <= width


def test_a_german_locale_that_is_not_installed(netmon, environment, demo):
    """The language is that of the variables, whether or not the system has the locale."""
    environment["LC_ALL"] = "de_DE.UTF-8"
    done = netmon("read", "--country", "DE", demo)
    assert (done.returncode, done.stderr) == (3, "")
    assert "UNERWARTET" in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("words", ["demo", "help", "report -o -", "explain kaspersky.com", "version"])
def test_a_full_disk(environment, demo, words):
    """Output that cannot be written is one line, and exit code 1."""
    file = demo if "report" in words else ""
    done = subprocess.run(
        ["sh", "-c", f'"$@" {words} {file} >/dev/full', "sh", *NETMON],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "netmon: standard output: no space left on device\n")


@pytest.mark.parametrize("words", [("read", "--by", "name"), ("report", "-o", "-")], ids=" ".join)
def test_nothing_is_left_in_the_folder(netmon, demo, tmp_path, words):
    """Views and reports of captures keep their flows in memory only."""
    assert netmon(*words, demo).stdout
    assert list(tmp_path.glob("*memory*")) == []
