"""TLS, client certificates and passwords, with Python's own client and with curl."""

import os
import shutil
import socket
import ssl
import subprocess
from http.client import HTTPConnection, HTTPSConnection

import bcrypt
import pytest

from netmon.errors import ConfigError
from netmon.web import guard as module
from netmon.web.guard import WebGuard
from netmon.web.passwords import Access
from tests.machine import need
from tests.web.clients import Waiting, basic, hash_of
from tests.web.limits import SOON_S

TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key"
MUTUAL = f"{TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem"


@pytest.fixture
def folder(certificates, tmp_path):
    """A folder with a server's certificate, its key, and the CA certificate."""
    for name in ("server.pem", "server.key", "ca.pem"):
        shutil.copy(certificates / name, tmp_path)
    return tmp_path


@pytest.fixture
def log():
    return []


@pytest.fixture
def guarded(folder, serve, log, monkeypatch):
    """A server with this `web.config.yml`, which is checked again for every connection."""
    monkeypatch.setattr(module, "_CHECK_EVERY_S", 0.0)

    def guarded(text):
        (folder / "web.config.yml").write_text(text, encoding="utf-8")
        return serve(WebGuard(folder / "web.config.yml", log.append))

    return guarded


@pytest.fixture
def get(certificates):
    """Status and body of a response over TLS, to a client with or without a certificate."""

    def get(server, client=None, path="/metrics", **headers):
        context = ssl.create_default_context(cafile=certificates / "ca.pem")
        if client:
            context.load_cert_chain(certificates / f"{client}.pem", certificates / f"{client}.key")
        connection = HTTPSConnection(server.address, timeout=SOON_S, context=context)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    return get


def test_tls(guarded, get):
    """Metrics are served over TLS, and the URL is https."""
    server = guarded(TLS + "}")
    assert server.urls == (f"https://{server.address}",)
    status, body = get(server)
    assert status == 200
    assert b"apples_total 3.0" in body


def test_curl_agrees(guarded, certificates):
    """curl, with password and certificate, gets the metrics as well."""
    need("curl")
    server = guarded(f"{MUTUAL}}}\nbasic_auth_users: {{me: '{hash_of('secret')}'}}")
    words = ["curl", "-sS", "--fail", "--max-time", "5", "--cacert", str(certificates / "ca.pem")]
    words += ["--cert", str(certificates / "client.pem"), "--key", str(certificates / "client.key")]
    done = subprocess.run(
        [*words, "-u", "me:secret", f"{server.urls[0]}/metrics"], capture_output=True, check=False
    )
    assert (done.returncode, b"apples_total 3.0" in done.stdout) == (0, True), done.stderr


def test_plain_http_on_a_tls_port_is_reported(guarded):
    """A client that uses http instead of https gets an explanation."""
    connection = HTTPConnection(guarded(TLS + "}").address, timeout=SOON_S)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (400, b"this server requires HTTPS\n")
    connection.close()


def test_silent_clients_do_not_hold_up_an_encrypted_scrape(guarded, get):
    """Twenty clients that never begin their handshake do not delay a scrape."""
    server = guarded(TLS + "}")
    host, _, port = server.address.rpartition(":")
    silent = [socket.create_connection((host, int(port)), timeout=SOON_S) for _ in range(20)]
    assert get(server)[0] == 200
    for client in silent:
        client.close()


def test_old_tls_is_refused(guarded, certificates):
    """With min_version TLS13, a client limited to TLS 1.2 cannot connect."""
    server = guarded(TLS + ", min_version: TLS13}")
    context = ssl.create_default_context(cafile=certificates / "ca.pem")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(OSError, match=r"(?i)alert|reset|eof"):
        HTTPSConnection(server.address, timeout=SOON_S, context=context).connect()


def test_client_without_a_certificate_is_refused(guarded, get):
    """Mutual TLS: only clients with a certificate from the CA get a response."""
    server = guarded(MUTUAL + "}")
    with pytest.raises(OSError, match=r"(?i)alert|reset|eof|closed"):
        get(server)
    assert get(server, client="client")[0] == 200


def test_only_allowed_names_are_accepted(guarded, get):
    """A certificate from the CA with another name is rejected."""
    assert get(guarded(MUTUAL + ", client_allowed_sans: [scraper.example]}"), client="client")[0] == 200
    with pytest.raises(OSError, match=r"(?i)alert|reset|eof|closed|without response"):
        get(guarded(MUTUAL + ", client_allowed_sans: [other.example]}"), client="client")


def test_passwords(guarded, folder):
    """The right password is accepted on every path; no, a wrong, a too long one and another user are not."""
    server = guarded(f"basic_auth_users: {{me: '{hash_of('secret')}', you: '{hash_of('other')}'}}")

    def status(path="/metrics", **headers):
        connection = HTTPConnection(server.address, timeout=SOON_S)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        connection.close()
        return answer.status, answer.headers["WWW-Authenticate"]

    refused = (401, 'Basic realm="netmon"')
    assert status() == refused
    for path in ("/metrics", "/-/healthy", "/", "/-/reload"):
        assert status(path, **basic("me", "wrong")) == refused
    assert status(**basic("you", "secret")) == refused
    assert status(**basic("stranger", "secret")) == refused
    assert status(**basic("me", "secret" * 20)) == refused
    assert status(Authorization="Basic §") == refused
    assert status(Authorization="Bearer secret") == refused
    assert status(**basic("me", "secret"))[0] == status(**basic("you", "other"))[0] == 200


def test_right_password_is_hashed_once(guarded, monkeypatch):
    """A scrape every few seconds does not cost a slow hash each time; a changed hash is checked again."""
    checked = []
    checkpw = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda *words: checked.append(words) or checkpw(*words))
    guard = guarded(f"basic_auth_users: {{me: '{hash_of('secret')}'}}")._site.guard
    header = basic("me", "secret")["Authorization"]
    assert [guard.check(header, Waiting()) for _ in range(3)] == [Access.GRANTED] * 3
    assert len(checked) == 1


def test_headers(guarded):
    """The headers in the file are in every response."""
    server = guarded("http_server_config: {headers: {X-Frame-Options: deny}}")
    connection = HTTPConnection(server.address, timeout=SOON_S)
    connection.request("GET", "/nowhere")
    assert connection.getresponse().headers["X-Frame-Options"] == "deny"
    connection.close()


def test_new_certificate_is_used(guarded, folder, certificates, get, log):
    """A renewed certificate is used from the next connection on, without a restart."""
    server = guarded(TLS + "}")

    def common_name():
        context = ssl.create_default_context(cafile=certificates / "ca.pem")
        connection = HTTPSConnection(server.address, timeout=SOON_S, context=context)
        connection.connect()
        name = dict(entry[0] for entry in connection.sock.getpeercert()["subject"])["commonName"]
        connection.close()
        return name

    assert common_name() == "server"
    for ending in ("pem", "key"):
        shutil.copy(certificates / f"renewed.{ending}", folder / f"new.{ending}")
        os.replace(folder / f"new.{ending}", folder / f"server.{ending}")  # noqa: PTH105  # atomic
    assert common_name() == "renewed"
    assert log == [f"{folder / 'web.config.yml'}: reloaded"]


def test_invalid_file_keeps_the_old_rules(guarded, folder, get, log):
    """A file that becomes invalid is reported once, and access stays as it was."""
    server = guarded(TLS + "}")
    (folder / "web.config.yml").write_text("tls_server_confg: {}", encoding="utf-8")
    assert [get(server)[0] for _ in range(3)] == [200, 200, 200]
    [line] = log
    assert line.startswith("the old web configuration stays in use: ")
    assert "did you mean 'tls_server_config'?" in line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TLS.replace("server.pem", "nowhere.pem") + "}", "nowhere.pem: no such file or directory"),
        (TLS.replace("server.key", "ca.pem") + "}", "are not a matching pair of PEM files"),
        (MUTUAL.replace("ca.pem", "server.key") + "}", "server.key contains no PEM certificates"),
    ],
)
def test_invalid_certificates_prevent_the_start(folder, text, message):
    """A missing or invalid certificate is one line with the file and the error."""
    file = folder / "web.config.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        WebGuard(file, print)
    assert str(caught.value).startswith(f"{file}: ")
    assert str(caught.value).endswith(message)
