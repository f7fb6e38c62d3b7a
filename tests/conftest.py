"""Options of the whole suite."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.machine import need, need_root
from tests.marks import MarkGuard

# Whoever starts the suite in the background may ignore SIGINT, and every program started from here would.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--update-golden`."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write tests/golden/*/expected/ anew instead of comparing; read every difference",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Holds every test to its marks."""
    config.pluginmanager.register(MarkGuard())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips the tests of the lab where it cannot be built."""
    if item.get_closest_marker("lab") is not None:
        need_root()


@pytest.fixture(scope="session")
def libpcap() -> None:
    """What compiles filter expressions; a test that uses one is skipped where it cannot be had."""
    need("libpcap")


@pytest.fixture(scope="session", autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a sensor remembers goes nowhere near the state of who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
