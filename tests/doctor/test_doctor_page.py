"""What the doctor prints: the worst first, in columns of any width, in English and German; and its JSON."""

import io

import pytest
from rich.console import Console

from netmon.cli.doctor_page import show
from netmon.doctor.document import CheckDocument, DoctorDocument, document
from netmon.doctor.findings import CHECKS, CheckResult, Mark, in_order
from netmon.language.language import LANGUAGES, Language

LONG = "sudo install -D -m 644 DATABASE.mmdb -t /usr/share/GeoIP/and/a/folder/with/a/long/name"
FINDINGS = [
    CheckResult("web", Mark.OK, "127.0.0.1:10977 is free for metrics"),
    CheckResult("duplicates", Mark.NOT_CHECKED, "too few packets to tell", interface="eth1"),
    CheckResult("databases", Mark.WARNING, "a word " * 30, "a meaning " * 20, LONG),
    CheckResult("directions", Mark.PROBLEM, "one direction\x1b[2J", "undecided", None, "eth1"),
    CheckResult("rights", Mark.PROBLEM, "CAP_NET_RAW is missing", "It means this.", "sudo netmon doctor"),
]


def shown(width, code="en"):
    file = io.StringIO()
    show(Console(file=file, width=width, highlight=False, markup=False), in_order(FINDINGS), Language(code))
    return file.getvalue()


def test_the_worst_comes_first():
    """Problems before warnings, what was not checked before what is good, and rights before everything."""
    heads = [line.split()[0] for line in shown(100).splitlines() if line[:1].isupper()]
    assert heads == ["PROBLEM", "PROBLEM", "WARNING", "NOT", "OK"]
    assert shown(100).index("rights") < shown(100).index("both directions")
    assert shown(100).splitlines()[-1] == "2 problems, 1 warning, 1 not checked, 1 ok"


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("width", [60, 80])
def test_lines_fit_and_commands_stay_in_one_piece(width, code):
    """So that a command can be copied; nothing from outside controls the terminal."""
    lines = shown(width, code).splitlines()
    assert f"  $ {LONG}" in lines
    assert all(len(line) <= width for line in lines if not line.startswith("  $"))
    assert "\x1b" not in "".join(lines)


def test_german():
    """Heads and titles."""
    assert shown(80, "de").startswith("PROBLEM       Rechte")
    assert shown(80, "de").splitlines()[-1] == "2 Probleme, 1 Warnung, 1 nicht geprüft, 1 ok"


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("code", LANGUAGES)
def test_every_check_has_a_title(check, code):
    """In every language."""
    file = io.StringIO()
    show(Console(file=file, width=80), [CheckResult(check, Mark.OK, "text")], Language(code))
    assert file.getvalue().startswith("OK")


def test_the_document_has_its_keys():
    """As its types say."""
    page = document(FINDINGS, "1.2.3", ("eth1", "eth2"), 119.96, is_interrupted=False)
    assert set(page) == set(DoctorDocument.__annotations__)
    assert all(set(one) == set(CheckDocument.__annotations__) for one in page["findings"])
    assert (page["problems"], page["warnings"], page["seconds"]) == (2, 1, 120.0)
    assert page["findings"][1] == {
        "check": "duplicates",
        "mark": "not_checked",
        "interface": "eth1",
        "text": "too few packets to tell",
        "meaning": None,
        "command": None,
    }
