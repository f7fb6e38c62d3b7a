"""tshark, run by pyshark: rows of fields, or protocol trees, of a capture's packets."""

from __future__ import annotations

import asyncio
import functools
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from netmon.errors import VerifyError
from netmon.verify.interrupts import deferred_interrupt
from netmon.verify.pyshark_adapter import OutputFormat, load_capture

OLDEST = (4, 0)
"""Older versions reassemble neither QUIC ClientHellos nor reordered segments."""

PREFERENCES = {
    "tcp.desegment_tcp_streams": "TRUE",
    "tcp.reassemble_out_of_order": "TRUE",
    "tls.desegment_ssl_records": "TRUE",
    "tls.desegment_ssl_application_data": "TRUE",
    "ip.defragment": "TRUE",
    "ipv6.defragment": "TRUE",
}
"""With these, tshark reassembles as much as it can."""

DECODE_AS = {"udp.port==8472": "vxlan", "udp.port==7932": "hp_erm"}
"""The ports that Linux uses for VXLAN, and HP's switches for mirrors, by default."""

Row = dict[str, list[str]]
"""The fields of a packet, each with all its values, outermost first."""

_NEEDS = "verify needs tshark 4.0 or newer: install it (Debian: apt-get install tshark)"
_PACKET_ENDS = b"</packet>"
_BAD_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Tshark:
    """The tshark on PATH, without the user's settings. The caller closes the generators that it gets.

    Raises VerifyError if pyshark or tshark is missing or has an unsupported version.
    """

    def __init__(self) -> None:
        self.error: str | None = None  # tshark's error about the latest file
        self._capture = load_capture()
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
        """These fields of each packet that matches the filter."""
        words = [word for name in fields for word in ("-e", name)]
        keys = [(name, name.replace(".", "_")) for name in fields]
        options = {"use_ek": True, "custom_parameters": words}
        for layers in self._run(path, display_filter, preferences, options, _LINES):
            for values in layers:
                yield {name: values.get(key, []) for name, key in keys}

    def trees(
        self, path: str, display_filter: str, preferences: dict[str, str] | None = None
    ) -> Generator[ElementTree.Element, None, None]:
        """The protocol tree of each packet that matches the filter."""
        for trees in self._run(path, display_filter, preferences, {}, _PACKETS):
            yield from trees

    def _run(
        self,
        path: str,
        display_filter: str | None,
        preferences: dict[str, str] | None,
        options: dict[str, Any],
        output: OutputFormat,
    ) -> Iterator[Any]:
        loop = asyncio.new_event_loop()  # pyshark's own way to get one does not work from Python 3.14 on
        with tempfile.TemporaryDirectory(prefix="netmon-") as settings:
            capture = self._capture(
                path,
                tshark_path=self.path,
                tshark_version=self.version,
                settings=settings,
                output=output,
                eventloop=loop,
                keep_packets=False,
                display_filter=display_filter,
                override_prefs=PREFERENCES | (preferences or {}),
                decode_as=DECODE_AS,
                **options,
            )
            try:
                yield from capture
                self.error = capture.error
            finally:
                capture.close()
                loop.close()


@functools.cache  # a command may look at many captures
def _version(path: str) -> str:
    """The version of tshark. Raises VerifyError if it is too old or cannot be determined."""
    try:
        with deferred_interrupt():
            done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=9, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VerifyError(f"{path} cannot be run: {error}") from error
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout.partition("\n")[0])
    if found is None:
        raise VerifyError(f"{path} does not print its version; {_NEEDS}")
    if (int(found[1]), int(found[2])) < OLDEST:
        raise VerifyError(f"{path} is version {found[0]}; {_NEEDS}")
    return found[0]


def _split_lines(data: bytes) -> tuple[bytes | None, bytes]:
    """All complete lines, and the rest."""
    end = data.rfind(b"\n") + 1
    return (data[:end], data[end:]) if end else (None, data)


def _parse_lines(lines: bytes) -> list[dict[str, list[str]]]:
    """The layers in lines in Elasticsearch's bulk format, in which every other line is an index entry."""
    return [json.loads(line)["layers"] for line in lines.splitlines() if line.startswith(b'{"timestamp"')]


def _split_packet(data: bytes) -> tuple[bytes | None, bytes]:
    """The first complete packet, and the rest."""
    end = data.find(_PACKET_ENDS)
    if end < 0:
        return None, data
    end += len(_PACKET_ENDS)
    return data[data.find(b"<packet>") : end], data[end:]


def _parse_packet(packet: bytes) -> list[ElementTree.Element]:
    """The packet's tree; an empty list if tshark's XML is not well-formed."""
    try:
        return [ElementTree.fromstring(_BAD_XML.sub(b"?", packet).decode("utf-8", "replace"))]
    except ElementTree.ParseError:
        return []


_LINES = OutputFormat(_split_lines, _parse_lines)
_PACKETS = OutputFormat(_split_packet, _parse_packet)
