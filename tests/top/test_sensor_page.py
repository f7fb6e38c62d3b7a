"""The page of a sensor: addresses as people write them, and every reason why there is no answer."""

import socket
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from netmon.errors import TopError
from netmon.top import sensor_page
from netmon.top.sensor_page import PASSWORD, Address, Credentials, SensorPage, parse_address

ADDRESSES = {
    "127.0.0.1:10977": Address(),
    "http://127.0.0.1:10977/metrics": Address(),
    "http://127.0.0.1:10977/": Address(),
    "localhost": Address("localhost"),
    "sensor.example:9": Address("sensor.example", 9),
    "http://sensor.example": Address("sensor.example"),
    "https://sensor.example": Address("sensor.example", 443, is_tls=True),
    "https://sensor.example:10977/netmon/": Address("sensor.example", prefix="/netmon", is_tls=True),
    "[::1]:10977": Address("::1"),
    "unix:/run/netmon.sock": Address(path=Path("/run/netmon.sock")),
}


@pytest.mark.parametrize(("text", "address"), ADDRESSES.items())
def test_addresses(text, address):
    """A host, a host and a port, a URL with or without its path, and a Unix socket."""
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text", ["", "unix:", "ftp://x", "http://", "http://x:y", "http://x:99999", "a b", "http://x/?q", "[::1"]
)
def test_no_addresses(text):
    """Anything else is refused with an example."""
    with pytest.raises(
        TopError, match=r"is not a sensor: write its address, such as http://127\.0\.0\.1:10977"
    ):
        parse_address(text)


def test_no_passwords_in_addresses():
    """Every user of a machine can see command lines."""
    with pytest.raises(TopError, match=f"put it into {PASSWORD}"):
        parse_address("http://alice:secret@127.0.0.1")


@contextmanager
def answering(*answers, family=socket.AF_INET, where=("127.0.0.1", 0)):
    """A server that gives one connection after the other an answer; its address, and what it was asked."""
    asked = []
    with socket.socket(family) as server:
        server.bind(where)
        server.listen()

        def serve():
            for answer in answers:
                client, _ = server.accept()
                with client:
                    asked.append(client.recv(65536).decode())
                    client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname(), asked
        thread.join(10)


def answer(body, status="200 OK"):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def read(where, path=None, **options):
    with closing(SensorPage(Address(*where, path=path), ("a", "b"), Credentials(**options))) as page:
        return page.read()


def test_some_samples_are_asked_for_without_a_wait():
    """`hold=0` shows new series at once, and births none for those who compute increases."""
    with answering(answer("a 1\n")) as (where, asked):
        assert read(where) == "a 1\n"
    assert asked[0].startswith("GET /metrics?hold=0&name%5B%5D=a&name%5B%5D=b HTTP/1.1\r\n")


def test_a_connection_that_was_closed_is_opened_again():
    """The sensor closes a connection that rests, and is started anew."""
    with (
        answering(answer("one"), answer("two")) as (where, _),
        closing(SensorPage(Address(*where), ())) as page,
    ):
        assert [page.read(), page.read()] == ["one", "two"]


def test_a_unix_socket(tmp_path):
    """As `web.listen: unix:PATH` has it."""
    path = tmp_path / "socket"
    with answering(answer("a 1\n"), family=socket.AF_UNIX, where=str(path)):
        assert read((), path=path) == "a 1\n"


def test_a_password():
    """It is sent as basic authentication."""
    with answering(answer("a 1\n")) as (where, asked):
        read(where, user="alice", password="ä")
    assert "Authorization: Basic YWxpY2U6w6Q=\r\n" in asked[0]


ANSWERS = {
    "there are no metrics here: check the path of the address": answer("", "404 Not Found"),
    "the sensor serves TLS only: write https:// in its address": answer(
        "this server requires HTTPS\n", "400 Bad Request"
    ),
    "asks for a password: give a user with --user, and the password in": answer("", "401 Unauthorized"),
    "the server answers 503": answer("", "503 Service Unavailable"),
    "the answer is not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
}


@pytest.mark.parametrize(("text", "given"), ANSWERS.items())
def test_other_answers(text, given):
    """Each says what to do, and begins with the address."""
    with answering(given) as (where, _), pytest.raises(TopError) as error:
        read(where)
    assert str(error.value).startswith(f"http://127.0.0.1:{where[1]}: ")
    assert text in str(error.value)


def test_no_sensor(monkeypatch):
    """A closed port, and a host that says nothing."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(TopError, match="connection refused"):
            read(closed.getsockname())
        monkeypatch.setattr(sensor_page, "TIMEOUT_S", 0.1)
        closed.listen(1)
        with pytest.raises(TopError, match="no answer within 0 seconds"):
            read(closed.getsockname())


def test_files_of_authorities(tmp_path):
    """A file that is missing or has no certificate is named."""
    (tmp_path / "text").write_text("text")
    for name, reason in (("none", "no such file"), ("text", "contains no PEM certificates")):
        with pytest.raises(TopError, match=f"{name}: {reason}"):
            SensorPage(Address(is_tls=True), (), Credentials(ca_file=tmp_path / name))
