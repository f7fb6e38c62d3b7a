"""What the server listens on: several addresses, Unix sockets, sockets of systemd; and what can go wrong."""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from http.client import HTTPConnection
from unittest.mock import Mock

import pytest

from netmon.errors import OutputError
from netmon.web.listeners import open_listeners
from netmon.web.options import WebOptions, parse_listen
from tests.lab.lab import wait_for
from tests.machine import need
from tests.web.limits import SOON_S

IN_USE = (
    "cannot serve metrics on this address: address already in use; stop the program that uses it (ss -lp "
    "shows it), or choose another with --web.listen-address or web.listen"
)
SYSTEMD = WebOptions(listen=(), systemd_socket=True)
ACTIVATED = """
import os, sys
from netmon.web.listeners import open_listeners
from netmon.web.options import WebOptions
for one in open_listeners(WebOptions(listen=(), systemd_socket=True), os.environ):
    print(one.where, os.get_inheritable(one.socket.fileno()), "LISTEN_FDS" in os.environ, flush=True)
    client, _ = one.socket.accept()
    client.sendall(b"hello")
"""


def get(where, path="/-/healthy"):
    """Status of a response from "host:port" or the path of a Unix socket."""
    connection = HTTPConnection("localhost" if where.startswith("unix:") else where, timeout=SOON_S)
    if where.startswith("unix:"):
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(SOON_S)
        connection.sock.connect(where.removeprefix("unix:"))
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def refused(*addresses):
    """The message of the error with which these addresses cannot be listened on."""
    with pytest.raises(OutputError) as caught:
        open_listeners(WebOptions(listen=tuple(map(parse_listen, addresses))), {})
    return str(caught.value)


def test_several_addresses(serve, tmp_path):
    """Each address is served, and the URLs are those to use."""
    path = f"unix:{tmp_path}/web.sock"
    server = serve(None, "127.0.0.1:0", "127.0.0.2:0", path)
    first, second, third = (listener.where for listener in server._listeners)
    assert [get(where) for where in (first, second, third)] == [200] * 3
    assert server.urls == (f"http://{first}", f"http://{second}", path)


def test_all_addresses(serve):
    """Without a host, IPv4 and IPv6 are served on one port."""
    server = serve(None, ":0")
    port = server.address.rpartition(":")[2]
    assert get(f"127.0.0.1:{port}") == 200
    if socket.has_dualstack_ipv6():
        assert get(f"[::1]:{port}") == 200
        assert server.address.startswith("[::]:")


def test_ipv6(serve):
    """IPv6 addresses work, and are shown in brackets."""
    try:
        server = serve(None, "[::1]:0")
    except OutputError as error:
        pytest.skip(f"needs IPv6: {error}")
    assert server.address.startswith("[::1]:")
    assert get(server.address) == 200


def test_curl_uses_the_unix_socket(serve, tmp_path):
    """curl gets the metrics through the socket."""
    need("curl")
    serve(None, f"unix:{tmp_path}/web.sock")
    words = ["curl", "-sS", "--unix-socket", f"{tmp_path}/web.sock", "http://localhost/metrics"]
    assert b"apples_total 3.0" in subprocess.run(words, capture_output=True, check=True).stdout


def test_unix_socket_is_removed_at_the_end(tmp_path):
    """A socket that the server made is gone after it."""
    path = tmp_path / "web.sock"
    [listener] = open_listeners(WebOptions(listen=(parse_listen(f"unix:{path}"),)), {})
    assert path.is_socket()
    listener.close()
    assert not path.exists()


def test_socket_of_a_killed_sensor_is_replaced(serve, tmp_path):
    """A socket file without a process behind it, as a crash leaves it, does not prevent a start."""
    path = tmp_path / "web.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    serve(None, f"unix:{path}")
    assert get(f"unix:{path}") == 200


def test_socket_in_use(serve, tmp_path):
    """A socket of a running process stays: one line that names it and says what to do."""
    path = f"unix:{tmp_path}/web.sock"
    serve(None, path)
    assert refused(path) == f"{path}: {IN_USE}"
    assert get(path) == 200


def test_file_in_the_way(tmp_path):
    """A file that is no socket is not removed."""
    (tmp_path / "notes").write_text("mine")
    assert "that is not a socket; choose another" in refused(f"unix:{tmp_path}/notes")
    assert (tmp_path / "notes").read_text() == "mine"


def test_folder_of_the_socket_is_missing(tmp_path):
    """The message names the folder to create."""
    assert refused(f"unix:{tmp_path}/nowhere/web.sock") == (
        f"unix:{tmp_path}/nowhere/web.sock: cannot serve metrics on this address: no such file or directory; "
        f"create the folder {tmp_path}/nowhere, or choose another with --web.listen-address or web.listen"
    )


def test_port_taken(server):
    """An address in use is one line that names it and says what to do."""
    assert refused(server.address) == f"{server.address}: {IN_USE}"


def test_address_of_another_host():
    """An address of another host is one line as well."""
    assert refused("192.0.2.1:0").startswith(
        "192.0.2.1:0: cannot serve metrics on this address: cannot assign requested"
    )


def test_unknown_host(monkeypatch):
    """A name without an address is one line, too."""
    error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    monkeypatch.setattr(socket, "create_server", Mock(side_effect=error))
    assert refused("nowhere.invalid:1").startswith(
        "nowhere.invalid:1: cannot serve metrics on this address: name or service not known; choose another"
    )


def test_one_address_in_use_frees_the_others(server, tmp_path):
    """If one address cannot be used, none is kept."""
    path = tmp_path / "web.sock"
    refused(f"unix:{path}", server.address)
    assert not path.exists()


def test_socket_that_systemd_passes(tmp_path):
    """systemd's own program passes a socket; it is used, not inherited, and the variables are removed."""
    need("systemd-socket-activate")
    path = tmp_path / "web.sock"
    words = [
        "systemd-socket-activate",
        f"--listen={path}",
        f"--setenv=PYTHONPATH={os.pathsep.join(sys.path)}",
    ]
    with subprocess.Popen(
        [*words, sys.executable, "-c", ACTIVATED],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            wait_for(lambda: greeting(path) == b"hello", "the socket is served")
            assert process.stdout.readline() == f"unix:{path} False False\n"
        finally:
            process.kill()


def greeting(path):
    """What is sent at once through a Unix socket; nothing if it is not there yet, or nobody listens."""
    with socket.socket(socket.AF_UNIX) as client, suppress(FileNotFoundError, ConnectionRefusedError):
        client.settimeout(SOON_S)
        client.connect(str(path))
        return client.recv(5)


@pytest.mark.parametrize(
    "environment",
    [{}, {"LISTEN_PID": "1", "LISTEN_FDS": "1"}, {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "0"}],
    ids=["not activated", "of another process", "no socket"],
)
def test_no_socket_passed(environment):
    """Without a socket of systemd for this process, one line says what to do."""
    with pytest.raises(OutputError) as caught:
        open_listeners(SYSTEMD, environment)
    assert str(caught.value) == (
        "--web.systemd-socket: systemd passed no socket to this process: start it by a socket unit, such as "
        "deploy/netmon.socket, or remove the option"
    )


def test_passed_socket_of_the_wrong_kind():
    """A socket that does not accept connections is reported, with the setting that makes one."""
    code = (
        "import os, socket; a = socket.socket(type=socket.SOCK_DGRAM); os.dup2(a.fileno(), 3);"
        "from netmon.web.listeners import open_listeners; from netmon.web.options import WebOptions;"
        "open_listeners(WebOptions((), True), {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '1'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith("use ListenStream= in the socket unit, and Accept=no")
