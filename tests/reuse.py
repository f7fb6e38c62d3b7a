"""Results of slow tests that depend on certain files alone are kept while these files stay the same.

Only what passed is kept, outside of the checkout. `pytest --afresh` runs everything.
"""

from __future__ import annotations

import functools
import hashlib
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import PACKAGES, cache

MARK = "reuse"


class Reuse:
    """A pytest plugin for tests marked `reuse(FILES…)`: pathspecs of git, for what decides their result.

    The tests and their helpers belong to it as well.
    """

    def __init__(self, checkout: Path, *, is_afresh: bool) -> None:
        self._checkout, self._is_afresh = checkout, is_afresh

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Keeps the result of a test that passed."""
        mark = item.get_closest_marker(MARK)
        result = yield
        if mark is not None:
            kept = self._kept(item, mark)
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.touch()
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Does not run a test that passed with the same files."""
        mark = pyfuncitem.get_closest_marker(MARK)
        if mark is None or self._is_afresh:
            return None
        if not self._kept(pyfuncitem, mark).exists():
            return None
        pyfuncitem.user_properties.append((MARK, True))
        return True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Says how many results are those of an earlier run."""
        passed = terminalreporter.stats.get("passed", [])
        count = sum((MARK, True) in map(tuple, report.user_properties) for report in passed)
        if count:
            noun = "result was" if count == 1 else "results were"
            terminalreporter.write_line(f"{count} {noun} reused, because no file changed; --afresh runs them")

    def _kept(self, item: pytest.Item, mark: pytest.Mark) -> Path:
        """The file that exists if the test has passed with the same files."""
        return cache("results") / result_key(item.nodeid, self._checkout, mark.args)


def result_key(test: str, checkout: Path, pathspecs: tuple[str, ...]) -> str:
    """What the result of a test depends on, as a digest."""
    digest = files_digest(checkout, pathspecs)
    return hashlib.sha256(f"{test}\0{_machine()}\0{digest}".encode()).hexdigest()


@functools.cache
def _machine() -> str:
    """The versions of the compiler, the interpreter, the kernel, and of Debian's programs for tests."""
    commands = (["rustc", "-vV"], ["dpkg-query", "-W", *sorted(set(PACKAGES.values()))])
    printed = [
        subprocess.run(words, capture_output=True, text=True, check=False).stdout for words in commands
    ]
    return f"{''.join(printed)}{platform.python_version()} {platform.release()}"


@functools.cache
def files_digest(checkout: Path, pathspecs: tuple[str, ...]) -> str:
    """The content of files that git tracks, and of new ones. Raises CalledProcessError without git."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *pathspecs]
    listed = subprocess.run(words, cwd=checkout, capture_output=True, check=True).stdout.split(b"\0")
    digest = hashlib.sha256()
    for name in sorted(filter(None, listed)):
        file = checkout / name.decode()
        content = file.read_bytes() if file.is_file() else b""
        digest.update(name + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()
