"""A line of a terminal that is written anew, and of which nothing stays."""

from __future__ import annotations

import os
from typing import TextIO

from netmon.cli.terminal import printable

_ERASE = "\r\x1b[K"


class TransientLine:
    """The last line of a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Replaces the line by the beginning of a text that fits into it."""
        try:
            width = os.get_terminal_size(self._stream.fileno()).columns or 80
        except OSError:  # the terminal was closed
            return
        self._stream.write(f"{_ERASE}{printable(text)[: width - 1]}")
        self._stream.flush()

    def remove(self) -> None:
        """Removes the line."""
        self._stream.write(_ERASE)
        self._stream.flush()
