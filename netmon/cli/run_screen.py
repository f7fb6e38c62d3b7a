"""What `netmon run` shows: findings on standard output, its log on standard error, and a line with its state.

The line with the state is there on a terminal only, always below everything else, and never left behind.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from collections.abc import Mapping
from typing import Protocol

from netmon.cli.stalling_stream import PATIENCE_S, StallingStream
from netmon.cli.terminal import printable
from netmon.days import moment_of
from netmon.outputs.texts import plural
from netmon.records import Severity

_ERASE = "\r\x1b[K"
_PRIORITIES: Mapping[Severity, int] = {"notice": 5, "warning": 4, "critical": 2}
"""The priorities of syslog(3), which systemd reads from the beginning of a line (sd-daemon(3))."""


class _Stream(Protocol):
    def fileno(self) -> int: ...


class RunScreen:
    """Lines from any thread. None blocks: what a stalled reader does not take waits, and then is lost."""

    def __init__(self, *, shows_findings: bool, environment: Mapping[str, str] = os.environ) -> None:
        """`shows_findings`: standard output is for findings, and not for events."""
        output, errors = _descriptor(sys.stdout), _descriptor(sys.stderr)
        self._output = None if output is None or not shows_findings else StallingStream(output)
        self._errors = None if errors is None else StallingStream(errors)
        self._is_journal = output is not None and _is_journal(output, environment)
        self._is_terminal = output is not None and os.isatty(output)
        self._status = ""
        self._lock = threading.RLock()
        has_status = errors is not None and os.isatty(errors) and environment.get("TERM") != "dumb"
        # Whatever reads the pipe, or the events on the terminal, would get mixed up with the line.
        is_shared = output is not None and (_is_pipe(output) or (self._is_terminal and not shows_findings))
        self._status_at = errors if has_status and not is_shared else None

    def log(self, text: str) -> None:
        """One message on standard error."""
        self._line(self._errors, f"netmon: {printable(text)}\n")

    def finding(self, text: str, severity: Severity, time_ns: int) -> None:
        """One line on standard output about a finding at that time."""
        self._line(self._output, f"{self._head(severity, time_ns)}{printable(text)}\n")

    def status(self, text: str) -> None:
        """Replaces the line with the state, if there is one; also writes what waits."""
        with self._lock:
            for stream in (self._output, self._errors):
                if stream is not None:
                    stream.drain()
            if self._status_at is None or self._errors is None or not self._errors.is_idle():
                return
            self._status = f"{_ERASE}{printable(text)[: _width(self._status_at) - 1]}"
            self._errors.write(self._status)

    def close(self) -> None:
        """Removes the line with the state, and waits a moment for a stalled reader."""
        with self._lock:
            self._remove_status()
            self._status_at = None
            for stream in (self._output, self._errors):
                if stream is not None:
                    stream.drain(PATIENCE_S)
            if self._output is not None and self._output.lost:
                lost = self._output.lost
                self.log(f"standard output: cannot be written; {lost:,} {plural(lost, 'line')} lost")
                self._output.lost = 0

    def _line(self, stream: StallingStream | None, text: str) -> None:
        if stream is None:
            return
        with self._lock:
            status = self._remove_status()
            stream.write(text)
            if status and self._errors is not None and stream.is_idle():
                self._status = status
                self._errors.write(status)

    def _remove_status(self) -> str:
        """Removes the line with the state; returns it."""
        status, self._status = self._status, ""
        if status and self._errors is not None:
            self._errors.write(_ERASE)
        return status

    def _head(self, severity: Severity, time_ns: int) -> str:
        """What a line begins with: the journal has its own times, and a file may hold those of many days."""
        if self._is_journal:
            return f"<{_PRIORITIES[severity]}>"
        if self._is_terminal:
            return f"{time.strftime('%H:%M:%S', time.localtime(time_ns // 10**9))} "
        return f"{moment_of(time_ns):%Y-%m-%dT%H:%M:%SZ} "


def _descriptor(file: _Stream | None) -> int | None:
    """The descriptor of a standard stream; None if it is closed."""
    try:
        return None if file is None else file.fileno()
    except (OSError, ValueError):
        return None


def _width(descriptor: int) -> int:
    try:
        return os.get_terminal_size(descriptor).columns or 80
    except OSError:  # it was closed
        return 80


def _is_journal(descriptor: int, environment: Mapping[str, str]) -> bool:
    """True if the stream leads to systemd's journal (systemd.exec(5), $JOURNAL_STREAM)."""
    found = os.fstat(descriptor)
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _is_pipe(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
