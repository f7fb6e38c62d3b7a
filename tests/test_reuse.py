"""A kept result is used for the same files only, and only if the test passed."""

import os
import subprocess
import sys

import pytest

from tests.machine import ROOT
from tests.reuse import files_digest, result_key

CONFTEST = """
from pathlib import Path

from tests.reuse import Reuse

def pytest_addoption(parser):
    parser.addoption("--afresh", action="store_true")

def pytest_configure(config):
    config.addinivalue_line("markers", "reuse(FILES...): what decides the result")
    config.pluginmanager.register(Reuse(Path(__file__).parent, is_afresh=config.option.afresh))
"""
TEST = """
from pathlib import Path

import pytest

@pytest.mark.reuse("input", "test_one.py")
def test_one():
    count = Path("count")
    count.write_text(count.read_text() + "x")
    assert not Path("fails").exists()
"""


@pytest.fixture
def suite(tmp_path):
    """Runs a test of its own; gives how often it has really run so far, and the last lines of pytest."""
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "init", "-q", checkout], check=True)
    for name, content in {"conftest.py": CONFTEST, "test_one.py": TEST, "input": "a", "count": ""}.items():
        (checkout / name).write_text(content)
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTEST_DEBUG_TEMPROOT": str(tmp_path),  # at its end it removes the folders of earlier runs
    }

    def run(*options):
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
        words += ["--rootdir", checkout, checkout, *options]
        done = subprocess.run(
            words, cwd=checkout, env=environment, capture_output=True, text=True, check=False
        )
        return len((checkout / "count").read_text()), done.stdout + done.stderr

    run.checkout = checkout
    return run


def test_a_result_is_reused_until_a_file_changes(suite):
    """The run says that it reused a result; the option runs the test all the same."""
    assert suite()[0] == 1
    runs, output = suite()
    assert (runs, "1 result was reused" in output) == (1, True)
    assert suite("--afresh")[0] == 2
    (suite.checkout / "input").write_text("b")
    assert suite()[0] == 3
    (suite.checkout / "other").write_text("b")
    assert suite()[0] == 3


def test_a_failure_is_not_kept(suite):
    """It runs again until it passes."""
    fails = suite.checkout / "fails"
    fails.touch()
    assert suite()[0] == 1
    assert suite()[0] == 2
    fails.unlink()
    assert suite()[0] == 3
    assert suite()[0] == 3


def test_keys_differ_by_test_and_content(tmp_path):
    """A key names the test, and the content of new files as well."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    keys = set()
    for content in ("a", "b"):
        (tmp_path / "file").write_text(content)
        files_digest.cache_clear()
        keys |= {result_key(test, tmp_path, ("file",)) for test in ("one", "two")}
        keys.add(result_key("one", tmp_path, ("other",)))
    files_digest.cache_clear()
    assert len(keys) == 5
