"""Options and rules for all tests."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.craft.borders import PACKAGE, SHA256
from tests.machine import INSTALLED, ROOT, need, need_root, open_folder
from tests.marks import MarkGuard
from tests.reuse import Reuse
from tests.sharing import Reporter, Turns, place_of, share_work

# A suite started in the background may ignore SIGINT, and so would every program that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The tests start netmon some thousand times: what was compiled is kept, whatever the environment says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# On a busy machine an example may take any time: how long it takes is not what these tests are about.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--update-golden` and `--afresh`."""
    parser.addoption(
        "--afresh", action="store_true", help="run tests whose result is known from earlier runs as well"
    )
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/golden/*/expected/ instead of comparing; review every difference",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Runs the whole suite in several processes."""
    if config.pluginmanager.hasplugin("xdist") and not hasattr(config, "workerinput"):
        share_work(config)


def pytest_configure(config: pytest.Config) -> None:
    """Enforces the marks of every test."""
    config.pluginmanager.register(MarkGuard())
    config.pluginmanager.register(Reuse(ROOT, is_afresh=config.option.afresh))
    is_one_of_several = hasattr(config, "workerinput")
    config.pluginmanager.register(
        Turns(Path(config.option.basetemp).parent) if is_one_of_several else Reporter()
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts files that take long first."""
    items.sort(key=place_of)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what the run has installed on the machine."""
    if INSTALLED:
        terminalreporter.write_line(f"Debian packages installed by this run: {', '.join(INSTALLED)}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips tests that need the lab if it cannot be built."""
    if item.get_closest_marker("lab") is not None:
        need_root()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder; in the lab, one that every user may enter: a sensor started as root becomes another user.

    pytest's own are in a folder that every start of pytest closes to other users.
    """
    if request.node.get_closest_marker("lab") is None:
        yield tmp_path
        return
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def libpcap() -> None:
    """The library that compiles filter expressions; skips the test if it cannot be installed."""
    need("libpcap")


@pytest.fixture(scope="session", autouse=True)
def _state() -> Iterator[None]:
    """Keeps the state of the tests' sensors, and the language, apart from those of the user who runs them."""
    with pytest.MonkeyPatch.context() as patch, open_folder() as folder:
        patch.setenv("XDG_STATE_HOME", str(folder))
        patch.setenv("LC_ALL", "C.UTF-8")
        yield


@pytest.fixture(scope="session")
def natural_earth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The npm package with Natural Earth's borders; the test is skipped if it cannot be had."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("npm")
    done = subprocess.run(
        [npm, "pack", PACKAGE], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode != 0:
        pytest.skip(f"npm pack {PACKAGE}: {done.stderr.strip().splitlines()[-1:]}")
    [file] = folder.iterdir()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == SHA256
    return file
