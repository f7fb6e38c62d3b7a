"""`web.config.yml`: its settings and its errors, in agreement with promtool."""

import subprocess

import pytest

from netmon.errors import ConfigError
from netmon.web.config import WebConfig, load
from tests.machine import need

HASH = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
COMPLETE = f"""
tls_server_config:
  cert_file: server.pem
  key_file: keys/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
  client_allowed_sans: [prometheus.example, 192.0.2.9]
  min_version: TLS13
http_server_config:
  http2: false
  headers:
    Strict-Transport-Security: max-age=31536000
basic_auth_users:
  prometheus: {HASH}
"""

ERRORS = {
    "tls_server_confg: {}": "1: unknown key 'tls_server_confg'; did you mean 'tls_server_config'?",
    "tls_server_config: {cert_file: a}": "1: tls_server_config: key 'key_file' is missing",
    "tls_server_config: {cert_file: a, key_file: b, cipher_suites: [X]}": (
        "1: unknown key 'cipher_suites' in tls_server_config"
    ),
    "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAnyClientCert}": (
        "1: tls_server_config.client_auth_type: unverified certificates are not supported; "
        "use one of NoClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert"
    ),
    "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAndVerifyClientCert}": (
        "1: tls_server_config: RequireAndVerifyClientCert needs client_ca_file"
    ),
    "tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}": (
        "1: tls_server_config: client certificates are not requested: set client_auth_type"
    ),
    "tls_server_config: {cert_file: a, key_file: b, min_version: TLS10}": (
        "1: tls_server_config.min_version: TLS10 is insecure (RFC 8996) and not supported; use TLS12 or TLS13"
    ),
    "tls_server_config: {cert_file: a, key_file: b, min_version: TLS13, max_version: TLS12}": (
        "1: tls_server_config: min_version is above max_version"
    ),
    "http_server_config: {http2: true}": (
        "1: http_server_config.http2: HTTP/2 is not supported: set it to false, or remove it"
    ),
    "http_server_config: {headers: {X-Other: a}}": (
        "1: http_server_config.headers.X-Other: not supported; use one of Content-Security-Policy, "
        "X-Frame-Options, X-Content-Type-Options, X-XSS-Protection, Strict-Transport-Security"
    ),
    "basic_auth_users: {me: secret}": (
        "1: basic_auth_users.me: not a bcrypt hash; create one with: htpasswd -nBC 10 '' | tr -d ':'"
    ),
    "- a": "1: expected keys and values",
}


@pytest.fixture
def write(tmp_path):
    def write(text):
        file = tmp_path / "web.config.yml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_all_keys(write, tmp_path):
    """Every supported key is read, with paths relative to the file."""
    config = load(write(COMPLETE))
    assert config.tls.files == (
        tmp_path / "server.pem",
        tmp_path / "keys" / "server.key",
        tmp_path / "ca.pem",
    )
    assert config.tls.client_auth_type == "RequireAndVerifyClientCert"
    assert config.tls.client_allowed_sans == ("prometheus.example", "192.0.2.9")
    assert (config.tls.min_version, config.tls.max_version) == ("TLS13", "TLS13")
    assert config.users == {"prometheus": HASH}
    assert config.headers == {"Strict-Transport-Security": "max-age=31536000"}


def test_empty_file(write):
    """As in Prometheus' exporter toolkit, an empty file sets nothing."""
    assert load(write("")) == WebConfig()


@pytest.mark.parametrize("text", ERRORS)
def test_error(write, text):
    """Each error is one line with file, line and key."""
    file = write(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value) == f"{file}:{ERRORS[text]}"


def test_missing_file(tmp_path):
    """The error for a missing file names it."""
    with pytest.raises(ConfigError, match=r"web\.config\.yml: no such file or directory$"):
        load(tmp_path / "web.config.yml")


def test_promtool_agrees(write, certificates, tmp_path):
    """Prometheus' own tool accepts the same file, and rejects an unknown key as well."""
    need("promtool")
    for name, there in (
        ("server.pem", "server.pem"),
        ("server.key", "keys/server.key"),
        ("ca.pem", "ca.pem"),
    ):
        (tmp_path / there).parent.mkdir(exist_ok=True)
        (tmp_path / there).write_bytes((certificates / name).read_bytes())
    check = ["promtool", "check", "web-config"]
    known = [line for line in COMPLETE.splitlines() if "sans" not in line]  # unknown to the toolkit of 2023
    good, bad = write("\n".join(known)), tmp_path / "bad.yml"
    bad.write_text("tls_server_confg: {}", encoding="utf-8")
    assert subprocess.run([*check, good], capture_output=True, check=False).returncode == 0
    assert subprocess.run([*check, bad], capture_output=True, check=False).returncode != 0
