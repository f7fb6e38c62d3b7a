"""A checkout whose engine is not built says what to do, as a command and as a library."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "netmon"
ADVICE = "netmon's engine is not built in {}, from which Python imports netmon: "


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """netmon's sources without the engine."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(
        PACKAGE, folder / "netmon", ignore=shutil.ignore_patterns("_engine.*.so", "__pycache__", "*.mo")
    )
    return folder


def start(checkout, *words):
    """Python with these words, started in the checkout."""
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)


def test_the_command_line_says_how_to_build_the_engine(checkout):
    """One line on standard error, and exit code 1."""
    done = start(checkout, "-m", "netmon", "read", "office.pcap")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("netmon: " + ADVICE.format(checkout))
    assert line.endswith(f"build it: {sys.executable} -m pip install -e {checkout}")


def test_the_library_says_how_to_build_the_engine(checkout):
    """An ImportError with the same text, when a name is used that needs the engine."""
    done = start(checkout, "-c", "import netmon; netmon.read")
    assert f"ImportError: {ADVICE.format(checkout)}" in done.stderr


def test_another_missing_module_is_named(checkout):
    """It keeps its own error."""
    code = "import sys; sys.modules['click'] = None; from netmon.cli import main; main()"
    done = start(checkout, "-c", code)
    assert done.stderr.splitlines()[-1].startswith("ModuleNotFoundError: import of click")
