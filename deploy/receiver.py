"""Writes the notifications of Alertmanager to standard output, one line for each alert.

It needs nothing but Python. It is also a dead man's switch: it says when the alert Watchdog, which always
fires, no longer arrives.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WATCHDOG = "Watchdog"
TARGET_LABELS = ("sensor", "site", "instance", "interface")
MAX_BODY_BYTES = 4 << 20
CLIENT_TIMEOUT_S = 10.0


class Journal:
    """What was received, as lines."""

    def __init__(self, silent_after_s: float, write: Callable[[str], None]) -> None:
        self._silent_after_s = silent_after_s
        self._write = write
        self._lock = threading.Lock()
        self._seen_s: float | None = None
        """When the watchdog last arrived; None: not since the start, or since its silence was reported."""

    def receive(self, message: Mapping[str, Any], now_s: float) -> None:
        """Writes a line for each alert of a message; for the watchdog only when it begins to arrive."""
        alerts = message["alerts"]
        lines = [line_of(alert) for alert in alerts if alert["labels"].get("alertname") != WATCHDOG]
        with self._lock:
            for line in lines:
                self._write(line)
            if len(lines) < len(alerts):
                if self._seen_s is None:
                    self._write("alerts arrive: the watchdog was received")
                self._seen_s = now_s

    def check(self, now_s: float) -> None:
        """Writes a line once if the watchdog no longer arrives."""
        with self._lock:
            if self._seen_s is not None and now_s - self._seen_s > self._silent_after_s:
                self._seen_s = None
                self._write("no alerts arrive: check that Prometheus and Alertmanager run")


def line_of(alert: Mapping[str, Any]) -> str:
    """One line: whether the alert begins or ends, how severe it is, what it is, and what to do."""
    labels, notes = alert["labels"], alert.get("annotations", {})
    state = "RESOLVED" if alert["status"] == "resolved" else "FIRING"
    name, severity = labels.get("alertname", "an alert"), labels.get("severity", "none")
    text = f"{state} {severity} {name}: {notes.get('summary', '')}"
    where = ", ".join(f"{key} {labels[key]}" for key in TARGET_LABELS if key in labels)
    text += f" ({where})" if where else ""
    if state == "FIRING" and "runbook_url" in notes:
        text += f" {notes['runbook_url']}"
    return "".join(one if one.isprintable() else " " for one in text)


class Handler(BaseHTTPRequestHandler):
    """Receives messages of Alertmanager, on any path."""

    timeout = CLIENT_TIMEOUT_S
    journal: Journal

    def do_POST(self) -> None:
        """Receives a message."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        try:
            self.journal.receive(json.loads(self.rfile.read(int(length))), time.monotonic())
        except (ValueError, KeyError, TypeError, AttributeError):
            self._answer(HTTPStatus.BAD_REQUEST)
            return
        self._answer(HTTPStatus.OK)

    def do_GET(self) -> None:
        """Says that it runs."""
        self._answer(HTTPStatus.OK)

    def _answer(self, status: HTTPStatus) -> None:
        body = f"{status.phrase}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Does not log requests."""


def write(line: str) -> None:
    """Writes a line with the time, in UTC."""
    print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), line, flush=True)


def intervals(every_s: float) -> Iterator[float]:
    """The time of a monotonic clock, again and again."""
    while True:
        time.sleep(every_s)
        yield time.monotonic()


def main() -> None:
    """Receives messages until it is stopped."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--listen", default="127.0.0.1:9095", metavar="HOST:PORT")
    options.add_argument("--silent-after", default=900.0, type=float, metavar="SECONDS")
    given = options.parse_args()
    journal = Journal(given.silent_after, write)
    host, _, port = given.listen.rpartition(":")
    server = ThreadingHTTPServer((host, int(port)), type("Receiver", (Handler,), {"journal": journal}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    write(f"waiting for alerts on {given.listen}")
    for now_s in intervals(min(60.0, given.silent_after / 4)):
        journal.check(now_s)


if __name__ == "__main__":
    main()
