"""`netmon read`: capture files → a summary, or events."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import fields
from functools import partial
from typing import Annotated, Any

import typer

from netmon import wiring
from netmon._engine import Matcher
from netmon.cli.history import Format, View, show
from netmon.cli.language_option import LanguageOption, chosen_language
from netmon.cli.named_files import named_files
from netmon.cli.options import (
    ERROR,
    FOUND,
    OK,
    EvidenceOptions,
    ExitCode,
    SourceName,
    grouped,
)
from netmon.cli.progress import progress_of
from netmon.cli.reading import reading_signatures
from netmon.cli.stopping import stoppable
from netmon.cli.summary_page import SummaryPage, doubts_of, show_summary
from netmon.cli.terminal import json_stream, log, make_console, write_line
from netmon.cli.values import whole_number
from netmon.errors import SourceError
from netmon.evidence.assembly import OpenEvidence, opened_evidence
from netmon.language.language import Language
from netmon.outputs import Output
from netmon.outputs.clients_seen import ClientsSeen
from netmon.outputs.events import Events
from netmon.outputs.finding_count import FindingCount
from netmon.outputs.findings_seen import SHOWN
from netmon.outputs.observer import Observer
from netmon.outputs.summary import Summary
from netmon.privacy import Privacy
from netmon.quality import unread_text
from netmon.signatures.match import compile_matcher
from netmon.signatures.model import SignatureSet
from netmon.sources import Stats
from netmon.sources.file_identity import run_of
from netmon.sources.files import FileSource, ReportPosition
from netmon.sources.follow_mark import FollowMark
from netmon.sources.scapy_source import ScapyFileSource
from netmon.sources.stop_request import StopRequest
from netmon.store.history import History, read_history
from netmon.store.kept import Kept, kept_in
from netmon.store.queries import Scope
from netmon.store.reading import ReadUnder
from netmon.store.sqlite import MEMORY


@grouped
def read(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE… [FILTER…]",
            help="Capture files, folders, patterns ('-': standard input), then an optional BPF filter.",
        ),
    ],
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Follow a folder in which captures are rotated, until Ctrl-C."),
    ] = False,
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
    findings: Annotated[
        int,
        typer.Option(
            "--findings",
            parser=whole_number(0),
            metavar="COUNT",
            help="Findings that the summary shows.",
        ),
    ] = SHOWN,
    exit_code: ExitCode = True,
    language: LanguageOption = None,
    *,
    options: EvidenceOptions,
) -> None:
    """Reads capture files and shows what they contain.

    Formats are pcap and pcapng, also compressed (.gz, .zst, .xz, .bz2, .lz4). Prints a summary that begins
    with the verdict, or with --json one event for each flow that matches a vendor. Several files, or those in
    a folder, are read as one capture, in the order of their packets. Exits with 3 if there is a finding of
    severity warning or critical (unless --no-exit-code), and with 1 if a file is incomplete or damaged, or if
    most packets could not be decoded. Ctrl-C ends the reading with the results so far.

    Examples:

      netmon read office.pcap

      netmon read --country DE monday.pcap.gz tuesday.pcap.gz

      netmon read --country DE captures/ 'office/2026-11-*.pcap*'

      netmon read --json --all trace.pcapng tcp port 443 and host 192.0.2.7

      zcat trace.gz | netmon read -

      netmon read --follow --json /var/captures

      netmon read --by client --csv office.pcap > clients.csv

      netmon read --store office.db --country DE office.pcap
    """
    _check_options(json, every, by, csv)
    paths, expression, unread, mark = named_files(words, store, is_followed=follow)
    configured = options.load()
    settings = options.for_files(configured)
    with reading_signatures(make_console(stderr=True)) as count:
        known = wiring.load_signatures(settings, log, count)
    databases = wiring.open_databases(settings, log)
    monitor = wiring.make_monitor(settings, known, databases=databases)
    shown = wiring.make_privacy(settings)
    clients = ClientsSeen(known.vendors, settings.policy, settings.inventory)
    spoken = chosen_language(language)
    summary = Summary(known.locations, shown, clients, spoken)
    outputs: list[Output] = [summary]
    observer = Observer(settings.sensor, settings.site, run_of(paths, expression))
    matcher, limits, found = compile_matcher(known), settings.engine_keywords(), FindingCount()
    events: Events | None = None
    with stoppable() as stop:
        with ExitStack() as stack:
            evidence = stack.enter_context(opened_evidence(settings, shown, log))
            if json:
                events = _events(evidence, shown, known, observer)
                outputs.append(events)
            kept: list[Kept] = []
            # What is kept shows clients as the configuration says; what is shown, as everything else here.
            for file, about in ((store, configured), (MEMORY if by else None, settings)):
                if file is not None:
                    privacy = wiring.make_privacy(about)
                    facts = (about, known, databases.current, privacy, observer, paths, expression)
                    kept.append(stack.enter_context(kept_in(file, ReadUnder(*facts))))
            outputs += [*(one.reading for one in kept), found]
            shares_terminal = json and sys.stdout is not None and sys.stdout.isatty()
            progress = progress_of(make_console(stderr=True), paths, found, shares_terminal=shares_terminal)
            with progress as report:
                reader = _open_files(
                    paths,
                    matcher,
                    options.source,
                    expression,
                    every,
                    limits,
                    report,
                    stop,
                    follow,
                    mark,
                    events,
                )
                if evidence:
                    intakes = [one.intake for one in kept]
                    outputs.append(evidence.recorder(known, databases, reader.kept, observer, intakes))
                for batch in reader.batches():
                    wiring.deliver(batch, monitor, outputs, events)
            coverage = reader.coverage()
            for one in kept:
                one.reading.finish(reader.stats(), [*unread, *reader.problems, *coverage.lines()])
            if by is not None:
                view = read_history(kept[-1].store, Scope(), by.value)
                _show_view(view, csv, unread_text(reader.stats(), spoken), summary, spoken)
        if not json and by is None:
            page = SummaryPage(_remarks(stop, spoken), findings, partial(_command, words, options))
            show_summary(summary, reader.stats(), settings.subjects, spoken, page)
        problems = [*unread, *reader.problems]
        doubts = [*doubts_of(reader.stats(), spoken), *coverage.lines()]
        for line in (*doubts, *problems, *databases.take_problems()):
            log(line)
    is_alarm = exit_code and bool(summary.alarms)
    raise typer.Exit(_exit_code(reader.stats(), problems, stop, is_alarm=is_alarm))


def _events(
    evidence: OpenEvidence | None, privacy: Privacy, known: SignatureSet, observer: Observer
) -> Events:
    """The events on standard output, for the chain of the evidence as well."""
    stream = evidence.chained(json_stream()) if evidence else json_stream()
    resolvers = [one.id for one in known.resolvers.entries]
    return Events(stream, privacy, known.locations, observer, resolvers=resolvers)


def _show_view(view: History, csv: bool, unread: str | None, summary: Summary, language: Language) -> None:
    """Writes a view; where there is nothing in it, says why."""
    if csv:
        show(view, Format.CSV)
        return
    if unread is not None:
        write_line(f"{language.say('NOT READ')}: {unread}.")
    if view.rows:
        show(view, Format.TABLE, language)
    elif unread is None:
        write_line(summary.sentence())


def _exit_code(stats: Stats, problems: Sequence[str], stop: StopRequest, *, is_alarm: bool) -> int:
    if stop.is_asked:
        return stop.exit_code
    if is_alarm:
        return FOUND
    return ERROR if problems or unread_text(stats) is not None else OK


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
    report: ReportPosition | None,
    stop: StopRequest,
    follow: bool,
    mark: FollowMark | None,
    events: Events | None,
) -> FileSource | ScapyFileSource:
    """The source of these files. Raises SourceError."""
    writer = events.writer if events else None
    if source is SourceName.NATIVE:
        return FileSource(
            paths,
            matcher,
            filter_expression=expression,
            every_flow=every_flow,
            limits=limits,
            progress=report,
            stop=stop,
            follow=follow,
            mark=mark,
            events=writer,
        )
    if follow:
        raise SourceError("--follow reads files with --source native only")
    if expression:
        raise SourceError("--source scapy takes no filter with files")
    return ScapyFileSource(paths, matcher, every_flow=every_flow, limits=limits, stop=stop, events=writer)


def _remarks(stop: StopRequest, language: Language) -> tuple[str, ...]:
    """What is to be known about the run before its result."""
    if not stop.is_asked:
        return ()
    return (language.say("INTERRUPTED by {signal}: this is what was read until then.", signal=stop.name),)


def _command(words: list[str], options: EvidenceOptions, findings: int) -> str:
    """The command that shows so many findings of the same files."""
    given = ((one.name, getattr(options, one.name), one.default) for one in fields(options))
    chosen = [(name, value) for name, value, default in given if value != default and name != "evidence"]
    parts = [part for name, value in chosen for part in (f"--{name}", str(value))]
    return shlex.join(["netmon", "read", "--findings", str(findings), *parts, *words])
