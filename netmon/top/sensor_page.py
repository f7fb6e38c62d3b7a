"""Asks a sensor for its metrics, over TCP, TLS or a Unix socket."""

from __future__ import annotations

import base64
import http.client
import re
import socket
import ssl
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from netmon.errors import TopError, reason_of
from netmon.web.options import DEFAULT_PORT, join_host

TIMEOUT_S = 5.0
MAX_BYTES = 16 * 1024 * 1024
"""The largest page that is read; a sensor's has at most 2 MB."""
_OTHER_NAMES = (62, 63, 64)
"""OpenSSL's codes for a certificate of another host, mail address or IP address."""
PASSWORD = "NETMON_WEB_PASSWORD"


class NoAnswerError(TopError):
    """Nothing answers at the address."""


class Address(NamedTuple):
    """Where a sensor serves its metrics."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    prefix: str = ""  # without a slash at its end
    is_tls: bool = False
    path: Path | None = None  # of a Unix socket, instead of a host and a port

    def __str__(self) -> str:
        """As it is written on the command line."""
        if self.path is not None:
            return f"unix:{self.path}"
        return f"{'https' if self.is_tls else 'http'}://{join_host(self.host, self.port)}{self.prefix}"


def parse_address(text: str) -> Address:
    """The address in "http://HOST:PORT", "https://…", "HOST:PORT", "HOST" or "unix:PATH". Raises TopError."""
    path = text.removeprefix("unix:")
    if path and path != text:
        return Address(path=Path(path))
    url = text if "://" in text else f"http://{text}"
    wrong = TopError(f"'{text}' is not a sensor: write its address, such as http://127.0.0.1:{DEFAULT_PORT}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise wrong from error
    host = parts.hostname
    is_url = parts.scheme in ("http", "https") and not re.search(r"\s", text)
    if not is_url or not host or parts.query or not path:
        raise wrong
    if parts.password is not None:
        raise TopError(f"the address contains a password, which others can see: put it into {PASSWORD}")
    prefix = parts.path.rstrip("/").removesuffix("/metrics")
    usual = DEFAULT_PORT if parts.scheme == "http" or "://" not in text else 443
    return Address(host, port or usual, prefix, parts.scheme == "https")


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Connects to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(str(self._path))


class Credentials(NamedTuple):
    """What shows a sensor who asks, and this side whom it may trust."""

    user: str | None = None
    password: str = ""
    ca_file: Path | None = None  # whose certificates are trusted
    cert_file: Path | None = None  # the certificate of this side
    key_file: Path | None = None  # its key; without one, that in `cert_file`


NO_CREDENTIALS = Credentials()


class SensorPage:
    """The page of a sensor's metrics, over a connection that is kept."""

    def __init__(
        self, address: Address, names: tuple[str, ...], credentials: Credentials = NO_CREDENTIALS
    ) -> None:
        """`names`: the samples to ask for. Raises TopError."""
        query = urlencode([("hold", "0"), *(("name[]", name) for name in names)])
        self._target = f"{address.prefix}/metrics?{query}"
        self._address = address
        self._headers = {"Accept": "text/plain; version=0.0.4", "User-Agent": "netmon top"}
        if credentials.user is not None:
            pair = f"{credentials.user}:{credentials.password}"
            token = base64.b64encode(pair.encode()).decode("ascii")
            self._headers["Authorization"] = f"Basic {token}"
        self._lacks_certificate = address.is_tls and credentials.cert_file is None
        self._context = _tls(credentials) if address.is_tls else None
        self._connection: http.client.HTTPConnection | None = None

    def read(self) -> str:
        """The page as it is now. Raises TopError."""
        try:
            try:
                status, body = self._ask()
            except (ConnectionError, http.client.RemoteDisconnected):
                self.close()  # the sensor closes a connection that rests, and a new sensor knows none
                status, body = self._ask()
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise TopError(f"{self._address}: {_why_untrusted(error)}") from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if self._lacks_certificate and _is_ended_in_tls(error):
                raise TopError(
                    f"{self._address}: the sensor ended the TLS connection, as it does where it asks for a "
                    "certificate: give one with --cert and --key"
                ) from error
            raise NoAnswerError(f"{self._address}: {_reason(error)}") from error
        self._check(status, body)
        return body.decode("utf-8", errors="replace")

    def close(self) -> None:
        """Closes the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = self._open()
        self._connection.request("GET", self._target, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read(MAX_BYTES)
        if answer.will_close or answer.length:
            self.close()
        return answer.status, body

    def _open(self) -> http.client.HTTPConnection:
        address = self._address
        if address.path is not None:
            return _UnixConnection(address.path)
        if self._context is not None:
            return http.client.HTTPSConnection(
                address.host, address.port, timeout=TIMEOUT_S, context=self._context
            )
        return http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)

    def _check(self, status: int, body: bytes) -> None:
        if status == http.HTTPStatus.OK:
            return
        if status == http.HTTPStatus.UNAUTHORIZED:
            had = "refuses the password" if "Authorization" in self._headers else "asks for a password"
            raise TopError(
                f"{self._address}: the sensor {had}: give a user with --user, and the password in {PASSWORD}"
            )
        if status == http.HTTPStatus.BAD_REQUEST and b"requires HTTPS" in body:
            raise TopError(f"{self._address}: the sensor serves TLS only: write https:// in its address")
        if status == http.HTTPStatus.NOT_FOUND:
            raise TopError(f"{self._address}: there are no metrics here: check the path of the address")
        raise TopError(f"{self._address}: the server answers {status}")


def _tls(credentials: Credentials) -> ssl.SSLContext:
    ca_file, cert_file, key_file = credentials.ca_file, credentials.cert_file, credentials.key_file
    _check_readable(ca_file, cert_file, key_file)
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise TopError(f"{ca_file}: contains no PEM certificates") from error
    if cert_file is not None:
        try:
            context.load_cert_chain(cert_file, key_file)
        except ssl.SSLError as error:
            where = f"{cert_file} and {key_file}" if key_file else f"{cert_file}"
            raise TopError(f"{where}: no certificate with its key in PEM; --key names the key") from error
    return context


def _is_ended_in_tls(error: Exception) -> bool:
    """True for an alert about a certificate, which the end of the connection may overtake."""
    is_alert = isinstance(error, ssl.SSLError) and "CERTIFICATE_REQUIRED" in (error.reason or "")
    return is_alert or isinstance(error, (ssl.SSLEOFError, ConnectionResetError, BrokenPipeError))


def _check_readable(*files: Path | None) -> None:
    for file in files:
        try:
            if file is not None:
                file.open("rb").close()
        except OSError as error:
            raise TopError(f"{file}: {reason_of(error)}") from error


def _why_untrusted(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _OTHER_NAMES:
        return "its certificate is for another name or address: write the one that it has"
    why = f"its certificate is not trusted ({error.verify_message})"
    return f"{why}: give the file of its authority with --ca"


def _reason(error: OSError | http.client.HTTPException) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_S:.0f} seconds"
    if isinstance(error, OSError):
        return reason_of(error)
    return "the answer is not HTTP"
