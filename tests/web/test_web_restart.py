"""The web server of a real sensor that is killed and restarted, or started by a socket of systemd."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from tests.lab.lab import wait_for
from tests.machine import NETMON, need
from tests.web.clients import hash_of

pytestmark = [pytest.mark.lab, pytest.mark.slow]

URL = "http://127.0.0.1:10977"
IN_TIME_S = 10.0


@pytest.fixture
def host(tmp_path):
    """Starts and runs programs on a host with only a loopback interface."""
    need("ip", "curl")
    with ExitStack() as stack:
        yield Host(tmp_path, stack)


class Host:
    """A network namespace, kept by a process that sleeps until the end."""

    def __init__(self, folder, stack):
        self._folder = folder
        self._stack = stack
        words = ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"]
        holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        stack.callback(holder.communicate)
        assert holder.stdout.readline() == b"up\n"
        self._enter = ["nsenter", "--net", f"--target={holder.pid}"]

    def start(self, *words):
        """Starts a program that runs until the end of the test, or until it is killed."""
        environment = os.environ | {
            "RUNTIME_DIRECTORY": str(self._folder / "memory"),
            "XDG_STATE_HOME": str(self._folder / "state"),
        }
        process = subprocess.Popen(
            [*self._enter, *map(str, words)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process

    def status(self, *words):
        """The status of a response; 0 if there is none within the time of a scrape."""
        options = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", f"{IN_TIME_S:g}"]
        command = [*self._enter, "curl", *options, *words]
        return int(subprocess.run(command, capture_output=True, text=True, check=False).stdout)


def test_killed_sensor_answers_its_scraper_during_an_attack(host, tmp_path):
    """A sensor is killed and restarted; fifty clients guess; the scraper that it knew is answered."""
    config = tmp_path / "web.config.yml"
    config.write_text(f"basic_auth_users: {{me: '{hash_of('secret', 14)}'}}")
    sensor = (*NETMON, "run", "-i", "lo", "--web.config.file", config)
    right = ("-u", "me:secret", f"{URL}/metrics")
    first = host.start(*sensor)
    wait_for(lambda: host.status(*right) == 200, "the password is verified")
    first.kill()
    first.wait()
    host.start(*sensor)
    wait_for(lambda: host.status(f"{URL}/-/healthy") == 401, "the sensor is up again")
    for number in range(50):
        host.start("curl", "-s", "-u", f"me:guess {number}", URL)
    time.sleep(1)
    begin = time.monotonic()
    assert [host.status(*right) for _ in range(3)] == [200] * 3
    assert time.monotonic() - begin < IN_TIME_S


def test_sensor_on_a_socket_of_systemd(host, tmp_path):
    """The sensor serves on the socket that systemd's own program passes."""
    need("systemd-socket-activate")
    path = f"--setenv=PYTHONPATH={os.pathsep.join(sys.path)}"
    words = ("systemd-socket-activate", "--listen=127.0.0.1:10977", path)
    host.start(*words, *NETMON, "run", "-i", "lo", "--web.systemd-socket")
    wait_for(lambda: host.status(f"{URL}/-/ready") == 200, "the sensor is ready")
