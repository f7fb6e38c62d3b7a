"""`netmon read`: what may stand behind it. `read_files` does it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from netmon.cli.grouping import grouped
from netmon.cli.late import LateModule
from netmon.cli.options import EvidenceOptions
from netmon.cli.single_options import exit_code_option, language_option
from netmon.cli.spoken_language import LanguageName
from netmon.cli.values import WORD, OneOf, whole_number
from netmon.cli.views import View
from netmon.outputs.shown import FINDINGS

if TYPE_CHECKING:
    from netmon.cli import read_files as reading
else:
    reading = LateModule("netmon.cli.read_files")


@click.command()
@click.argument(
    "words",
    metavar="FILE… [FILTER…]",
    nargs=-1,
    required=True,
    type=WORD,
    help="Capture files, folders, patterns ('-': standard input), then an optional BPF filter.",
)
@click.option("--follow", is_flag=True, help="Follow a folder in which captures are rotated, until Ctrl-C.")
@click.option("--json", is_flag=True, help="Write one ECS event per line instead of the summary.")
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="With --json: also write DNS messages, and flows that match no vendor.",
)
@click.option("--store", type=WORD, metavar="STORE", help="Also keep the flows of vendors in this store.")
@click.option(
    "--by",
    type=OneOf(View),
    metavar="VIEW",
    help="Instead of the summary: flows by place, component, client, name, address or day.",
)
@click.option("--csv", is_flag=True, help="With --by: write CSV.")
@click.option(
    "--findings",
    type=whole_number(0),
    default=FINDINGS,
    metavar="COUNT",
    help="Findings that the summary shows.",
)
@click.option(
    "--workers",
    type=whole_number(1, 64),
    default=1,
    metavar="COUNT",
    help="Cores to use, two at most. The result is the same.",
)
@exit_code_option(default=True)
@language_option
@grouped(EvidenceOptions)
def read(
    words: tuple[str, ...],
    follow: bool,
    json: bool,
    every: bool,
    store: str | None,
    by: View | None,
    csv: bool,
    findings: int,
    workers: int,
    exit_code: bool,
    language: LanguageName | None,
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
    sys.exit(
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
        raise click.BadParameter("requires --json", param_hint="--all")
    if by is not None and json:
        raise click.BadParameter("cannot be combined with --json", param_hint="--by")
    if csv and by is None:
        raise click.BadParameter("requires --by", param_hint="--csv")
