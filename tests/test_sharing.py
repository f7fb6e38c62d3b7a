"""The whole suite uses several processes, and a test that is alone has nothing beside it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.sharing import LONGEST_FIRST, MOST_PROCESSES, TESTS, share_work

CONFTEST = """
from pathlib import Path

from tests.machine import INSTALLED
from tests.sharing import Reporter, Turns

def pytest_configure(config):
    config.addinivalue_line("markers", "alone: nothing beside it")
    is_worker = hasattr(config, "workerinput")
    if is_worker:
        INSTALLED.append("by " + config.workerinput["workerid"])
    config.pluginmanager.register(Turns(Path(config.option.basetemp).parent) if is_worker else Reporter())

def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"installed: {sorted(INSTALLED)}")
"""
TEST = """
import json, os, time
import pytest

@pytest.mark.parametrize("number", range(30))
{mark}
def test_one(number, request):
    began = time.monotonic()
    time.sleep(0.01)
    line = json.dumps([{is_alone}, began, time.monotonic()])
    with open(os.environ["LOG"], "a") as file:
        file.write(line + "\\n")
"""


def shared(*words, cores=8, **options):
    """What a run of pytest with these files makes of its options."""
    given = {"numprocesses": None, "dist": "no", "usepdb": False, "collectonly": False}
    option = SimpleNamespace(**given | options, loadscopereorder=True)
    invocation = SimpleNamespace(dir=TESTS.parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
        share_work(SimpleNamespace(option=option, args=list(words), invocation_params=invocation))
    return option.numprocesses, option.dist


def test_a_run_of_the_whole_suite_has_two_processes_for_each_core():
    """But not more than are good for it; and none if there is one core."""
    assert shared("tests") == shared(str(TESTS)) == (MOST_PROCESSES, "loadfile")
    assert shared("tests", cores=2) == (4, "loadfile")
    assert shared("tests", cores=1) == (None, "no")


def test_some_files_and_a_debugger_have_one_process():
    """They start at once, and print what they print; whoever asks for something gets it."""
    assert shared("tests/test_sharing.py") == (None, "no")
    assert shared("tests", "tests/web") == (None, "no")
    assert shared("tests/test_days.py::test_one") == (None, "no")
    assert shared("tests", usepdb=True) == (None, "no")
    assert shared("tests", numprocesses=0) == (0, "no")
    assert shared("tests", numprocesses=3, dist="load") == (3, "load")


def test_the_files_that_come_first_exist():
    """A file that was renamed is renamed in the list as well."""
    assert [name for name in LONGEST_FIRST if not (TESTS / name).is_file()] == []


@pytest.mark.slow
def test_nothing_runs_beside_a_test_that_is_alone(tmp_path):
    """Others run beside each other, each gets its turn, and the run says what all of them have installed."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for name, mark, is_alone in (("a", "", False), ("b", "", False), ("c", "@pytest.mark.alone", True)):
        (tmp_path / f"test_{name}.py").write_text(TEST.format(mark=mark, is_alone=is_alone))
    environment = os.environ | {
        "LOG": str(tmp_path / "log"),
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTEST_DEBUG_TEMPROOT": str(tmp_path),  # at its end it removes the folders of earlier runs
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n3",
        "--dist=loadfile",
        "-c",
        os.devnull,
        str(tmp_path),
    ]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert "90 passed" in done.stdout, done.stdout + done.stderr
    assert "installed: ['by gw0', 'by gw1', 'by gw2']" in done.stdout
    ran = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    alone = [(began, ended) for is_alone, began, ended in ran if is_alone]
    others = [(began, ended) for is_alone, began, ended in ran if not is_alone]
    assert not [(one, two) for one in alone for two in others if one[0] < two[1] and two[0] < one[1]]
    assert [(one, two) for one in others for two in others if one[0] < two[0] < one[1]]
