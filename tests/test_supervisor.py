"""What the service manager hears, on a real datagram socket."""

import os
import socket
import time

import pytest

from netmon.supervisor import Supervisor

PATIENCE_US = "4000000"  # so the watchdog is fed once a second


class Manager:
    """A service manager's end of the socket."""

    def __init__(self, channel, name):
        self._channel = channel
        self.environment = {"NOTIFY_SOCKET": name}

    def heard(self):
        """The datagrams since the last call."""
        said = []
        while True:
            try:
                said.append(self._channel.recv(4096).decode())
            except BlockingIOError:
                return said


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A manager whose socket has a path, or a name in Linux's abstract namespace."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@netmon-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(name.replace("@", "\0"))
        channel.setblocking(False)
        yield Manager(channel, name)


def test_states_are_told(manager):
    """Ready with its status, reloading with the time that systemd wants, stopping: a datagram each."""
    supervisor = Supervisor(manager.environment)
    before_us = time.monotonic_ns() // 1000
    supervisor.ready("watching eth1")
    supervisor.reloading()
    supervisor.ready()
    supervisor.stopping()
    first, reloading, *rest = manager.heard()
    assert first == "READY=1\nSTATUS=watching eth1"
    state, _, when_us = reloading.partition("\nMONOTONIC_USEC=")
    assert state == "RELOADING=1"
    assert before_us <= int(when_us) <= time.monotonic_ns() // 1000
    assert rest == ["READY=1", "STOPPING=1"]


def test_watchdog_is_fed_while_every_loop_moves(manager):
    """Each quarter of systemd's patience, and only if each worker has moved since the last time."""
    supervisor = Supervisor(manager.environment | {"WATCHDOG_USEC": PATIENCE_US})
    for turns, now_s, is_fed in [
        ([7, 9], 10.0, True),
        ([8, 10], 10.5, False),  # too soon
        ([9, 11], 11.0, True),
        ([9, 12], 12.0, False),  # the first worker hangs
        ([9, 13], 13.0, False),
        ([10, 14], 13.5, True),  # it came back
    ]:
        supervisor.alive(turns, now_s)
        assert manager.heard() == (["WATCHDOG=1"] if is_fed else [])


@pytest.mark.parametrize(
    "watchdog",
    [{}, {"WATCHDOG_USEC": PATIENCE_US, "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "soon"}],
    ids=["none", "another process's", "nonsense"],
)
def test_no_watchdog_is_not_fed(manager, watchdog):
    """Without a watchdog that is meant for this process, none is fed."""
    Supervisor(manager.environment | watchdog).alive([1], 10.0)
    assert manager.heard() == []


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/notify"}], ids=["nobody", "gone"])
def test_nobody_listens(environment):
    """Without a manager, or with one that is gone, telling does nothing and fails nowhere."""
    Supervisor(environment).ready("watching eth1")


def test_a_busy_manager_is_not_waited_for(manager):
    """A manager that reads nothing for long loses datagrams and holds nobody up."""
    supervisor = Supervisor(manager.environment)
    for _ in range(10_000):
        supervisor.ready()
    assert 0 < len(manager.heard()) < 10_000
