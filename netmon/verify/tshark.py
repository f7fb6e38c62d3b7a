"""tshark, run by pyshark: rows of fields, or protocol trees, of a capture's packets.

pyshark's own packets flatten a layer, so that nobody can tell which answer a name belongs to, and take
milliseconds each. So its processes are used with a parser for each of the two.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

from netmon.errors import VerifyError

OLDEST = (4, 0)
"""Older ones put neither QUIC hellos nor reordered segments together."""

PREFERENCES = {
    "tcp.desegment_tcp_streams": "TRUE",
    "tcp.reassemble_out_of_order": "TRUE",
    "tls.desegment_ssl_records": "TRUE",
    "tls.desegment_ssl_application_data": "TRUE",
    "ip.defragment": "TRUE",
    "ipv6.defragment": "TRUE",
}
"""What lets tshark see as much as it can."""

DECODE_AS = {"udp.port==8472": "vxlan"}
"""The port that Linux gives to VXLAN."""

Row = dict[str, list[str]]
"""The fields of a packet: each with all its values, outermost first."""

_NEEDS = "verify needs tshark 4.0 or newer: install it (Debian: apt-get install tshark)"
_SETTINGS = "WIRESHARK_CONFIG_DIR"
_PACKET_ENDS = b"</packet>"
_BAD_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Tshark:
    """The tshark on PATH, without the user's settings. Whoever reads from it closes what it reads from.

    Raises VerifyError: pyshark or tshark is missing, or tshark is too old.
    """

    def __init__(self) -> None:
        self.complaint: str | None = None  # what it had against the latest file: perhaps that it breaks off
        self._capture_class = _capture_class()
        path = shutil.which("tshark")
        if path is None:
            raise VerifyError(f"there is no tshark on PATH; {_NEEDS}")
        self.path = path
        self.version = _version(path)

    def rows(
        self,
        path: str,
        fields: Sequence[str],
        display_filter: str | None = None,
        preferences: dict[str, str] | None = None,
    ) -> Generator[Row, None, None]:
        """These fields of each packet that the filter lets through."""
        words = [word for name in fields for word in ("-e", name)]
        keys = [(name, name.replace(".", "_")) for name in fields]
        options = {"use_ek": True, "custom_parameters": words}
        for layers in self._run(path, display_filter, preferences, options, (_cut_lines, _parse_lines)):
            for values in layers:
                yield {name: values.get(key, []) for name, key in keys}

    def trees(
        self, path: str, display_filter: str, preferences: dict[str, str] | None = None
    ) -> Generator[ElementTree.Element, None, None]:
        """The protocol tree of each packet that the filter lets through."""
        for trees in self._run(path, display_filter, preferences, {}, (_cut_packet, _parse_packet)):
            yield from trees

    def _run(
        self,
        path: str,
        display_filter: str | None,
        preferences: dict[str, str] | None,
        options: dict[str, Any],
        parser: tuple[Callable[[bytes], Any], Callable[[bytes], Any]],
    ) -> Iterator[Any]:
        loop = asyncio.new_event_loop()  # pyshark's own choice of one is gone from Python 3.14
        with tempfile.TemporaryDirectory(prefix="netmon-") as settings:
            capture = self._capture_class(
                path,
                tshark=self,
                settings=settings,
                parser=parser,
                eventloop=loop,
                keep_packets=False,
                display_filter=display_filter,
                override_prefs=PREFERENCES | (preferences or {}),
                decode_as=DECODE_AS,
                **options,
            )
            try:
                yield from capture
                self.complaint = capture.complaint
            finally:
                capture.close()
                loop.close()


def _capture_class() -> Any:
    """pyshark's capture of a file, with a parser that is given, and leaving no process behind."""
    try:
        import pyshark  # noqa: PLC0415  # an extra
        from packaging.version import Version  # noqa: PLC0415  # comes with it
        from pyshark.tshark.output_parser.base_parser import BaseTsharkOutputParser  # noqa: PLC0415
    except ImportError as error:
        raise VerifyError(
            "pyshark is not installed; install it with: pip install 'netmon-egress[verify]'"
        ) from error

    class Parser(BaseTsharkOutputParser):  # type: ignore[misc]  # pyshark has no types
        def __init__(self, cut: Callable[[bytes], Any], parse: Callable[[bytes], Any]) -> None:
            self._cut = cut
            self._parse_single_packet = parse

        def _extract_packet_from_data(self, data: bytes, got_first_packet: bool = True) -> Any:
            return self._cut(data)

    class Capture(pyshark.FileCapture):  # type: ignore[misc]
        def __init__(
            self, path: str, *, tshark: Tshark, settings: str, parser: tuple[Any, Any], **options: Any
        ) -> None:
            self.complaint: str | None = None
            self._tshark = tshark
            self._settings = settings
            self._parser = parser
            super().__init__(path, **options)

        # pyshark would look for both in a config.ini of the working directory, too.
        def _get_tshark_path(self) -> str:
            return self._tshark.path

        def _get_tshark_version(self) -> Version:
            return Version(self._tshark.version)

        def _setup_tshark_output_parser(self) -> Parser:
            return Parser(*self._parser)

        async def _get_tshark_process(self, *arguments: Any, **options: Any) -> Any:
            with _interruption_after(), _environment(_SETTINGS, self._settings):
                return await super()._get_tshark_process(*arguments, **options)

        def _created_new_process(self, _words: Any, process: Any, _name: str = "") -> None:
            self._running_processes.add(process)  # a failure is told when its output is read

        async def _cleanup_subprocess(self, process: Any) -> None:
            reading = asyncio.all_tasks() - {asyncio.current_task(), *self._stderr_handling_tasks}
            for task in reading:  # what an interruption left
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
            if not self._eof_reached and process.returncode is None:
                process.kill()
            while await process.stdout.read(65_536):
                pass
            code = await process.wait()
            await asyncio.gather(*self._stderr_handling_tasks)
            if code and self._eof_reached:
                self.complaint = (self._last_error_line or f"exit code {code}").removeprefix("tshark: ")

    return Capture


@contextmanager
def _interruption_after() -> Iterator[None]:
    """Ctrl-C is heeded only at the end: a process that is being started is known to nobody yet."""
    if threading.current_thread() is not threading.main_thread():
        yield  # where no signal arrives
        return
    interruptions: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: interruptions.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if interruptions:
        raise KeyboardInterrupt


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """The variable set for a process that starts now."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _version(path: str) -> str:
    """tshark's version. Raises VerifyError when it is too old, or when nothing tells it."""
    try:
        with _interruption_after():
            done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=9, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VerifyError(f"{path} does not run: {error}") from error
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout.partition("\n")[0])
    if found is None:
        raise VerifyError(f"{path} does not tell its version; {_NEEDS}")
    if (int(found[1]), int(found[2])) < OLDEST:
        raise VerifyError(f"{path} is version {found[0]}; {_NEEDS}")
    return found[0]


def _cut_lines(data: bytes) -> tuple[bytes | None, bytes]:
    """All whole lines, and the rest."""
    end = data.rfind(b"\n") + 1
    return (data[:end], data[end:]) if end else (None, data)


def _parse_lines(lines: bytes) -> list[dict[str, list[str]]]:
    """The layers in the lines that tshark writes for Elasticsearch, of which every other one is an index."""
    return [json.loads(line)["layers"] for line in lines.splitlines() if line.startswith(b'{"timestamp"')]


def _cut_packet(data: bytes) -> tuple[bytes | None, bytes]:
    """The first whole packet, and the rest."""
    end = data.find(_PACKET_ENDS)
    if end < 0:
        return None, data
    end += len(_PACKET_ENDS)
    return data[data.find(b"<packet>") : end], data[end:]


def _parse_packet(packet: bytes) -> list[ElementTree.Element]:
    """The packet's tree; nothing where tshark's XML is not well-formed."""
    try:
        return [ElementTree.fromstring(_BAD_XML.sub(b"?", packet).decode("utf-8", "replace"))]
    except ElementTree.ParseError:
        return []
