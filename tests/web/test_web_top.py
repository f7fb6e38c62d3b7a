"""`netmon top` asks the sensor's own web server: with TLS, a password, a prefix, and on a Unix socket."""

from contextlib import closing

import bcrypt
import pytest

from netmon.errors import TopError
from netmon.top.sensor_page import Credentials, SensorPage, parse_address
from netmon.web.guard import WebGuard


def read(where, **options):
    with closing(SensorPage(parse_address(where), ("apples_total",), Credentials(**options))) as page:
        return page.read()


@pytest.fixture
def guarded(serve, certificates, tmp_path):
    """The address of a server with TLS and a password."""
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    file = tmp_path / "web.yml"
    file.write_text(
        f"tls_server_config: {{cert_file: {certificates}/server.pem, key_file: {certificates}/server.key}}\n"
        f"basic_auth_users: {{alice: '{hashed}'}}\n"
    )
    return serve(WebGuard(file, print)).address


def test_tls_and_a_password(guarded, certificates):
    """With the right ones, the page comes."""
    more = {"ca_file": certificates / "ca.pem", "user": "alice", "password": "secret"}
    assert "apples_total 5.0\n" in read(f"https://{guarded}", **more)


@pytest.mark.parametrize(
    ("scheme", "host", "options", "reason"),
    [
        ("http", None, {}, "the sensor serves TLS only: write https:// in its address"),
        ("https", None, {}, "give the file of its authority with --ca"),
        ("https", "localhost", {"ca": True}, "for another name or address: write the one that it has"),
        ("https", None, {"ca": True}, "the sensor asks for a password"),
        ("https", None, {"ca": True, "user": "alice", "password": "x"}, "the sensor refuses the password"),
    ],
)
def test_what_is_missing(guarded, certificates, scheme, host, options, reason):
    """Each refusal says what to give."""
    where = guarded if host is None else guarded.replace("127.0.0.1", host)
    given = {key: value for key, value in options.items() if key != "ca"}
    if "ca" in options:
        given["ca_file"] = certificates / "ca.pem"
    with pytest.raises(TopError, match=reason):
        read(f"{scheme}://{where}", **given)


@pytest.fixture
def mutual(serve, certificates, tmp_path):
    """The address of a server that asks for the certificate of a client."""
    file = tmp_path / "web.yml"
    file.write_text(
        f"tls_server_config: {{cert_file: {certificates}/server.pem, key_file: {certificates}/server.key, "
        f"client_auth_type: RequireAndVerifyClientCert, client_ca_file: {certificates}/ca.pem}}\n"
    )
    return f"https://{serve(WebGuard(file, print)).address}"


def test_a_certificate_of_this_side(mutual, certificates, tmp_path):
    """With its key in a file of its own, or in the same."""
    trusted = {"ca_file": certificates / "ca.pem"}
    pair = (certificates / "client.pem", certificates / "client.key")
    assert "apples_total 5.0\n" in read(mutual, **trusted, cert_file=pair[0], key_file=pair[1])
    both = tmp_path / "both.pem"
    both.write_bytes(pair[0].read_bytes() + pair[1].read_bytes())
    assert "apples_total 5.0\n" in read(mutual, **trusted, cert_file=both)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "where it asks for a certificate: give one with --cert and --key"),
        ({"cert_file": "client.pem"}, "client.pem: no certificate with its key in PEM"),
        ({"cert_file": "client.pem", "key_file": "server.key"}, "server.key: no certificate with its key"),
        ({"cert_file": "nowhere.pem"}, "nowhere.pem: no such file or directory"),
    ],
)
def test_a_certificate_that_is_missing(mutual, certificates, given, reason):
    """What to give, and what is wrong with what was given."""
    files = {name: certificates / file for name, file in given.items()}
    with pytest.raises(TopError, match=reason):
        read(mutual, ca_file=certificates / "ca.pem", **files)


def test_a_prefix(serve):
    """As behind a reverse proxy that keeps it."""
    server = serve(route_prefix="/netmon")
    assert "apples_total 5.0\n" in read(f"http://{server.address}/netmon")
    with pytest.raises(TopError, match="check the path"):
        read(f"http://{server.address}")


def test_a_unix_socket(serve, tmp_path):
    """The page has only what was asked for."""
    serve(None, f"unix:{tmp_path}/sensor")
    assert "pears" not in read(f"unix:{tmp_path}/sensor")
