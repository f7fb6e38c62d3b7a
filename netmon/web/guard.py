"""Who gets in: TLS, client certificates and passwords, by a `web.config.yml` that may change while we run."""

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
from netmon.web.config import TlsConfig, WebConfig, load

_LOOK_EVERY_S = 1.0
_REMEMBERED = 100
"""Right passwords that are remembered: a bcrypt hash takes a tenth of a second of CPU on purpose."""
_MAX_PASSWORD = 72
_NOBODY = b"$2b$10$" + b"." * 53
"""Checked where there is no such user, so that the time of an answer does not tell the users' names."""
_PLAIN_HTTP = b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nspeak HTTPS here\n"
_VERIFY = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_VERSION = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}

_Stamp = tuple[tuple[int, int] | None, ...]


class WebGuard:
    """The rules of one `web.config.yml`; without a file everybody gets in, unencrypted.

    The file and its certificates are read again when they change. New ones that are wrong are told once,
    and the old ones stay. The constructor raises ConfigError.
    """

    def __init__(self, file: Path | None, tell: Callable[[str], None]) -> None:
        self._file = file
        self._tell = tell
        self._lock = threading.Lock()
        self._look_again_s = time.monotonic() + _LOOK_EVERY_S
        self.config, self._context = _load(file)
        self._stamp = self._stamp_now()
        self._passwords = _Passwords()

    def refresh(self) -> None:
        """Reads the rules again if they have changed; looks at most once a second."""
        with self._lock:
            now_s = time.monotonic()
            if self._file is None or now_s < self._look_again_s:
                return
            self._look_again_s = now_s + _LOOK_EVERY_S
            stamp = self._stamp_now()
            if stamp == self._stamp:
                return
            try:
                self.config, self._context = _load(self._file)
                self._tell(f"{self._file}: read again")
            except ConfigError as error:
                self._tell(f"the old web configuration stays: {error}")
            self._stamp = self._stamp_now()

    @property
    def scheme(self) -> str:
        """Of the server's URLs."""
        return "http" if self._context is None else "https"

    def wrap(self, client: socket.socket) -> socket.socket:
        """A new connection, encrypted if need be; nothing is sent or awaited yet."""
        if self._context is None:
            return client
        return self._context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)

    def shake_hands(self, client: socket.socket) -> None:
        """Does the handshake of an encrypted connection.

        Raises OSError (ssl.SSLError is one): the client does not speak TLS, or is not let in.
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

    def lets_in(self, authorization: str | None) -> bool:
        """Whether an Authorization header (RFC 7617) names a user with the right password."""
        users = self.config.users
        if not users:
            return True
        user, password = _credentials(authorization)
        return self._passwords.are_right(user, password, users.get(user))

    def _stamp_now(self) -> _Stamp:
        files = (self._file, *(self.config.tls.files if self.config.tls else ()))
        return tuple(_stamp_of(file) for file in files if file is not None)


class _Passwords:
    """Checks passwords, one at a time, and remembers the right ones."""

    def __init__(self) -> None:
        self._hashing = threading.Lock()
        self._right: dict[bytes, None] = {}

    def are_right(self, user: str, password: bytes, wanted: str | None) -> bool:
        """Whether a user's password has the hash; None: there is no such user."""
        stored = wanted.encode() if wanted is not None else _NOBODY
        parts = (user.encode(), password, stored)
        key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()
        if key in self._right:
            return True
        with self._hashing:
            # bcrypt takes no more than 72 bytes, and no hash was made of more.
            is_right = len(password) <= _MAX_PASSWORD and bcrypt.checkpw(password, stored)
        if not is_right or wanted is None:
            return False
        if len(self._right) >= _REMEMBERED:
            self._right.clear()
        self._right[key] = None
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
        # An encrypted key would ask at the terminal.
        context.load_cert_chain(tls.cert_file, tls.key_file, password=lambda: b"")
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(f"{file}: {tls.cert_file} and {tls.key_file} are no pair of PEM files") from error
    if tls.client_ca_file is not None:
        try:
            context.load_verify_locations(tls.client_ca_file)
        except ssl.SSLError as error:
            raise ConfigError(f"{file}: {tls.client_ca_file} holds no PEM certificates") from error
    return context


def _is_allowed(certificate: Any, allowed: tuple[str, ...]) -> bool:
    """One of the certificate's alternative names is one of the allowed ones, to the letter."""
    names = {_plain(value) for _kind, value in certificate.get("subjectAltName", ())}
    return any(_plain(name) in names for name in allowed)


def _plain(name: str) -> str:
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


def _stamp_of(file: Path) -> tuple[int, int] | None:
    """Which version of a file this is; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
