"""How far the reading of capture files has come, on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from netmon.cli.late import LateModule
from netmon.cli.terminal import printable
from netmon.cli.transient_line import TransientLine
from netmon.outputs.finding_count import FindingCount
from netmon.outputs.texts import plural
from netmon.sources.files import FilePosition, ReportPosition

if TYPE_CHECKING:
    from rich import progress as bars
    from rich.console import Console
else:
    bars = LateModule("rich.progress")

_MIN_BAR_BYTES = 20_000_000
"""The smallest total size of files for which a progress bar is shown: fewer bytes are read too quickly."""
_EVERY_S = 0.5


@contextmanager
def progress_of(
    console: Console | None, paths: Sequence[str], found: FindingCount, *, shares_terminal: bool
) -> Iterator[ReportPosition | None]:
    """What shows how far the reading is; None without a terminal.

    For a pipe, which has no known end, a line counts what was seen. It is left out if events are written to
    the same terminal (`shares_terminal`). For files, a bar shows their bytes if they are large.
    """
    is_piped = not all(Path(path).is_file() for path in paths)
    if console is None or (is_piped and shares_terminal):
        yield None
    elif is_piped:
        line = _PipeLine(sys.stderr, found)
        line.waits(paths[0])
        try:
            yield line.report
        finally:
            line.remove()
    else:
        with _bar(console, paths) as report:
            yield report


class _PipeLine:
    """A line that is written anew twice a second while packets come, and removed at the end."""

    def __init__(self, stream: TextIO, found: FindingCount) -> None:
        self._line = TransientLine(stream)
        self._found = found
        self._at_s = 0.0

    def waits(self, path: str) -> None:
        """Nothing has come yet."""
        self._line.write(f"{_name(path)}: waiting for packets")

    def report(self, at: FilePosition) -> None:
        """Shows what was seen so far, unless that was just done."""
        now_s = time.monotonic()
        if now_s - self._at_s < _EVERY_S:
            return
        self._at_s = now_s
        flows, findings = self._found.flows, self._found.findings
        self._line.write(
            f"{_name(at.path)}: {at.packets:,} {plural(at.packets, 'packet')}, "
            f"{flows:,} {plural(flows, 'flow')} of vendors, {findings:,} {plural(findings, 'finding')}; "
            "Ctrl-C ends it with a summary"
        )

    def remove(self) -> None:
        """Nothing stays of it."""
        self._line.remove()


def _name(path: str) -> str:
    return "standard input" if path == "-" else path


@contextmanager
def _bar(console: Console, paths: Sequence[str]) -> Iterator[ReportPosition | None]:
    """A progress bar over the bytes of all files; none for small ones."""
    sizes = {path: Path(path).stat().st_size for path in paths}
    if sum(sizes.values()) < _MIN_BAR_BYTES:
        yield None
        return
    done = dict.fromkeys(sizes, 0)
    columns = (
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
    )
    with bars.Progress(*columns, bars.TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("reading", total=sum(sizes.values()))

        def report(at: FilePosition) -> None:
            done[at.path] = at.bytes
            bar.update(task, completed=sum(done.values()), description=printable(Path(at.path).name))

        yield report
