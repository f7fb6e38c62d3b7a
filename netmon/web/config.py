"""`web.config.yml` in the format of the Prometheus exporter-toolkit → a frozen `WebConfig`.

The format is <https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md>:
operators know it, and `promtool check web-config` checks it. A key that this server does not support is an
error: a security setting that is silently ignored is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from netmon.errors import ConfigError, reason_of
from netmon.yaml_nodes import Document, Fields, Item, in_lines

_CLIENT_AUTH = ("NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
_UNVERIFIED = ("RequestClientCert", "RequireAnyClientCert")
_VERSIONS = ("TLS12", "TLS13")
_TLS_KEYS = (
    "cert_file",
    "key_file",
    "client_auth_type",
    "client_ca_file",
    "client_allowed_sans",
    "min_version",
    "max_version",
)
_HEADERS = (
    "Content-Security-Policy",
    "X-Frame-Options",
    "X-Content-Type-Options",
    "X-XSS-Protection",
    "Strict-Transport-Security",
)
_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """The server's certificate, and which client certificates it accepts."""

    cert_file: Path
    key_file: Path
    client_auth_type: str = _CLIENT_AUTH[0]
    client_ca_file: Path | None = None
    client_allowed_sans: tuple[str, ...] = ()
    min_version: str = "TLS12"
    max_version: str = "TLS13"

    @property
    def files(self) -> tuple[Path, ...]:
        """The certificate, key and CA files."""
        return tuple(path for path in (self.cert_file, self.key_file, self.client_ca_file) if path)


@dataclass(frozen=True, slots=True)
class WebConfig:
    """The content of a `web.config.yml`. The default is a server without TLS and passwords."""

    tls: TlsConfig | None = None
    users: Mapping[str, str] = field(default_factory=dict)
    """User → bcrypt hash. Without users, no password is required."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Added to every response."""


def load(file: Path) -> WebConfig:
    """The content of the file; the default for an empty file.

    Raises ConfigError with one line "file:line: message" per error.
    """
    try:
        document = Document(file, names_keys=True)
    except OSError as error:
        raise ConfigError(f"{file}: {reason_of(error)}") from error
    if not document.data.strip() and not document.is_too_large:
        return WebConfig()
    config = _read(document.root, file.parent) if document.root else WebConfig()
    if document.problems:
        raise ConfigError(in_lines(document.problems))
    return config


def _read(root: Item, folder: Path) -> WebConfig:
    top = root.fields((), ("tls_server_config", "http_server_config", "basic_auth_users"))
    http = top["http_server_config"].fields((), ("http2", "headers")) if "http_server_config" in top else {}
    if "http2" in http and http["http2"].flag():
        http["http2"].report("HTTP/2 is not supported: set it to false, or remove it")
    return WebConfig(
        tls=_read_tls(top["tls_server_config"], folder) if "tls_server_config" in top else None,
        users=top.table("basic_auth_users", _read_hash),
        headers=Fields(http).table("headers", _read_header),
    )


def _read_tls(item: Item, folder: Path) -> TlsConfig:
    fields = item.fields(("cert_file", "key_file"), _TLS_KEYS)
    read_path = _path_from(folder)
    default = TlsConfig(folder, folder)
    tls = TlsConfig(
        cert_file=fields.read("cert_file", read_path, folder),
        key_file=fields.read("key_file", read_path, folder),
        client_auth_type=fields.read("client_auth_type", _read_client_auth, default.client_auth_type),
        client_ca_file=fields.read("client_ca_file", read_path, None),
        client_allowed_sans=fields.read("client_allowed_sans", Item.texts, ()),
        min_version=fields.read("min_version", _read_version, default.min_version),
        max_version=fields.read("max_version", _read_version, default.max_version),
    )
    verifies = tls.client_auth_type != _CLIENT_AUTH[0]
    if verifies and tls.client_ca_file is None:
        item.report(f"{tls.client_auth_type} needs client_ca_file")
    if not verifies and (tls.client_ca_file or tls.client_allowed_sans):
        item.report("client certificates are not requested: set client_auth_type")
    if tls.min_version > tls.max_version:
        item.report("min_version is above max_version")
    return tls


def _read_client_auth(item: Item) -> str:
    if item.is_text() and item.text() in _UNVERIFIED:
        item.report(f"unverified certificates are not supported; use one of {', '.join(_CLIENT_AUTH)}")
        return _CLIENT_AUTH[0]
    return item.one_of(_CLIENT_AUTH)


def _read_version(item: Item) -> str:
    if item.is_text() and item.text() in ("TLS10", "TLS11"):
        item.report(f"{item.text()} is insecure (RFC 8996) and not supported; use TLS12 or TLS13")
        return _VERSIONS[0]
    return item.one_of(_VERSIONS)


def _read_hash(_user: str, item: Item) -> str:
    word = item.text()
    if word and not _BCRYPT.fullmatch(word):
        item.report("not a bcrypt hash; create one with: htpasswd -nBC 10 '' | tr -d ':'")
    return word


def _read_header(name: str, item: Item) -> str:
    if name not in _HEADERS:
        item.report(f"not supported; use one of {', '.join(_HEADERS)}")
    text = item.text()
    if "\n" in text or "\r" in text:
        item.report("a header must be a single line")
    return text


def _path_from(folder: Path) -> Callable[[Item], Path]:
    """A reader of paths relative to the folder of the file, as in the toolkit."""
    return lambda item: folder / item.text()
