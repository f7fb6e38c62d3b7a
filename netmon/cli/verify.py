"""`netmon verify`: a second opinion on a capture file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from netmon.cli.console import make_console
from netmon.cli.exit_codes import ERROR
from netmon.cli.terminal import json_stream, log, write_line
from netmon.cli.values import WORD
from netmon.errors import SourceError
from netmon.outputs.json_line import json_line
from netmon.sources.find_files import check_exists, find_files

if TYPE_CHECKING:
    from netmon.verify.second_opinion import ReportStep

_PACKETS_PER_UPDATE = 1000


@click.command()
@click.argument(
    "files",
    metavar="FILE…",
    nargs=-1,
    required=True,
    type=WORD,
    help="Capture files, folders, patterns; each file on its own.",
)
@click.option("--json", is_flag=True, help="Print one line with a JSON object per file.")
def verify(files: tuple[str, ...], json: bool) -> None:
    """Compares what netmon and Wireshark's dissectors (tshark 4.0 or newer) read in the same capture.

    This includes server names over TCP, QUIC and DTLS, the hosts of HTTP requests and the certificates that
    netmon reads, DNS questions and answers, and the packets and bytes of every flow. Each difference is
    listed with its packets and with what each of the two read. The exit code is 1 if there is a difference,
    or if a file cannot be read to its end, else 0. Needs the Python package pyshark 0.6.

    Examples:

      netmon verify office.pcap

      netmon verify --json monday.pcapng tuesday.pcap.gz

      netmon verify captures/ 'office/2026-11-*.pcap*'
    """
    if "-" in files:
        raise SourceError("verify reads a file more than once, so it cannot read standard input")
    # asyncio and dnspython are slow to import, and no other command needs them.
    from netmon.verify.second_opinion import get_opinion  # noqa: PLC0415
    from netmon.verify.show import as_json, lines  # noqa: PLC0415

    for word in files:
        check_exists(word)
    captures = find_files(files)
    for note in captures.notes:
        log(note)
    stream = json_stream()
    console = make_console(stderr=True)
    is_equal = True
    for file in captures.paths:
        with _progress(console) as progress:
            opinion = get_opinion(file, progress)
        if json:
            stream.write(json_line(as_json(opinion)))
            stream.flush()
        else:
            for line in lines(opinion):
                write_line(line)
        for problem in opinion.problems:
            log(problem)
        is_equal = is_equal and not opinion.differences and not opinion.problems
    for problem in captures.problems:
        log(problem)
    if not is_equal or captures.problems:
        sys.exit(ERROR)


@contextmanager
def _progress(console: Console) -> Iterator[ReportStep]:
    """On a terminal, a progress bar for the packets of each step."""
    if not console.is_terminal:
        yield lambda _step, _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=None)
        steps: list[str] = []

        def report(step: str, done: int, total: int) -> None:
            if step not in steps:
                steps.append(step)
                bar.reset(task, total=total, description=step)
            if done % _PACKETS_PER_UPDATE == 0:
                bar.update(task, completed=done)

        yield report
