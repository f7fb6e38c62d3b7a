"""A kept result is used for the same files only, and only if the test passed."""

import subprocess
import sys

import pytest

from tests import reuse
from tests.machine import ROOT

TEST = """
import pathlib
import pytest

@pytest.mark.reuse("engine/Cargo.toml", "{input}")
def test_one():
    count = pathlib.Path("{count}")
    count.write_text(count.read_text() + "x")
    assert not pathlib.Path("{fails}").exists()
"""


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """Runs a test of its own; gives how often it has really run so far, and the last lines of pytest."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTEST_DEBUG_TEMPROOT", str(tmp_path))
    names = {name: tmp_path / name for name in ("input", "count", "fails")}
    test = ROOT / "tests" / f"test_of_reuse_{tmp_path.name}.py"
    test.write_text(TEST.format(**names | {"input": f"tests/{test.name}"}))
    names["count"].touch()

    def run(*options):
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test, *options]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        return len(names["count"].read_text()), done.stdout

    run.test, run.fails = test, names["fails"]
    yield run
    test.unlink()


def test_a_result_is_reused_until_a_file_changes(suite):
    """The run says that it reused a result; the option runs the test all the same."""
    assert suite()[0] == 1
    runs, output = suite()
    assert (runs, "1 result was reused" in output) == (1, True)
    assert suite("--afresh")[0] == 2


def test_a_failure_is_not_kept(suite):
    """It runs again until it passes."""
    suite.fails.touch()
    assert suite()[0] == 1
    assert suite()[0] == 2
    suite.fails.unlink()
    assert suite()[0] == 3
    assert suite()[0] == 3


def test_keys_differ_by_test_and_content(tmp_path, monkeypatch):
    """A key names the test, and the content of new files as well."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    monkeypatch.setattr(reuse, "ROOT", tmp_path)
    keys = set()
    for content in ("a", "b"):
        (tmp_path / "file").write_text(content)
        reuse.files_digest.cache_clear()
        keys |= {reuse.result_key(test, ("file",)) for test in ("one", "two")}
        keys.add(reuse.result_key("one", ("other",)))
    reuse.files_digest.cache_clear()
    assert len(keys) == 5
