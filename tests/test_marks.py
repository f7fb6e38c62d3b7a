"""The marks keep what needs root, builds or draws out of the quick tier."""

import subprocess
import sys

import pytest

from tests.marks import REQUIRED, missing_mark

HEAVY = [
    (["ip", "netns", "add", "host"], "lab"),
    (["/usr/bin/unshare", "--net", "true"], "lab"),
    (["chromium", "--headless"], "render"),
    (["npm", "install"], "slow"),
    (["cargo", "test", "--no-default-features"], "slow"),
    ([sys.executable, "-m", "pip", "install", "."], "slow"),
]


@pytest.mark.parametrize(("command", "mark"), HEAVY)
def test_a_test_without_the_mark_cannot_start_it(command, mark):
    """A test that builds a lab, compiles, or opens a browser fails until it has the mark for it."""
    with pytest.raises(RuntimeError, match=f"is marked {mark}$"):
        subprocess.run(command, check=False)


@pytest.mark.parametrize(("command", "mark"), HEAVY)
def test_the_mark_allows_it(command, mark):
    """One mark is enough, and no other mark replaces it."""
    assert missing_mark(command, {mark, "parametrize"}) is None
    assert missing_mark(command, set(REQUIRED.values()) - {mark}) == mark


@pytest.mark.parametrize("command", [["tshark", "-v"], ["cargo", "fmt"], [sys.executable, "-m", "netmon"]])
def test_other_programs_need_no_mark(command):
    """Decoders, checkers and netmon itself are part of the quick tier."""
    assert missing_mark(command, set()) is None


def test_every_required_mark_is_registered(pytestconfig):
    """The quick tier leaves out exactly the registered marks."""
    registered = {line.partition(":")[0] for line in pytestconfig.getini("markers")}
    assert set(REQUIRED.values()) == registered & {"lab", "slow", "render"}
