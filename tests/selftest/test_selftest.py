"""`netmon selftest`: an installation that works, and what a damaged one is told."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from netmon.outputs.json_line import json_document
from netmon.selftest.compare import EXPECTED, UnexpectedResult, differences, expected_results
from netmon.selftest.replay import replay
from tests.cli.conftest import KEPT

PACKAGE = Path(__file__).parents[2] / "netmon"
CODE = "from netmon.cli import main; main()"


def test_the_results_are_those_that_come_with_netmon(request):
    """`--update-golden` writes them; review every difference."""
    found = replay()
    if request.config.getoption("--update-golden"):
        EXPECTED.write_text(json_document(found), encoding="utf-8")
    assert list(differences(found, expected_results())) == []


def test_a_replay_finds_something():
    """Flows to both places, a finding, and every part has results."""
    expected = expected_results()
    assert set(expected) == {"engine", "events", "metrics", "report", "signatures", "store", "summary"}
    assert all(expected.values())
    said = " ".join(str(text) for text in expected["events"].values())
    assert "moscow, unexpected" in said
    assert "zurich" in said


def test_differences_are_exact():
    """A value that changed, one that is missing, and one that nobody expected."""
    found = {"engine": {"flows": 1, "new": 2}}
    expected = {"engine": {"flows": 3, "old": 4}}
    assert list(differences(found, expected)) == [
        UnexpectedResult("engine", "flows", 3, 1),
        UnexpectedResult("engine", "new", None, 2),
        UnexpectedResult("engine", "old", 4, None),
    ]


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A package as a wheel installs it: without anything beside it."""
    folder = tmp_path_factory.mktemp("installed")
    shutil.copytree(PACKAGE, folder / "netmon", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def selftest(folder, *words, code=CODE):
    """Run the command of a package with an empty home, as nobody if possible."""
    environment = {key: value for key, value in os.environ.items() if key in KEPT}
    environment |= {"HOME": "/nonexistent", "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-c", code, "selftest", *words]
    return subprocess.run(
        command, cwd="/", env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_an_installation_without_a_source_tree(installation):
    """It says what was compared."""
    done = selftest(installation)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "events: ok (" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("netmon ")
    assert " gives the expected results (" in done.stdout


def test_json(installation):
    """One document."""
    document = json.loads(selftest(installation, "--json").stdout)
    assert (document["ok"], document["failure"], document["differences"]) == (True, None, [])
    assert set(document["parts"].values()) == {True}
    assert document["seconds"] > 0


def test_it_opens_no_connection_and_writes_nothing(installation):
    """An audit hook would stop it."""
    guard = (
        "import sys\n"
        "def watch(event, words):\n"
        "    if event.startswith('socket.') and event not in ('socket.gethostname',):\n"
        "        raise RuntimeError(event)\n"
        "    if event == 'open' and isinstance(words[1], str) and set('wax+') & set(words[1]):\n"
        "        raise RuntimeError(f'writes {words[0]}')\n"
        "sys.addaudithook(watch)\n"
    )
    done = selftest(installation, code=guard + CODE)
    assert done.returncode == 0, done.stdout + done.stderr


def damaged(installation, folder, file, change):
    """Another installation with a file that was changed, or removed."""
    shutil.copytree(installation, folder, symlinks=True)
    path = folder / "netmon" / file
    new = change(path.read_text(encoding="utf-8"))
    path.unlink()
    if new is not None:
        path.write_text(new, encoding="utf-8")
    return selftest(folder)


def test_changed_signatures_are_told(installation, tmp_path):
    """The line says which flows are judged otherwise."""
    done = damaged(
        installation,
        tmp_path / "other",
        "data/signatures/kaspersky.yaml",
        lambda text: text.replace("ksn-stat-geo", "ksn-other-geo"),
    )
    assert done.returncode == 1
    assert "signatures: sha256: expected " in done.stdout
    assert "does not give the expected results" in done.stdout


@pytest.mark.parametrize("file", ["data/countries.tsv", "data/selftest.json", "report/page.py"])
def test_a_missing_file_is_told(installation, tmp_path, file):
    """In one line, whatever it breaks."""
    done = damaged(installation, tmp_path / "other", file, lambda _text: None)
    [line] = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 1
    assert Path(file).stem in line
    assert line.endswith("install netmon again") or line.endswith("install it again")
