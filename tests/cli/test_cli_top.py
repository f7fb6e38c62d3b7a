"""`netmon top` as people start it: wrong addresses, no terminal, `--once`, and the wrong thing to watch."""

import os
import pty
import socket
import subprocess
import sys

import pytest

from tests.machine import need


@pytest.fixture
def closed():
    """An address at which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{one.getsockname()[1]}"


def test_no_terminal(refused):
    """In a pipe, the command that works there is named."""
    assert refused("top", "10.0.0.1") == (
        "netmon top needs a terminal that can move its cursor; without one: netmon top --once "
        "http://10.0.0.1:10977"
    )


def test_no_sensor(refused, closed):
    """One line says which address was asked, why there is no answer, and what to do."""
    assert refused("top", "--once", closed) == (
        f"{closed}: connection refused: start a sensor, such as `sudo netmon run -i IF`, or give the address "
        "of one that runs"
    )


def test_a_capture_is_no_sensor(refused, demo):
    """The command for captures is named."""
    assert refused("top", demo) == (
        f"{demo}: netmon top watches a running sensor; for a capture: netmon read {demo}"
    )


def test_an_interface_is_no_sensor(refused):
    """The command that watches interfaces is named."""
    assert refused("top", "--once", "lo") == (
        "lo: netmon top watches a running sensor; to start one: sudo netmon run -i lo"
    )


def test_a_user_without_a_password(refused, closed):
    """Without a terminal nothing can be asked; a password is never part of the command line."""
    assert refused("top", "--once", "--user", "alice", closed) == (
        "--user alice: there is no terminal to ask for a password: put it into NETMON_WEB_PASSWORD"
    )


def test_another_server(refused):
    """A server of something else is not shown as a sensor."""
    with subprocess.Popen(
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "0"],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            where = server.stdout.readline().split("(")[1].split("/)")[0]
            assert refused("top", "--once", where) == (
                f"{where}: there are no metrics here: check the path of the address"
            )
        finally:
            server.kill()


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("listen: off", "{}: web.listen is off, so no sensor can be watched: set an address"),
        ("listen: 'unix:{folder}/none'", "unix:{folder}/none: no such file or directory: start a sensor"),
    ],
)
def test_the_address_of_the_configuration(refused, tmp_path, setting, line):
    """Without an address, the configuration says where the sensor is."""
    file = tmp_path / "netmon.yaml"
    file.write_text(f"web: {{{setting.format(folder=tmp_path)}}}\n")
    assert refused("top", "--once", "--config", file).startswith(line.format(file, folder=tmp_path))


def test_a_broken_configuration_does_not_matter_to_an_address(refused, closed, environment, tmp_path):
    """A user who cannot read it can still watch the sensor that is named."""
    file = tmp_path / "netmon.yaml"
    file.write_text("nonsense: 1\n")
    environment["NETMON_CONFIG"] = str(file)
    assert refused("top", "--once", closed).startswith(closed)
    assert "nonsense" in refused("top", "--once")


@pytest.mark.parametrize("term", ["", "dumb", "no-such-terminal"])
def test_terminals_that_cannot_be_used(environment, sensor_page, term):
    """A line says so, and the terminal is left as it is."""
    code, text = on_terminal(environment | {"TERM": term}, "top", sensor_page)
    assert code == 1
    assert text.startswith("netmon: ")
    assert f"without one: netmon top --once {sensor_page}" in text
    assert "\x1b" not in text


@pytest.fixture
def sensor_page():
    """The address of a server with the metrics of a sensor that sees nothing."""
    need("ip")
    page = b'HTTP/1.0 200 OK\r\n\r\nnetmon_build_info{version="1"} 1\nnetmon_active_flows 7\n'
    program = (
        "import socket\n"
        "s = socket.create_server(('127.0.0.1', 0))\n"
        "print(s.getsockname()[1], flush=True)\n"
        f"while True:\n  c = s.accept()[0]; c.recv(9999); c.sendall({page!r}); c.close()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as server:
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.kill()


def test_once(netmon, sensor_page):
    """It is printed without a terminal, in the language and width that were asked for."""
    done = netmon("top", "--once", "--every", 1, "--language", "de", sensor_page)
    assert (done.returncode, done.stderr) == (0, "")
    assert "7 aktive Verbindungen" in done.stdout
    assert "Bisher keine Befunde." in done.stdout
    assert not any(line.endswith(" ") for line in done.stdout.splitlines())


def on_terminal(environment, *words):
    """The exit code of a command, and what it printed, on a terminal."""
    reader, writer = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "netmon", *words],
        env=environment,
        stdin=writer,
        stdout=writer,
        stderr=writer,
        timeout=30,
        check=False,
    )
    os.close(writer)
    text = b""
    while True:
        try:
            chunk = os.read(reader, 65536)
        except OSError:  # the other end is closed
            break
        text += chunk
    os.close(reader)
    return done.returncode, text.decode().replace("\r\n", "\n")
