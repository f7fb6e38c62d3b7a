"""tshark's output, obtained with pyshark: the only file that uses private parts of pyshark.

pyshark's public packets are fast enough in its EK and JSON modes, but they lose what a comparison needs. EK
flattens a layer, so that nothing says which attribute belongs to a certificate's issuer and which to its
subject, and a layer that occurs twice in a packet, as the IP header of a tunnel does, cannot be read. JSON
keeps one of the DNS records that have the same name. Both stop at a packet without a time stamp. The XML mode
flattens layers too and takes seven times as long. All of them read any `config.ini` in the working directory.

So `TsharkCapture` leaves the output to a parser that its caller passes, and replaces how pyshark starts and
ends tshark. This relies on one series of pyshark: `load_capture` refuses any other, and one whose private
parts have changed.
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any, NamedTuple

from netmon.errors import VerifyError, install_command
from netmon.verify.interrupts import deferred_interrupt

SERIES = "0.6"
"""The series of pyshark that this file relies on."""

REQUIREMENT = "pyshark>=0.6,<0.7"
"""That series for pip, as in the extra `verify` of pyproject.toml."""

REPLACED = {
    "_get_tshark_path": ("self",),
    "_get_tshark_version": ("self",),
    "_setup_tshark_output_parser": ("self",),
    "_get_tshark_process": ("self", "packet_count", "stdin"),
    "_created_new_process": ("self", "parameters", "process", "process_name"),
    "_cleanup_subprocess": ("self", "process"),
}
"""The private methods that are replaced, with their parameters."""

USED = ("_running_processes", "_stderr_handling_tasks", "_eof_reached", "_last_error_line")
"""The private attributes that are used."""

_READ_BYTES = 65_536


class OutputFormat(NamedTuple):
    """How to split and parse tshark's output."""

    split: Callable[[bytes], tuple[bytes | None, bytes]]
    """The first complete piece, or None, and the rest."""

    parse: Callable[[bytes], Any]
    """The packets of a piece. Empty ones are skipped."""


class _Parser:
    """The parser from which pyshark gets packets."""

    def __init__(self, output: OutputFormat) -> None:
        self._output = output

    async def get_packets_from_stream(
        self, stream: asyncio.StreamReader, data: bytes, got_first_packet: bool = True
    ) -> tuple[Any, bytes]:
        """The packets of the next piece, if `data` has one, and the data after it. Raises EOFError."""
        piece, rest = self._output.split(data)
        if piece:
            return self._output.parse(piece), rest
        more = await stream.read(_READ_BYTES)
        if not more:
            raise EOFError
        return None, data + more


def load_capture() -> Any:
    """The class `TsharkCapture`, an iterable over what `OutputFormat.parse` gives; the caller closes it.

    Raises VerifyError if pyshark is missing or not the one that this file relies on.
    """
    try:
        import pyshark  # noqa: PLC0415  # an extra
        from packaging.version import Version  # noqa: PLC0415  # comes with it

        version = metadata.version("pyshark")
    except ImportError as error:
        raise VerifyError(
            f"pyshark is not installed; install it with: {install_command(REQUIREMENT)}"
        ) from error
    check(pyshark.FileCapture, version)

    class TsharkCapture(pyshark.FileCapture):  # type: ignore[misc]  # pyshark has no types
        """`error` is tshark's error once the file has been read; None when there was none."""

        def __init__(
            self,
            path: str,
            *,
            tshark_path: str,
            tshark_version: str,
            settings: str,
            output: OutputFormat,
            **options: Any,
        ) -> None:
            self.error: str | None = None
            self._tshark = tshark_path, Version(tshark_version)
            self._settings = settings
            self._output = output
            super().__init__(path, **options)
            missing = [name for name in USED if not hasattr(self, name)]
            if missing:
                raise VerifyError(_unsupported(version, missing))

        # pyshark would look for both in a config.ini of the working directory, too.
        def _get_tshark_path(self) -> str:
            return self._tshark[0]

        def _get_tshark_version(self) -> Version:
            return self._tshark[1]

        def _setup_tshark_output_parser(self) -> _Parser:
            return _Parser(self._output)

        async def _get_tshark_process(self, *arguments: Any, **options: Any) -> Any:
            with deferred_interrupt(), _environment("WIRESHARK_CONFIG_DIR", self._settings):
                return await super()._get_tshark_process(*arguments, **options)

        def _created_new_process(self, _parameters: Any, process: Any, _process_name: str = "") -> None:
            self._running_processes.add(process)  # a failure is reported when the output has been read

        async def _cleanup_subprocess(self, process: Any) -> None:
            reading = asyncio.all_tasks() - {asyncio.current_task(), *self._stderr_handling_tasks}
            for task in reading:  # an interrupt left it behind
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
            if not self._eof_reached and process.returncode is None:
                process.kill()
            while await process.stdout.read(_READ_BYTES):
                pass
            code = await process.wait()
            await asyncio.gather(*self._stderr_handling_tasks)
            if code and self._eof_reached:
                self.error = (self._last_error_line or f"exit code {code}").removeprefix("tshark: ")

    return TsharkCapture


def check(file_capture: type, version: str) -> None:
    """Raises VerifyError unless this pyshark is supported.

    `version` has to be of SERIES, and the class `file_capture` has to have the methods in REPLACED.
    """
    if not f"{version}.".startswith(f"{SERIES}."):
        raise VerifyError(
            f"pyshark {version} is installed, but verify works with pyshark {SERIES} only; "
            f"install it with: {install_command(REQUIREMENT)}"
        )
    changed = [name for name, expected in REPLACED.items() if _parameters(file_capture, name) != expected]
    if changed:
        raise VerifyError(_unsupported(version, changed))


def _parameters(owner: type, name: str) -> tuple[str, ...] | None:
    method = getattr(owner, name, None)
    return None if method is None else tuple(inspect.signature(method).parameters)


def _unsupported(version: str, changed: list[str]) -> str:
    return (
        f"the installed pyshark {version} differs from the one that verify works with, "
        f"in {', '.join(changed)}; "
        f"install it again with: {install_command(REQUIREMENT)} --force-reinstall"
    )


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Sets a variable for a process that is started in the block."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
