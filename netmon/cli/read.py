"""`netmon read`: capture files → a summary, or events."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from netmon import wiring
from netmon._engine import Matcher
from netmon.cli.history import Format, View, show
from netmon.cli.options import (
    ERROR,
    FOUND,
    NO_COUNTRY,
    UNLISTED_CLIENTS,
    EvidenceOptions,
    ExitCode,
    SourceName,
    grouped,
)
from netmon.cli.reading import reading_signatures
from netmon.cli.terminal import json_stream, log, make_console, printable, write_line
from netmon.errors import SourceError
from netmon.evidence.assembly import opened_evidence
from netmon.outputs import Output
from netmon.outputs.clients_seen import ClientsSeen
from netmon.outputs.events import Events
from netmon.outputs.observer import Observer
from netmon.outputs.summary import Summary
from netmon.quality import INTERCEPTED, find_faults, unread_text
from netmon.signatures.match import compile_matcher
from netmon.sources import Stats
from netmon.sources.bpf import ETHERNET, compile_filter
from netmon.sources.file_identity import run_of
from netmon.sources.files import FileSource, ReportBytes, in_order
from netmon.sources.scapy_source import ScapyFileSource
from netmon.store.history import read_history
from netmon.store.intake import Intake
from netmon.store.opening import opened_by_name
from netmon.store.queries import Scope
from netmon.store.reading import Reading, intake_of
from netmon.store.sqlite import MEMORY
from netmon.verdict.subjects import Subjects

_ENDINGS = (".pcap", ".pcapng", ".cap", ".dmp", ".mcap")
_COMPRESSED = (".gz", ".zst")
_MIN_BAR_BYTES = 20_000_000
"""The smallest total size of files for which a progress bar is shown: fewer bytes are read too quickly."""


@grouped
def read(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE… [FILTER…]",
            help="Capture files ('-': standard input), then an optional BPF filter.",
        ),
    ],
    json: Annotated[
        bool, typer.Option("--json", help="Write one ECS event per line instead of the summary.")
    ] = False,
    every: Annotated[
        bool,
        typer.Option("--all", help="With --json: also write DNS messages, and flows that match no vendor."),
    ] = False,
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="STORE", help="Also keep the flows of vendors in this store."),
    ] = None,
    by: Annotated[
        View | None,
        typer.Option(
            "--by",
            metavar="VIEW",
            help="Instead of the summary: flows by place, component, client, name, address or day.",
        ),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="With --by: write CSV.")] = False,
    exit_code: ExitCode = True,
    *,
    options: EvidenceOptions,
) -> None:
    """Reads capture files and shows what they contain.

    Formats are pcap and pcapng, also compressed (.gz, .zst). Prints a summary, or with --json one event for
    each flow that matches a vendor. Several files are read as one capture, in the order of their first
    packets. Exits with 3 if there is a finding of severity warning or critical (unless --no-exit-code), and
    with 1 if a file is incomplete or damaged, or if most packets could not be decoded.

    Examples:

      netmon read office.pcap

      netmon read --country DE monday.pcap.gz tuesday.pcap.gz

      netmon read --json --all trace.pcapng tcp port 443 and host 192.0.2.7

      zcat trace.gz | netmon read -

      netmon read --by client --csv office.pcap > clients.csv

      netmon read --store office.db --country DE office.pcap
    """
    _check_options(json, every, by, csv)
    given, filter_words = split_words(words)
    paths = in_order(given)
    if paths != given:
        log(f"the files are read in the order of their first packets, from {paths[0]} to {paths[-1]}")
    expression = check_filter(filter_words)
    configured = options.load()
    settings = options.for_files(configured)
    with reading_signatures(make_console(stderr=True)) as count:
        known = wiring.load_signatures(settings, log, count)
    databases = wiring.open_databases(settings, log)
    monitor = wiring.make_monitor(settings, known, databases=databases)
    shown = wiring.make_privacy(settings)
    clients = ClientsSeen(known.vendors, settings.policy, settings.inventory)
    summary = Summary(known.locations, shown, clients)
    outputs: list[Output] = [summary]
    observer = Observer(settings.sensor, settings.site, run_of(paths, expression))
    matcher, limits = compile_matcher(known), settings.engine_keywords()
    with ExitStack() as stack:
        evidence = stack.enter_context(opened_evidence(settings, shown, log))
        if json:
            stream = json_stream()
            chained = evidence.chained(stream) if evidence else stream
            outputs.append(Events(chained, shown, known.locations, observer))
        readings: list[Reading] = []
        intakes: list[Intake] = []
        # What is kept shows clients as the configuration says; what is shown, as everything else here.
        for file, about in ((store, configured), (MEMORY if by else None, settings)):
            if file is not None:
                stored = stack.enter_context(opened_by_name(file))
                intakes.append(intake_of(stored, str(file), observer))
                privacy = wiring.make_privacy(about)
                more = (known, databases.current, privacy, observer, paths, expression)
                readings.append(Reading(intakes[-1], about, *more))
        outputs += readings
        report = stack.enter_context(_progress(make_console(stderr=True), paths))
        reader = _open_files(paths, matcher, options.source, expression, every, limits, report)
        outputs += [evidence.recorder(known, databases, reader.kept, observer, intakes)] if evidence else []
        for batch in reader.batches():
            wiring.deliver(batch, monitor, outputs)
        for reading in readings:
            reading.finish(reader.stats(), reader.problems)
        if by is not None:
            show(read_history(stored, Scope(), by.value), Format.CSV if csv else Format.TABLE)
    if not json and by is None:
        show_summary(summary, reader.stats(), settings.subjects)
    for line in (*_doubts(reader.stats()), *reader.problems, *databases.take_problems()):
        log(line)
    if exit_code and summary.alarms:
        raise typer.Exit(FOUND)
    if reader.problems or unread_text(reader.stats()) is not None:
        raise typer.Exit(ERROR)


def _check_options(json: bool, every: bool, by: View | None, csv: bool) -> None:
    if every and not json:
        raise typer.BadParameter("requires --json", param_hint="--all")
    if by is not None and json:
        raise typer.BadParameter("cannot be combined with --json", param_hint="--by")
    if csv and by is None:
        raise typer.BadParameter("requires --by", param_hint="--csv")


def _open_files(
    paths: list[str],
    matcher: Matcher,
    source: SourceName,
    expression: str,
    every_flow: bool,
    limits: dict[str, Any],
    report: ReportBytes | None,
) -> FileSource | ScapyFileSource:
    """The source of these files. Raises SourceError."""
    if source is SourceName.NATIVE:
        return FileSource(
            paths,
            matcher,
            filter_expression=expression,
            every_flow=every_flow,
            limits=limits,
            progress=report,
        )
    if expression:
        raise SourceError("--source scapy takes no filter with files")
    return ScapyFileSource(paths, matcher, every_flow=every_flow, limits=limits)


def show_summary(summary: Summary, stats: Stats, subjects: Subjects) -> None:
    """Prints the summary of a run, and what is missing in the configuration."""
    summary.show(make_console(), stats)
    if summary.has_unknown_subjects:
        write_line(NO_COUNTRY if subjects.are_unknown else UNLISTED_CLIENTS)


def _doubts(stats: Stats) -> Iterator[str]:
    """Reasons to doubt the result, one line each."""
    if stats["interceptions"]:
        yield INTERCEPTED
    for fault in find_faults(stats):
        yield fault.text


def split_words(words: list[str]) -> tuple[list[str], list[str]]:
    """The files and the words of the filter, which starts with the first word that is not a file.

    A word that looks like a capture file counts as one even if it does not exist, so that a typing error does
    not become a filter. Raises SourceError for a file that does not exist, and if there is no file.
    """
    count = next((at for at, word in enumerate(words) if not _is_file(word)), len(words))
    paths, filter_words = words[:count], words[count:]
    for path in paths or words[:1]:
        if not path or (path != "-" and not Path(path).exists()):
            raise SourceError(f"{path or 'empty file name'}: no such file")
    return paths, filter_words


def check_filter(words: list[str]) -> str:
    """The filter as one text. Raises SourceError if it is invalid; its first word may be a misspelt file."""
    expression = " ".join(words)
    try:
        compile_filter(expression, ETHERNET)
    except SourceError as error:
        if len(words) > 1 and words[0].strip("(").isalpha():
            raise
        raise SourceError(f"{error}; there is no file '{words[0]}' either") from error
    return expression


def _is_file(word: str) -> bool:
    return word == "-" or Path(word).exists() or _looks_like_a_capture(word)


def _looks_like_a_capture(word: str) -> bool:
    name = word.lower()
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    return name != word.lower() or name.endswith(_ENDINGS) or os.sep in word.rstrip("0123456789")


@contextmanager
def _progress(console: Console, paths: list[str]) -> Iterator[ReportBytes | None]:
    """A progress bar over the bytes of all files; only on a terminal, and for large files."""
    sizes = {path: Path(path).stat().st_size for path in paths if Path(path).is_file()}
    if not console.is_terminal or sum(sizes.values()) < _MIN_BAR_BYTES:
        yield None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("reading", total=sum(sizes.values()))

        def report(path: str, position: int, _size: int | None) -> None:
            before = sum(sizes.get(earlier, 0) for earlier in paths[: paths.index(path)])
            bar.update(task, completed=before + position, description=printable(Path(path).name))

        yield report
