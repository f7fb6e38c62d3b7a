"""What Wireshark says of the evidence of golden captures, if any flow of theirs is a finding."""

import json
import re

import pytest

from netmon.cli.exit_codes import ERROR, OK, UNREAD
from netmon.evidence.second_opinion import confirm
from tests.craft import golden
from tests.evidence.test_findings import netmon
from tests.machine import need
from tests.test_golden import SIGNATURES

pytestmark = pytest.mark.reuse(
    "engine/Cargo.*",
    "engine/src",
    "netmon",
    "tests/craft",
    "tests/evidence/test_findings.py",
    "tests/golden",
    "tests/machine.py",
    "tests/test_golden.py",
    "tests/verify/test_golden_opinions.py",
)

CASES = {case.__name__: case for case in golden.CASES}
UNREAD_BY = {
    "dtls_hello": {0: 1, 1: 1, 2: 1, 3: 1},
    "link_types": {0: 1},
    "overlapping_vlans": {0: 1, 1: 1, 2: 1, 3: 1},
    "separated_vlans": {0: 1, 1: 1, 2: 1, 3: 1},  # not separated in this configuration
    "tagged_by_the_mirror": {0: 3},
    "tunnelled_by_the_mirror": {0: 1},
}
"""Findings of which Wireshark does not read all, by the level of privacy: it removes carriers above 0.

Of two connections with one 5-tuple, it reads the one whose SYN came last.
"""
MORE_IN = {
    "dns_by_both_directions": {0: 1, 1: 1, 2: 1, 3: 1},
    "google_quic": {0: 1},
    "names_that_cannot_be": {0: 8, 1: 10, 2: 10, 3: 10},
    "no_starttls": {0: 1, 1: 1, 2: 1, 3: 1},
}
"""Findings in which Wireshark reads something in addition."""
HARD = sorted(
    {
        *UNREAD_BY,
        *MORE_IN,
        *("certificate", "http2", "http_host", "probe_before_the_hello", "probe_behind_a_preamble"),
        *("quic_rebinding", "snap_length"),
    }
    - {"link_types", "tunnelled_by_the_mirror", "names_that_cannot_be"}  # of many packets
)
OTHERS = sorted(CASES.keys() - HARD)


@pytest.fixture(autouse=True)
def _tshark():
    need("tshark")


def findings(name, level, folder):
    """The documents of the evidence of a golden capture."""
    config = folder.parent / "netmon.yaml"
    config.write_text(
        json.dumps(
            {
                "subject": {"country": "DE"},
                "places": {"databases": []},
                "policy": {"forbidden_vendors": ["cloud"]},
            }
        )
    )
    words = ("--json", "--no-exit-code", "-c", config, "--signatures", SIGNATURES, "--evidence", folder)
    case = CASES[name]
    netmon("read", *words, "--privacy", str(level), golden.FOLDER / name / golden.input_name(case))
    return sorted(folder.glob("*.json"))


def check(name, level, folder):
    """Nothing is contradicted, and what is not read, or read in addition, is what is listed."""
    opinions = [confirm(one) for one in findings(name, level, folder)]
    assert [one.problems for one in opinions if one.problems] == []
    assert sum(bool(one.unread) for one in opinions) == UNREAD_BY.get(name, {}).get(level, 0)
    assert sum(bool(one.more) for one in opinions) == MORE_IN.get(name, {}).get(level, 0)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", HARD)
def test_evidence_that_is_hard_to_read(name, level, tmp_path):
    """Wireshark confirms it, or does not read it, and contradicts none."""
    check(name, level, tmp_path / "e")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "level"), [(name, place % 4) for place, name in enumerate(OTHERS)])
def test_evidence_of_any_golden_capture(name, level, tmp_path):
    """All others, each at one of the levels of privacy: those that are not listed are confirmed."""
    check(name, level, tmp_path / "e")


def test_a_finding_that_wireshark_does_not_read_is_no_problem(tmp_path):
    """The exit code is one of its own, and the reason is said."""
    folder = tmp_path / "e"
    findings("dtls_hello", 0, folder)
    words = ("evidence", "verify", "--wireshark", "--signatures", SIGNATURES, folder)
    code, output, said = netmon(*words)
    assert code == UNREAD
    assert "the same verdict, and Wireshark does not read all of it" in output
    assert "no problem found; Wireshark does not read all of 1 finding" in output
    assert "eu.files.cloud.example: Wireshark does not put the fragments of this hello together" in said
    assert netmon(*words[:2], *words[3:])[0] == OK


def test_a_time_that_wireshark_reads_otherwise_is_a_problem(tmp_path):
    """Also if it does not read the name."""
    folder = tmp_path / "e"
    [document] = findings("dtls_hello", 0, folder)
    text = document.read_text()
    document.write_text(re.sub(r'("time": "2026-06-01T10:00:00.0)0', r"\g<1>9", text))
    words = ("evidence", "verify", "--wireshark", "--signatures", SIGNATURES, folder)
    assert any("times" in one for one in confirm(document).problems)
    assert netmon(*words)[0] == ERROR


def test_another_name_that_only_wireshark_reads_is_a_problem(tmp_path):
    """In a flow that was judged by a name; a finding without one is not contradicted."""
    documents = findings("no_starttls", 0, tmp_path / "e")
    last = documents[-1]
    found = confirm(last)
    assert (found.problems, found.unread) == ([], ())
    assert found.more
    content = json.loads(last.read_text())
    content["judged"]["name"] = "other.example"
    last.write_text(json.dumps(content))
    assert any("Wireshark reads eu.files.cloud.example" in one for one in confirm(last).problems)
