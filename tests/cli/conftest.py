"""Runs the command line as a user does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.cable import LISTEN, PORT, Sensor
from tests.machine import need

ROOT = Path(__file__).parents[2]
KEPT = ("PATH", "LD_LIBRARY_PATH")


@pytest.fixture
def demo():
    """The capture that comes with netmon."""
    return ROOT / "netmon" / "data" / "demo.pcap"


def clean_environment(home):
    """An environment without the user's configuration, a terminal, or a setting for colours."""
    kept = {key: value for key, value in os.environ.items() if key in KEPT}
    own = {"HOME": str(home), "RUNTIME_DIRECTORY": str(home / "memory")}
    return kept | own | {"LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def environment(tmp_path):
    """A clean environment, which a test may change."""
    return clean_environment(tmp_path)


@pytest.fixture
def netmon(environment, tmp_path):
    """Run netmon with these words; output and errors as text."""

    def netmon(*words, text=True, **options):
        return subprocess.run(
            [sys.executable, "-m", "netmon", *map(str, words)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8" if text else None,
            timeout=60,
            check=False,
            **options,
        )

    return netmon


@pytest.fixture
def refused(netmon):
    """The one line that a wrong start gives, with exit code 1 and no output."""

    def refused(*words, **options):
        done = netmon(*words, **options)
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        [line] = done.stderr.splitlines()
        assert line.startswith("netmon: ")
        return line.removeprefix("netmon: ")

    return refused


@pytest.fixture
def sensor(environment):
    """Start a sensor with these options, and wait until it captures."""
    need("ip", "tcpreplay")
    started = []

    def sensor(*words):
        one = Sensor(environment, *words)
        started.append(one)
        where = words[words.index(LISTEN) + 1] if LISTEN in words else None
        assert (
            one.line() == f"netmon: watching {PORT}; metrics: {f'http://{where}/metrics' if where else 'off'}"
        )
        return one

    yield sensor
    for one in started:
        one.process.kill()
        one.process.communicate()
