"""ClickHouse's own engine behind HTTP, as a server answers: what clickhouse-connect sends is executed.

Also a front for a server of 2018, which lacks one column that clickhouse-connect asks for.
"""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

NO_SETTINGS = {"query", "database", "wait_end_of_query", "client_protocol_version", "query_id"}
"""Parameters of the protocol that are no settings of the engine."""
Answer = tuple[int, bytes]


@contextmanager
def served(answer: Callable[[str, bytes, object], Answer]) -> Iterator[int]:
    """Serves on loopback; `answer` gets path, body and headers. The port."""

    class Handler(BaseHTTPRequestHandler):
        """Passes requests on."""

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, text = answer(self.path, body, self.headers)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST  # noqa: N815 - the name is the library's

        def log_message(self, *_words):
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer_of(engine):
    """Executes requests in the engine, one at a time."""
    lock = threading.Lock()

    def answer(path, body, _headers):
        asked = dict(parse_qsl(urlsplit(path).query))
        settings = {name: value for name, value in asked.items() if name not in NO_SETTINGS}
        text = body.decode()
        if "query" in asked:
            text = f"{asked['query']}\n{text}"
        with lock:
            try:
                return 200, engine.ask(text, settings)
            except RuntimeError as error:
                return 500, str(error).encode()

    return answer


def through(port):
    """Passes requests on to a server of 2018, with a constant for the column that it lacks."""

    def answer(path, body, headers):
        body = body.replace(b"name, value, readonly FROM", b"name, value, 0 AS readonly FROM")
        passed = {name: headers[name] for name in ("Authorization", "Content-Type") if headers[name]}
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, passed)
        try:
            with urllib.request.urlopen(request, timeout=20) as done:
                return done.status, done.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    return answer
