"""One connection: its requests, and their answers."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from netmon.web import connections, origin, pages
from netmon.web.connections import Connection
from netmon.web.guard import WebGuard
from netmon.web.options import WebOptions
from netmon.web.passwords import Access
from netmon.web.scrapes import Page, Scrapes

_MAX_BODY_BYTES = 65_536
"""The longest body of a request that is read, only to be thrown away."""
_HTML, _TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Site:
    """What a server serves. The functions are called from the threads of requests."""

    scrapes: Scrapes
    live: Scrapes
    """The same, with new counters at their values at once, where `scrapes` shows 0 for a while."""
    version: str
    name: str
    """The name of the sensor, and where it is."""
    options: WebOptions
    guard: WebGuard
    is_ready: Callable[[], bool]
    reload: Callable[[], str | None]
    """Returns once the signatures are reloaded: None, or the error for which the old ones stay."""
    view: Callable[[], str] = str
    """Says in lines since when nothing useful was seen."""


class Handler(BaseHTTPRequestHandler):
    """Serves a connection until the client closes it, or stalls."""

    protocol_version = "HTTP/1.1"  # connections are kept
    wbufsize = -1  # an answer is sent in one piece
    site: Site
    connection_of: Callable[[Any], Connection]

    def setup(self) -> None:
        """Waits for the first request; the connection's time is running since it was accepted."""
        super().setup()
        self._connection = self.connection_of(self.request)
        self._is_first = True

    def handle_one_request(self) -> None:
        """Waits for a request, and serves it."""
        if not self._is_first:
            self._connection.expect(connections.IDLE_S)
            if not self.rfile.peek(1):  # type: ignore[attr-defined]  # it is a BufferedReader
                self.close_connection = True
                return
            self._connection.expect(connections.REQUEST_WITHIN_S)
        self._is_first = False
        super().handle_one_request()

    def do_GET(self) -> None:
        """Answers a read-only request."""
        self._discard_body()
        path = self._begin()
        if path is None:
            return
        if path == "/metrics":
            self._metrics()
        elif path == "/-/healthy":
            self._text(HTTPStatus.OK, "healthy\n")
        elif path == "/-/ready":
            ready = self.site.is_ready()
            status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
            self._text(status, f"{'ready' if ready else 'not ready'}\n{self.site.view()}")
        elif path == "/-/reload":
            self._text(HTTPStatus.METHOD_NOT_ALLOWED, "use POST\n", Allow="POST, PUT")
        else:
            self._page(path)

    do_HEAD = do_GET  # noqa: N815  # the base class's name

    def do_POST(self) -> None:
        """Reloads the signatures, if that is allowed; the request's body is not used."""
        self._discard_body()
        path = self._begin()
        if path is None:
            return
        if path != "/-/reload":
            self._text(HTTPStatus.METHOD_NOT_ALLOWED, "method not allowed\n", Allow="GET, HEAD")
            return
        options = self.site.options
        if not options.enable_lifecycle:
            advice = "start the sensor with --web.enable-lifecycle, or send it SIGHUP"
            self._text(HTTPStatus.FORBIDDEN, f"reloading over the web is not enabled: {advice}\n")
            return
        headers = {name.title(): value for name, value in self.headers.items()}
        refusal = origin.find_refusal(headers, self.site.guard.scheme, options.external_url)
        if refusal is not None:
            self._text(HTTPStatus.FORBIDDEN, f"not reloaded: {refusal}\n")
            return
        problem = self.site.reload()
        if problem is None:
            self._text(HTTPStatus.OK, "reloaded\n")
        else:
            self._text(HTTPStatus.INTERNAL_SERVER_ERROR, f"the old signatures stay in use: {problem}\n")

    do_PUT = do_POST  # noqa: N815

    def _begin(self) -> str | None:
        """The path of the request without the prefix; None if it is answered already."""
        self._connection.work()
        access = self.site.guard.check(self.headers.get("Authorization"), self._connection)
        if access is Access.BUSY:
            busy = "too many passwords wait to be checked: try again later\n"
            self._text(HTTPStatus.TOO_MANY_REQUESTS, busy, **{"Retry-After": "10"})
            return None
        if access is Access.REFUSED:
            ask = {"WWW-Authenticate": 'Basic realm="netmon"'}
            self._text(HTTPStatus.UNAUTHORIZED, "unauthorized\n", **ask)
            return None
        path, prefix = urlsplit(self.path).path, self.site.options.prefix
        if prefix and path in ("", "/", prefix):
            self._redirect(f"{prefix}/")
        elif path.startswith(f"{prefix}/"):
            return path[len(prefix) :]
        else:
            self._text(HTTPStatus.NOT_FOUND, f"not found; try {prefix}/metrics\n")
        return None

    def _page(self, path: str) -> None:
        """A page for people."""
        name = path.removeprefix("/runbooks/")
        if path == "/":
            has_lifecycle = self.site.options.enable_lifecycle
            self._html(pages.start_page(self.site.version, self.site.name, has_lifecycle=has_lifecycle))
        elif path == "/runbooks" or name in pages.LANGUAGES:
            self._redirect(f"{path.rpartition('/')[2]}/")
        elif path == "/runbooks/":
            self._html(pages.runbook_index())
        elif name.removesuffix("/") in pages.LANGUAGES:
            self._html(pages.runbook_index(name.removesuffix("/")))
        elif name != path and (text := pages.runbook_page(name.removesuffix(".md"))) is not None:
            self._html(text)
        else:
            where = "runbooks/" if name != path else "metrics"
            self._text(HTTPStatus.NOT_FOUND, f"not found; try {self.site.options.prefix}/{where}\n")

    def _metrics(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        scrapes = self.site.live if asked.get("hold") == ["0"] else self.site.scrapes
        accept, names = self.headers.get("Accept", ""), asked.get("name[]", [])
        page = scrapes.write(accept, names, compress=self._accepts_gzip())
        self._answer(HTTPStatus.OK, page)

    def _html(self, text: str) -> None:
        self._answer(HTTPStatus.OK, Page(_HTML, text.encode()))

    def _redirect(self, where: str) -> None:
        self._text(HTTPStatus.FOUND, f"see {where}\n", Location=where)

    def _text(self, status: HTTPStatus, text: str, **headers: str) -> None:
        self._answer(status, Page(_TEXT, text.encode()), **headers)

    def _answer(self, status: HTTPStatus, page: Page, **headers: str) -> None:
        self._connection.expect(connections.ANSWER_WITHIN_S)
        body, is_compressed = page.body, page.is_compressed
        if not is_compressed and self._accepts_gzip():
            body, is_compressed = gzip.compress(body, compresslevel=1), True
        self.send_response(status)
        self.send_header("Content-Type", page.content_type)
        for name, value in {**self.site.guard.config.headers, **headers}.items():
            self.send_header(name, value)
        self.send_header("Vary", "Accept, Accept-Encoding")
        if is_compressed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _accepts_gzip(self) -> bool:
        return "gzip" in self.headers.get("Accept-Encoding", "")

    def _discard_body(self) -> None:
        """Reads a short body, so that it is not taken for the next request; closes after any other."""
        length = self.headers.get("Content-Length", "0")
        is_number = re.fullmatch("[0-9]{1,9}", length)
        if "Transfer-Encoding" in self.headers or not is_number or int(length) > _MAX_BODY_BYTES:
            self.close_connection = True
        else:
            self.rfile.read(int(length))

    def version_string(self) -> str:
        """The server's name, without versions."""
        return "netmon"

    def handle_expect_100(self) -> bool:
        """Asks for the body at once, since answers are buffered."""
        proceeds = super().handle_expect_100()
        self.wfile.flush()
        return proceeds

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Does not log requests."""
