"""`netmon evidence`: checks what was written as evidence, and shows the head of its chain."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import click

from netmon.cli.commands import Ordered
from netmon.cli.exit_codes import ERROR, UNREAD
from netmon.cli.terminal import log, write_line
from netmon.cli.values import FILE, WORD
from netmon.errors import ConfigError, OutputError
from netmon.evidence.chain import Head
from netmon.evidence.chain_check import RemovedByNow, check_chain
from netmon.evidence.erasure import erase
from netmon.evidence.erasure_record import record_erasure
from netmon.evidence.reproduction import Reproduction
from netmon.outputs.texts import plural
from netmon.places.databases import default_folders
from netmon.privacy.identification_log import user

app = Ordered("evidence", help="Checks evidence for findings, and the chain that links it with the events.")

_HEAD = re.compile(r"^(\d+) ([0-9a-f]{64})\b", re.MULTILINE)

_folder = click.argument("folder", type=FILE, metavar="DIR", help="The folder of the evidence.")


@app.command("head", short_help="Shows the head of the chain, to be signed or written down.")
@_folder
def head(folder: Path) -> None:
    """Shows the last record of the chain: its number and its SHA-256.

    Keep it where whoever can write the folder cannot: `netmon evidence verify --head` then notices if
    records were removed at the end of the chain, or if all of it was written anew. Sign it with minisign,
    print it, or send it to a third party.

    Examples:

      netmon evidence head /var/lib/netmon/evidence

      netmon evidence head DIR > head.txt && minisign -Sm head.txt
    """
    check = check_chain(_existing(folder), None)
    if check.head.number == 0:
        raise OutputError(f"{folder}: there is no chain")
    write_line(str(check.head))
    for problem in check.problems:
        log(problem)
    if check.problems:
        sys.exit(ERROR)


@app.command("erase", short_help="Removes findings, and keeps their hashes.")
@click.argument(
    "files",
    metavar="FILE…",
    nargs=-1,
    required=True,
    type=FILE,
    help="The documents of the findings (*.json).",
)
@click.option("--reason", default="", metavar="TEXT", show_default=False, help="Why; the chain keeps it.")
def erase_findings(files: tuple[Path, ...], reason: str) -> None:
    """Removes the packets, the configuration and the document of findings, for example of one client.

    The hash of each document remains in its place, so that the chain can still be verified; the chain gets a
    record of who erased them, when and why. The sensor may run meanwhile. `netmon privacy erase` shows which
    findings are those of a client.

    Examples:

      netmon evidence erase DIR/20260301T120000Z-acme-0123456789ab.json
    """
    by_folder: dict[Path, list[str]] = {}
    try:
        for file in files:
            erase(file)
            by_folder.setdefault(file.parent, []).append(file.name)
            write_line(f"{file}: erased")
    finally:  # also if the next one could not be erased
        for folder, names in by_folder.items():
            record_erasure(folder, {"by": user(os.environ), "reason": reason, "files": names})


@app.command("verify", short_help="Checks evidence, its chain and the events, and judges findings again.")
@_folder
@click.option(
    "--events",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="A file of events, also .gz; repeat it, oldest file first.",
)
@click.option(
    "--head", type=WORD, metavar="TEXT|FILE", help="A head that `netmon evidence head` showed before."
)
@click.option("--signatures", type=FILE, metavar="DIR", help="Where the signatures that decided are now.")
@click.option(
    "--databases",
    type=FILE,
    multiple=True,
    metavar="DIR",
    help="Where location databases that decided are now.",
)
@click.option(
    "--wireshark", is_flag=True, help="Let tshark confirm names, addresses, times and bytes as well."
)
@click.option("--chain-only", is_flag=True, help="Check hashes only, and judge no finding again.")
def verify(
    folder: Path,
    events: tuple[Path, ...],
    head: str | None,
    signatures: Path | None,
    databases: tuple[Path, ...],
    wireshark: bool,
    chain_only: bool,
) -> None:
    """Checks that nothing was removed, changed or put in another order, and judges each finding again.

    Every finding is judged from its file alone, with the signatures and location databases that decided,
    which are found by their SHA-256. The exit code is 1 if anything is wrong, else 0; with --wireshark, it is
    4 if nothing is wrong, and Wireshark cannot read a part of a finding.

    Examples:

      netmon evidence verify /var/lib/netmon/evidence

      netmon evidence verify DIR --events events.jsonl.20260301T000000Z.gz --events events.jsonl

      netmon evidence verify DIR --head head.txt --wireshark
    """
    check = check_chain(_existing(folder), None if head is None else _read_head(head), events)
    for note in check.notes:
        log(f"note: {note}")
    problems = [*check.problems]
    for problem in problems:
        log(problem)
    again = Reproduction(signatures, [*databases, *default_folders(os.environ)])
    by_now = RemovedByNow(folder)
    not_read = 0
    for name in () if chain_only else sorted(check.files):
        found, agrees = list(again.differences(folder / name)), ""
        if wireshark:
            others, agrees = _second_opinion(folder / name)
            found = list(dict.fromkeys([*found, *others]))
        if found and not (folder / name).exists() and name in by_now:
            log(f"note: {name}: removed by netmon meanwhile")
            continue
        for problem in found:
            log(f"{name}: {problem}")
        if not found:
            not_read += wireshark and not agrees
            unread = ", and Wireshark does not read all of it" if wireshark and not agrees else agrees
            write_line(f"{name}: the same verdict{unread}")
        problems += found
    for program, count in sorted(again.other_programs.items()):
        log(f"note: {count:,} {plural(count, 'finding')} decided by another netmon: {program}")
    covered = f", {check.confirmed} of {check.events} events confirmed" if events else ""
    write_line(f"chain: {check.head.number} records, {len(check.files)} findings unchanged{covered}")
    write_line(f"head: {check.head}")
    if problems:
        sys.exit(ERROR)
    left = check.events - check.confirmed if events else 0
    more = (
        f"; {left:,} {plural(left, 'event')} of the chain cannot be confirmed by these files" if left else ""
    )
    if check.unknown:
        count = len(check.unknown)
        more += f"; {count:,} {plural(count, 'finding')} not in the chain, and not judged again"
    if not_read:
        more += f"; Wireshark does not read all of {not_read:,} {plural(not_read, 'finding')}"
    write_line(f"no problem found{more}")
    if not_read:
        sys.exit(UNREAD)


def _second_opinion(file: Path) -> tuple[list[str], str]:
    """What Wireshark contradicts, and on what it agrees; empty if it does not read all. Notes the rest."""
    # asyncio and dnspython are slow to import.
    from netmon.evidence.second_opinion import confirm  # noqa: PLC0415

    opinion = confirm(file)
    for line in opinion.unread:
        log(f"note: {file.name}: not read by Wireshark: {line}")
    for line in opinion.more:
        log(f"note: {file.name}: in addition, {line}")
    agrees = "" if opinion.unread else f", and Wireshark agrees on {opinion.confirmed}"
    return opinion.problems, agrees


def _existing(folder: Path) -> Path:
    if folder.is_file():
        raise OutputError(f"{folder}: a file; name the folder of the evidence")
    if not folder.is_dir():
        raise OutputError(f"{folder}: no such folder")
    return folder


def _read_head(given: str) -> Head:
    """A head as text, or in a file. Raises ConfigError."""
    path = Path(given)
    text = path.read_text("utf-8", "replace") if len(given) < 4096 and path.is_file() else given
    found = _HEAD.search(text)
    if found is None:
        raise ConfigError(f"--head: '{given}' is neither a number and a SHA-256, nor a file with them")
    return Head(int(found[1]), found[2])
