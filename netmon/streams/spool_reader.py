"""Reads a spool from a remembered position on, while the sensor writes it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from netmon.errors import OutputError, reason_of
from netmon.outputs.spool import segments
from netmon.state_file import replace_file

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SpoolPosition:
    """The end of what was delivered: the name of a segment, and a number of bytes."""

    segment: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class SpoolBatch:
    """Lines without their newlines, and the position after them."""

    lines: list[bytes]
    end: SpoolPosition
    missed_segments: bool = False
    """The segment of the position was removed, perhaps before all of it was delivered."""


class SpoolReader:
    """Gives the lines after a position, which is kept in a file and survives a crash.

    A batch that was not acknowledged is given again. The constructor raises OutputError.
    """

    def __init__(self, folder: Path, position_file: Path) -> None:
        self._folder = folder
        self._file = position_file
        try:
            segments(folder)
            self.position = self._load()
            self._save(self.position)
        except OSError as error:
            where = error.filename or position_file
            raise OutputError(
                f"{where}: {reason_of(error)}; name the folder of spool.folder in the sensor's "
                "configuration, and with --position a file that this user can write to"
            ) from error

    def read(self, most_lines: int) -> SpoolBatch | None:
        """The next complete lines; None if there are none. Raises OSError."""
        found = segments(self._folder)
        position, missed = self.position, False
        if position.segment and found and position.segment not in {one.name for one in found}:
            missed = position.segment < found[0].name
            # In a spool that is younger than the position, everything is new.
            position = SpoolPosition(next((one.name for one in found if one.name > position.segment), ""))
        for segment in found:
            if segment.name < position.segment:
                continue
            offset = position.offset if segment.name == position.segment else 0
            lines, end = _complete_lines(segment, offset, most_lines)
            if lines:
                return SpoolBatch(lines, SpoolPosition(segment.name, end), missed)
        return None

    def acknowledge(self, end: SpoolPosition) -> None:
        """Remembers that all lines up to this position were delivered. Raises OSError."""
        self._save(end)
        self.position = end

    def _load(self) -> SpoolPosition:
        with suppress(FileNotFoundError, ValueError, TypeError, KeyError):
            content = json.loads(self._file.read_text(encoding="utf-8"))
            return SpoolPosition(str(content["segment"]), int(content["offset"]))
        return SpoolPosition()

    def _save(self, position: SpoolPosition) -> None:
        replace_file(self._file, json.dumps({"segment": position.segment, "offset": position.offset}))


def _complete_lines(segment: Path, offset: int, most: int) -> tuple[list[bytes], int]:
    """The lines after an offset that end in a newline, and the offset after them."""
    with suppress(FileNotFoundError), segment.open("rb") as stream:
        stream.seek(offset)
        data = stream.read(_CHUNK_BYTES)
        while data and b"\n" not in data and (more := stream.read(_CHUNK_BYTES)):
            data += more
        lines = data.split(b"\n")[:-1][:most]
        return lines, offset + sum(len(line) + 1 for line in lines)
    return [], offset
