"""`netmon read`: capture files → a summary, or events."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import astuple

from netmon.cli.exit_codes import ERROR, FOUND, OK
from netmon.cli.language_option import LanguageOption, chosen_language
from netmon.cli.late import LateModule
from netmon.cli.options import EvidenceOptions, ExitCode, grouped
from netmon.cli.terminal import log, write_line
from netmon.cli.values import whole_number
from netmon.cli.views import Format, View
from netmon.language.language import Language
from netmon.outputs.shown import FINDINGS

if TYPE_CHECKING:
    from netmon import quality
    from netmon.cli import capture_reading, named_files, stopping, summary_page
    from netmon.cli import history as views
    from netmon.cli.capture_reading import CaptureReading
    from netmon.sources.stop_request import StopRequest
else:
    capture_reading = LateModule("netmon.cli.capture_reading")
    named_files = LateModule("netmon.cli.named_files")
    quality = LateModule("netmon.quality")
    stopping = LateModule("netmon.cli.stopping")
    summary_page = LateModule("netmon.cli.summary_page")
    views = LateModule("netmon.cli.history")


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
    ] = FINDINGS,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            parser=whole_number(1, 64),
            metavar="COUNT",
            help="Cores to use, two at most. The result is the same.",
        ),
    ] = 1,
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
    most packets, or most of an interface, could not be decoded. Ctrl-C ends the reading with the results
    so far.

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
    files = named_files.named_files(words, store, is_followed=follow)
    configured = options.load()
    settings = options.for_files(configured)
    spoken = chosen_language(language)
    plan = capture_reading.ReadingPlan(
        options.source,
        json=json,
        every=every,
        follow=follow,
        store=store,
        views=by is not None,
        workers=workers,
    )
    reading = capture_reading.CaptureReading(files, plan, configured, settings, spoken)
    with stopping.stoppable() as stop:
        with ExitStack() as stack:
            reading.run(stack, stop)
            remarks = _remarks(stop, spoken)
            if by is not None:
                _show_view(reading, by, csv, remarks, spoken)
        if not json and by is None:
            page = summary_page.SummaryPage(remarks, findings, partial(_command, words, options))
            summary_page.show_summary(reading.summary, reading.stats, settings.subjects, spoken, page)
        for line in reading.doubts():
            log(line)
    is_alarm = exit_code and bool(reading.summary.alarms)
    is_read = _unread_text(reading, spoken) is None
    raise typer.Exit(_exit_code(reading.problems, stop, is_read=is_read, is_alarm=is_alarm))


def _unread_text(reading: CaptureReading, language: Language) -> str | None:
    """That most packets could not be decoded, of the run or of an interface; None if they could."""
    nothing_seen = not reading.summary.flows
    partly = quality.partly_unread_text(reading.stats, language, nothing_seen=nothing_seen)
    return quality.unread_text(reading.stats, language) or partly


def _show_view(
    reading: CaptureReading,
    by: View,
    csv: bool,
    remarks: Sequence[str],
    language: Language,
) -> None:
    """Writes a view; a table after the remarks, and where there is nothing in it, with the reason."""
    view, unread = reading.view(by), _unread_text(reading, language)
    if csv:
        views.show(view, Format.CSV)
        return
    for remark in remarks:
        write_line(remark)
    if unread is not None:
        write_line(f"{language.say('NOT READ')}: {unread}.")
    if view.rows:
        views.show(view, Format.TABLE, language)
    elif unread is None:
        looked_up = list(reading.summary.looked_up_lines(reading.stats))
        for line in (*looked_up, reading.summary.sentence(is_looked_up=bool(looked_up))):
            write_line(line)


def _exit_code(problems: Sequence[str], stop: StopRequest, *, is_read: bool, is_alarm: bool) -> int:
    if stop.is_asked:
        return stop.exit_code
    if is_alarm:
        return FOUND
    return ERROR if problems or not is_read else OK


def _check_options(json: bool, every: bool, by: View | None, csv: bool) -> None:
    if every and not json:
        raise typer.BadParameter("requires --json", param_hint="--all")
    if by is not None and json:
        raise typer.BadParameter("cannot be combined with --json", param_hint="--by")
    if csv and by is None:
        raise typer.BadParameter("requires --by", param_hint="--csv")


def _remarks(stop: StopRequest, language: Language) -> tuple[str, ...]:
    """What is to be known about the run before its result."""
    if not stop.is_asked:
        return ()
    return (language.say("INTERRUPTED by {signal}: this is what was read until then.", signal=stop.name),)


def _command(words: list[str], options: EvidenceOptions, findings: int) -> str:
    """The command that shows so many findings of the same files."""
    given = zip(options.__struct_fields__, astuple(options), options.__struct_defaults__, strict=True)
    chosen = [(name, value) for name, value, default in given if value != default and name != "evidence"]
    parts = [part for name, value in chosen for part in (f"--{name}", str(value))]
    return shlex.join(["netmon", "read", "--findings", str(findings), *parts, *words])
