"""A start of the sensor for which several things are wrong: what matters comes first, in one line each."""

import os
import socket
import subprocess
import sys

import pytest

from tests.machine import need


@pytest.fixture
def unprivileged(environment):
    """Words before a command that take away the right to capture, and every file of this user."""
    if os.geteuid() != 0:
        return ()
    need("setpriv")
    environment["HOME"] = "/nonexistent"
    read = "-all,+dac_read_search"  # the interpreter may be in root's home
    capabilities = [f"--{kind}-caps={read}" for kind in ("inh", "ambient")]
    return (
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        f"--bounding-set={read}",
        *capabilities,
    )


NO_RIGHT = "lo: no permission to capture, which requires CAP_NET_RAW: "


def start(environment, prefix, folder, *words):
    """The lines of a start that fails."""
    command = [*prefix, sys.executable, "-m", "netmon", "run", *words]
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, "")
    return [line.removeprefix("netmon: ") for line in done.stderr.splitlines()]


@pytest.mark.parametrize("state", [None, "/proc/state", "/root"])
def test_without_the_right_to_capture_that_is_the_only_line(unprivileged, environment, tmp_path, state):
    """A folder for state that cannot be made, or read, does not matter yet."""
    if state is not None:
        environment["STATE_DIRECTORY"] = state
    [line] = start(environment, unprivileged, tmp_path, "-i", "lo", "--web.listen-address", "off")
    assert line.startswith(NO_RIGHT)


@pytest.mark.parametrize(("port", "begin"), [("lo", NO_RIGHT), ("nope0", "nope0: no such interface; ")])
def test_the_capture_comes_before_an_address_in_use(unprivileged, environment, tmp_path, port, begin):
    """One line each: what is wrong with the interface, and that the address for metrics is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        first, second = start(environment, unprivileged, tmp_path, "-i", port, "--web.listen-address", where)
    assert first.startswith(begin)
    assert second.startswith(f"{where}: cannot serve metrics on this address: address already in use; ")
