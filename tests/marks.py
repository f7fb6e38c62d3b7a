"""The programs that a test may start, by its marks: the quick tier builds no lab and draws nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

REQUIRED = {
    "ip": "lab",
    "nsenter --net": "lab",
    "unshare --net": "lab",
    "chromium": "render",
    "buildah": "slow",
    "cargo build": "slow",
    "cargo clippy": "slow",
    "cargo test": "slow",
    "debootstrap": "slow",
    "fuzz/run": "slow",
    "node": "slow",
    "npm": "slow",
    "pip install": "slow",
    "pip wheel": "slow",
}
"""The mark of a test that starts a program, or a program with this first argument."""


def missing_mark(command: Sequence[str], marks: set[str]) -> str | None:
    """The mark that a test needs to start a command and does not have; None if it may start it."""
    words = [str(word) for word in command]
    if words[1:2] == ["-m"]:  # python -m pip
        words = words[2:]
    program = Path(words[0]).name
    for key in (words[0], program, " ".join([program, *words[1:2]])):
        if key in REQUIRED and REQUIRED[key] not in marks:
            return REQUIRED[key]
    return None


class MarkGuard:
    """A pytest plugin that refuses to start a program for a test without the mark for it.

    Collecting the tests has no marks, and so may start none of these programs.
    """

    def __init__(self) -> None:
        self._marks: set[str] = set()
        sys.addaudithook(self._watch)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Keeps the marks of the test that runs, and whose fixtures are set up."""
        self._marks = {mark.name for mark in item.iter_markers()}
        try:
            return (yield)
        finally:
            self._marks = set()

    def _watch(self, event: str, arguments: tuple) -> None:
        if event == "subprocess.Popen":
            command = arguments[1]
            mark = missing_mark(command, self._marks)
            if mark is not None:
                raise RuntimeError(f"a test that starts {' '.join(map(str, command[:2]))} is marked {mark}")
