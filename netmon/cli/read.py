"""`netmon read`: what may stand behind it. `read_files` does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from netmon.cli.grouping import grouped
from netmon.cli.late import LateModule
from netmon.cli.options import EvidenceOptions
from netmon.cli.single_options import ExitCode, LanguageOption
from netmon.cli.values import whole_number
from netmon.cli.views import View
from netmon.outputs.shown import FINDINGS

if TYPE_CHECKING:
    from netmon.cli import read_files as reading
else:
    reading = LateModule("netmon.cli.read_files")


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
    raise typer.Exit(
        reading.read_files(
            words,
            options,
            is_followed=follow,
            json=json,
            every=every,
            store=store,
            by=by,
            csv=csv,
            findings=findings,
            workers=workers,
            exit_code=exit_code,
            language=language,
        )
    )


def _check_options(json: bool, every: bool, by: View | None, csv: bool) -> None:
    if every and not json:
        raise typer.BadParameter("requires --json", param_hint="--all")
    if by is not None and json:
        raise typer.BadParameter("cannot be combined with --json", param_hint="--by")
    if csv and by is None:
        raise typer.BadParameter("requires --by", param_hint="--csv")
