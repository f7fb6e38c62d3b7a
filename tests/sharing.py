"""The whole suite runs in several processes; a test that is marked `alone` has the machine to itself."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.machine import INSTALLED

PROCESSES_PER_CORE = 2
"""Many tests wait for packets, timers and other programs."""
MOST_PROCESSES = 4
"""Browsers, containers and compilers of more at once would need much memory."""
TESTS = Path(__file__).parent
LONGEST_FIRST = (
    "test_floods.py",
    "test_engine_crate.py",
    "verify/test_golden_opinions.py",
    "store/test_clickhouse_engine.py",
    "evidence/test_situations.py",
    "test_mirror_port.py",
    "test_sanitizers.py",
    "deploy/test_deploy_image.py",
    "deploy/test_deploy_debian.py",
    "test_captures.py",
    "docs/test_tutorial.py",
    "docs/test_console.py",
    "streams/test_collect.py",
)
"""Files that take long: no process is left with one at the end, while the others have nothing to do."""


def share_work(config: pytest.Config) -> None:
    """Makes a run of the whole suite use several processes, file by file, unless it says otherwise.

    A run of some files, or in a debugger, has one.
    """
    option, cores = config.option, len(os.sched_getaffinity(0))
    is_given = option.numprocesses is not None or option.dist != "no" or option.usepdb or option.collectonly
    is_whole = all(config.invocation_params.dir / one == TESTS for one in config.args)
    if is_whole and not is_given and cores > 1:
        option.numprocesses = min(cores * PROCESSES_PER_CORE, MOST_PROCESSES)
        option.dist, option.loadscopereorder = "loadfile", False


def place_of(item: pytest.Item) -> int:
    """Where a test's file comes among all."""
    file = item.path.relative_to(TESTS).as_posix()
    return LONGEST_FIRST.index(file) if file in LONGEST_FIRST else len(LONGEST_FIRST)


class Turns:
    """A pytest plugin for one of several processes: a test runs beside others, unless one of them is `alone`.

    Each test holds a lock that all may share, and one that is alone holds it for itself. Whoever wants it
    waits at a door first, so that a test that is alone does not wait for ever.
    """

    def __init__(self, folder: Path) -> None:
        """The processes of a run have this folder in common, and other runs have others."""
        self._door, self._room = folder / "door.lock", folder / "room.lock"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Runs a test when it is its turn."""
        kind = fcntl.LOCK_SH if item.get_closest_marker("alone") is None else fcntl.LOCK_EX
        with self._room.open("w") as room:
            with self._door.open("w") as door:
                fcntl.flock(door, fcntl.LOCK_EX)
                fcntl.flock(room, kind)
            return (yield)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tells the process that reports what this one has installed."""
        session.config.workeroutput["installed"] = INSTALLED


class Reporter:
    """A pytest plugin for the process that reports what the others do."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A process has ended."""
        INSTALLED.extend(getattr(node, "workeroutput", {}).get("installed", ()))
