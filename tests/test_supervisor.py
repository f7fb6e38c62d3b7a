"""The notifications to the service manager, on a real datagram socket."""

import os
import socket
import time

import pytest

from netmon.supervisor import Supervisor

TIMEOUT_US = "4000000"  # so the watchdog is notified once a second


class Manager:
    """The service manager's end of the socket."""

    def __init__(self, channel, name):
        self._channel = channel
        self.environment = {"NOTIFY_SOCKET": name}

    def received(self):
        """The datagrams since the last call."""
        messages = []
        while True:
            try:
                messages.append(self._channel.recv(4096).decode())
            except BlockingIOError:
                return messages


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A manager whose socket has a path, or a name in Linux's abstract namespace."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@netmon-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(name.replace("@", "\0"))
        channel.setblocking(False)
        yield Manager(channel, name)


def test_states_are_notified(manager):
    """Ready with a status, reloading with the time that systemd requires, stopping: a datagram each."""
    supervisor = Supervisor(manager.environment)
    before_us = time.monotonic_ns() // 1000
    supervisor.ready("watching eth1")
    supervisor.reloading()
    supervisor.ready()
    supervisor.stopping()
    first, reloading, *rest = manager.received()
    assert first == "READY=1\nSTATUS=watching eth1"
    state, _, when_us = reloading.partition("\nMONOTONIC_USEC=")
    assert state == "RELOADING=1"
    assert before_us <= int(when_us) <= time.monotonic_ns() // 1000
    assert rest == ["READY=1", "STOPPING=1"]


def test_watchdog_is_notified_while_every_loop_advances(manager):
    """Every quarter of systemd's timeout, and only if each worker has advanced since the last time."""
    supervisor = Supervisor(manager.environment | {"WATCHDOG_USEC": TIMEOUT_US})
    for turns, now_s, is_notified in [
        ([7, 9], 10.0, True),
        ([8, 10], 10.5, False),  # too soon
        ([9, 11], 11.0, True),
        ([9, 12], 12.0, False),  # the first worker hangs
        ([9, 13], 13.0, False),
        ([10, 14], 13.5, True),  # it has recovered
    ]:
        supervisor.alive(lambda turns=turns: turns, now_s)
        assert manager.received() == (["WATCHDOG=1"] if is_notified else [])


@pytest.mark.parametrize(
    "watchdog",
    [
        {},
        {"WATCHDOG_USEC": TIMEOUT_US, "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "\N{FULLWIDTH DIGIT NINE}000"},
    ],
    ids=["none", "another process's", "nonsense", "other digits"],
)
def test_without_a_watchdog_none_is_notified(manager, watchdog):
    """Without a watchdog for this process, no notification is sent."""
    Supervisor(manager.environment | watchdog).alive(lambda: [1], 10.0)
    assert manager.received() == []


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/notify"}], ids=["none", "gone"])
def test_without_a_manager_nothing_is_sent(environment):
    """Without a manager, or with one that is gone, notifying has no effect and raises no error."""
    Supervisor(environment).ready("watching eth1")


def test_a_busy_manager_is_not_waited_for(manager):
    """A manager that does not read loses datagrams and does not delay the sensor."""
    supervisor = Supervisor(manager.environment)
    for _ in range(10_000):
        supervisor.ready()
    assert 0 < len(manager.received()) < 10_000
