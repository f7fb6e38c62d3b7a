"""Access control by a `web.config.yml`, which may change at run time: TLS, client certificates, passwords."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from netmon.errors import ConfigError, reason_of
from netmon.file_version import FileVersion, file_version
from netmon.web.config import TlsConfig, WebConfig, load
from netmon.web.passwords import Access, Client, Passwords
from netmon.web.verified import VerifiedPasswords, memory_folder

_CHECK_EVERY_S = 1.0
_MAX_PEM_BYTES = 4 * 1024 * 1024
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
        self._passwords = Passwords(VerifiedPasswords(_memory_file(file), log))

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

    def check(self, authorization: str | None, client: Client) -> Access:
        """The answer to a request with this Authorization header, or without one."""
        return self._passwords.check(self.config.users, authorization, client)

    def _find_versions(self) -> list[FileVersion | None]:
        """The versions of the configuration and of the files that it names."""
        files = (self._file, *(self.config.tls.files if self.config.tls else ()))
        return [file_version(file) for file in files if file is not None]


def _memory_file(file: Path | None) -> Path | None:
    """Where the passwords of a `web.config.yml` are remembered across restarts."""
    if file is None:
        return None
    name = hashlib.sha256(os.fsencode(file.absolute())).hexdigest()[:16]
    return memory_folder(os.environ) / f"passwords-{name}.json"


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
            with path.open("rb") as stream:
                size = len(stream.read(_MAX_PEM_BYTES + 1))
        except OSError as error:
            raise ConfigError(f"{file}: {path}: {reason_of(error)}") from error
        if size > _MAX_PEM_BYTES:
            raise ConfigError(f"{file}: {path}: larger than {_MAX_PEM_BYTES >> 20} MiB, so it is no PEM file")
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
