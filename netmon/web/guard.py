"""Access control by a `web.config.yml`, which may change at run time: TLS, client certificates, passwords."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bcrypt

from netmon.errors import ConfigError, reason_of
from netmon.file_version import FileVersion, file_version
from netmon.web.config import TlsConfig, WebConfig, load

_CHECK_EVERY_S = 1.0
_MAX_CACHED_PASSWORDS = 100
"""Correct passwords are cached, since bcrypt takes a tenth of a second of CPU by design."""
_MAX_PASSWORD_BYTES = 72
_UNKNOWN_USER_HASH = b"$2b$10$" + b"." * 53
"""Checked for unknown users, so that the response time does not reveal which users exist."""
_PLAIN_HTTP = b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nthis server requires HTTPS\n"
_VERIFY = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_VERSION = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}


class WebGuard:
    """Enforces a `web.config.yml`; without a file, access is open and unencrypted.

    The file and its certificates are read again when they change. Errors in new ones are logged once, and the
    old ones stay in use. The constructor raises ConfigError.
    """

    def __init__(self, file: Path | None, log: Callable[[str], None]) -> None:
        self._file = file
        self._log = log
        self._lock = threading.Lock()
        self._next_check_s = time.monotonic() + _CHECK_EVERY_S
        self.config, self._context = _load(file)
        self._versions = self._find_versions()
        self._passwords = _Passwords()

    def refresh(self) -> None:
        """Reads the files again if they have changed; checks at most once a second."""
        with self._lock:
            now_s = time.monotonic()
            if self._file is None or now_s < self._next_check_s:
                return
            self._next_check_s = now_s + _CHECK_EVERY_S
            if self._find_versions() == self._versions:
                return
            try:
                self.config, self._context = _load(self._file)
                self._log(f"{self._file}: reloaded")
            except ConfigError as error:
                self._log(f"the old web configuration stays in use: {error}")
            self._versions = self._find_versions()

    @property
    def scheme(self) -> str:
        """The scheme of the server's URLs: "http" or "https"."""
        return "http" if self._context is None else "https"

    def wrap(self, client: socket.socket) -> socket.socket:
        """Wraps a new connection in TLS if configured; does not do the handshake, and never blocks."""
        if self._context is None:
            return client
        return self._context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)

    def handshake(self, client: socket.socket) -> None:
        """Does the TLS handshake; does nothing for an unencrypted connection.

        Raises OSError (ssl.SSLError is one) if the client does not use TLS, or its certificate is refused.
        """
        if not isinstance(client, ssl.SSLSocket):
            return
        try:
            client.do_handshake()
        except ssl.SSLError as error:
            if error.reason == "HTTP_REQUEST":
                socket.socket.sendall(client, _PLAIN_HTTP)
            raise
        certificate = client.getpeercert()
        allowed = self.config.tls.client_allowed_sans if self.config.tls else ()
        if allowed and certificate and not _is_allowed(certificate, allowed):
            raise ssl.SSLError("the client's certificate has none of the allowed names")

    def is_authorized(self, authorization: str | None) -> bool:
        """True if an Authorization header (RFC 7617) has a known user and the correct password."""
        users = self.config.users
        if not users:
            return True
        user, password = _credentials(authorization)
        return self._passwords.is_correct(user, password, users.get(user))

    def _find_versions(self) -> list[FileVersion | None]:
        """The versions of the configuration and of the files that it names."""
        files = (self._file, *(self.config.tls.files if self.config.tls else ()))
        return [file_version(file) for file in files if file is not None]


class _Passwords:
    """Checks passwords, one at a time, and caches the correct ones."""

    def __init__(self) -> None:
        self._hashing = threading.Lock()
        self._correct: dict[bytes, None] = {}

    def is_correct(self, user: str, password: bytes, expected: str | None) -> bool:
        """True if the password matches the user's hash; `expected` is None for an unknown user."""
        stored = expected.encode() if expected is not None else _UNKNOWN_USER_HASH
        parts = (user.encode(), password, stored)
        key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()
        if key in self._correct:
            return True
        with self._hashing:
            # bcrypt accepts at most 72 bytes, so no hash belongs to a longer password.
            is_correct = len(password) <= _MAX_PASSWORD_BYTES and bcrypt.checkpw(password, stored)
        if not is_correct or expected is None:
            return False
        if len(self._correct) >= _MAX_CACHED_PASSWORDS:
            self._correct.clear()
        self._correct[key] = None
        return True


def _load(file: Path | None) -> tuple[WebConfig, ssl.SSLContext | None]:
    if file is None:
        return WebConfig(), None
    config = load(file)
    return config, _context_of(config.tls, file) if config.tls else None


def _context_of(tls: TlsConfig, file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSION[tls.min_version]
    context.maximum_version = _VERSION[tls.max_version]
    context.set_alpn_protocols(["http/1.1"])
    context.verify_mode = _VERIFY[tls.client_auth_type]
    for path in tls.files:
        try:
            path.read_bytes()
        except OSError as error:
            raise ConfigError(f"{file}: {path}: {reason_of(error)}") from error
    try:
        # Without a password, OpenSSL would prompt for that of an encrypted key on the terminal.
        context.load_cert_chain(tls.cert_file, tls.key_file, password=lambda: b"")
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"{file}: {tls.cert_file} and {tls.key_file} are not a matching pair of PEM files"
        ) from error
    if tls.client_ca_file is not None:
        try:
            context.load_verify_locations(tls.client_ca_file)
        except ssl.SSLError as error:
            raise ConfigError(f"{file}: {tls.client_ca_file} contains no PEM certificates") from error
    return context


def _is_allowed(certificate: Any, allowed: tuple[str, ...]) -> bool:
    """True if one of the certificate's alternative names equals one of the allowed names."""
    names = {_canonical(value) for _kind, value in certificate.get("subjectAltName", ())}
    return any(_canonical(name) in names for name in allowed)


def _canonical(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def _credentials(authorization: str | None) -> tuple[str, bytes]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return "", b""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).partition(b":")
        return user.decode(), password
    except ValueError:  # neither Base64 nor UTF-8
        return "", b""
