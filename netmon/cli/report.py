"""`netmon report`: a store, or capture files → a report for people."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import click

from netmon import wiring
from netmon.cli.exit_codes import ERROR
from netmon.cli.grouping import grouped
from netmon.cli.named_files import check_filter, split_words
from netmon.cli.options import CaptureOptions, SourceName
from netmon.cli.period import period_of, since_option, until_option
from netmon.cli.single_options import language_option
from netmon.cli.spoken_language import LanguageName, chosen_language
from netmon.cli.stored_clients import require_level
from netmon.cli.terminal import log, printable
from netmon.cli.values import WORD, OneOf
from netmon.config.settings import Config, store_path
from netmon.errors import ReportError, SourceError
from netmon.language.language import Language
from netmon.outputs.observer import Observer
from netmon.privacy.shown_filter import shown_filter
from netmon.report.build import build
from netmon.report.checks import checks_of
from netmon.report.gather import gather
from netmon.report.model import Report
from netmon.report.tabular import TableName, table_as_csv
from netmon.report.view import ViewGrade
from netmon.report.write import FORMATS, STANDARD_OUTPUT, check_target, contents_of, write_report
from netmon.signatures.cached import cache_folder
from netmon.signatures.match import compile_matcher
from netmon.signatures.model import SignatureSet
from netmon.sources.file_identity import run_of
from netmon.sources.files import FileSource
from netmon.sources.find_files import captures_of
from netmon.store.kept import kept_in
from netmon.store.opening import opened_by_name
from netmon.store.queries import Reader, Scope
from netmon.store.reading import ReadUnder
from netmon.store.sqlite import MEMORY


class FormatName(StrEnum):
    """The format of a report."""

    HTML = "html"
    PDF = "pdf"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True)
class _Asked:
    """What is reported, and how."""

    vendor: str | None
    target: str
    kind: FormatName
    table: TableName | None
    language: Language


@click.command()
@click.argument(
    "files",
    metavar="[FILE…] [FILTER…]",
    nargs=-1,
    type=WORD,
    help="Capture files, folders, patterns, then an optional BPF filter. Without any, the store is reported.",
)
@since_option
@until_option
@click.option("--store", type=WORD, metavar="STORE", help="Store instead of the configured one.")
@click.option("--vendor", metavar="VENDOR", help="Only this vendor. Default: all seen.")
@click.option(
    "--format",
    "kind",
    type=OneOf(FormatName),
    metavar="html|pdf|json|csv",
    help="Format of the report. Default: as the name of the file ends; html if it has no ending.",
)
@click.option(
    "--table",
    type=OneOf(TableName),
    metavar="NAME",
    help=f"Only this table of the page, as CSV: {', '.join(TableName)}. -o is optional.",
)
@language_option
@click.option(
    "--output",
    "-o",
    "target",
    type=WORD,
    metavar="OUT",
    help="File to write; '-': standard output.",
)
@grouped(CaptureOptions)
def report(
    files: tuple[str, ...],
    since: str | None,
    until: str | None,
    store: str | None,
    vendor: str | None,
    kind: FormatName | None,
    table: TableName | None,
    language: LanguageName | None,
    target: str | None,
    options: CaptureOptions,
) -> None:
    """Writes a report for people: what was seen, what it shows, and how to check it.

    Reports what a store has about a period, or what capture files contain. The report is one file: a page
    that needs no network, the same as PDF, all its numbers as JSON, or its table as CSV. JSON and CSV are the
    same in every language. Exits with 0 if it was written, whatever it says; with 1 also if most of the
    packets could not be decoded.

    Examples:

      netmon report --since 30d -o september.html

      netmon report --since 2026-09-01 --until 2026-09-30 --language de -o september.pdf

      netmon report --since 2026-09-15T08:00+02:00 --until 2026-09-15T18:00+02:00 -o working-day.html

      netmon report --country DE office.pcap -o office.html

      netmon report --country DE office.pcap -o laptop.html host 192.0.2.7

      netmon report --country DE --table findings office.pcap
    """
    others = {kind or Path(target or "").suffix.lower().removeprefix(".")} & {*FORMATS} - {FormatName.CSV}
    if table is not None and others:
        raise click.BadParameter(
            f"a table is written as CSV, and not as {others.pop()}", param_hint="--table"
        )
    if target is None and table is not None:
        target = STANDARD_OUTPUT
    if target is None:
        raise click.BadParameter("give the file to write, such as -o report.html", param_hint="-o")
    if files and (since or until or store):
        raise click.BadParameter("--since, --until and --store select from a store, and not from files")
    if options.country is not None and not files:
        raise click.BadParameter(
            "it selects promises for files; a store holds what was decided when the flows were recorded",
            param_hint="--country",
        )
    if table is None and kind is None:
        kind = _format_of(target)
    asked = _Asked(vendor, target, kind or FormatName.CSV, table, chosen_language(language))
    if target == STANDARD_OUTPUT and asked.kind is FormatName.PDF and sys.stdout.isatty():
        raise ReportError("a PDF is not written to a terminal: give a file with -o")
    check_target(target)
    settings = options.load()
    known = wiring.load_signatures(settings, log, cache=cache_folder(os.environ))
    if vendor is not None:
        wiring.require_vendor(vendor, known)
    if files:
        _report_files(files, settings, known, options, asked)
    else:
        _report_store(store, since, until, settings, known, options, asked)


def _format_of(target: str) -> FormatName:
    """The format that the name of a file stands for; a page if it has no ending."""
    ending = Path(target).suffix.lower().removeprefix(".")
    if ending in FORMATS:
        return FormatName(ending)
    if ending not in ("", "htm"):
        raise click.BadParameter(
            f"a report is {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, and not {printable(ending)}: "
            "change the ending, or give --format as well",
            param_hint="-o",
        )
    return FormatName.HTML


def _report_store(
    store: str | None,
    since: str | None,
    until: str | None,
    settings: Config,
    known: SignatureSet,
    options: CaptureOptions,
    asked: _Asked,
) -> None:
    period = period_of(since, until)
    path = store if store is not None else store_path(settings, os.environ)
    if path is None:
        raise ReportError("the store is off (store.path): give capture files, or another store with --store")
    limits = [*_given("--store", store), *period.words, *_given("--vendor", asked.vendor)]
    words = ["netmon", "report", *limits, *_selecting(options), *_given("--privacy", options.privacy)]
    with opened_by_name(path, is_read_only=True, tell=log) as reader:
        selection = period.scope(asked.vendor)
        require_level(reader, selection, options.stored_level(settings, options.privacy))
        made = _make(reader, selection, known, asked, words, checks_of(words))
    if not made.write(asked.target):  # the store is closed: a pager may be open all day
        sys.exit(ERROR)


def _report_files(
    files: Sequence[str], settings: Config, known: SignatureSet, options: CaptureOptions, asked: _Asked
) -> None:
    if options.source is not SourceName.NATIVE:
        raise SourceError("a report reads files with --source native only")
    given_files, filter_words = split_words(files)
    expression = check_filter(filter_words)
    found = captures_of(given_files)
    paths = found.paths
    for note in found.notes:
        log(note)
    databases = wiring.open_databases(settings, log)
    monitor = wiring.make_monitor(settings, known, databases=databases)
    observer = Observer(settings.sensor, settings.site, run_of(paths, expression))
    given = [*_selecting(options), *_given("--country", options.country)]
    given += [*_given("--privacy", options.privacy), *_given("--vendor", asked.vendor)]
    privacy = wiring.make_privacy(settings)
    shown_words = shown_filter(expression, privacy.level).split()
    words = ["netmon", "report", *given]
    under = ReadUnder(settings, known, databases.current, privacy, observer, paths, expression)
    with kept_in(MEMORY, under) as kept:
        source = FileSource(
            paths, compile_matcher(known), filter_expression=expression, limits=settings.engine_keywords()
        )
        for batch in source.batches():
            wiring.deliver(batch, monitor, [kept.reading])
        problems = [*found.problems, *source.problems]
        kept.reading.finish(source.stats(), problems)
        selection = Scope(vendor=asked.vendor)
        checks = checks_of(words, given_files, shown_words)
        words += [*given_files, *shown_words]
        made = _make(kept.store, selection, known, asked, words, checks)
    is_read = made.write(asked.target)
    for line in (*problems, *databases.take_problems()):
        log(line)
    if problems or not is_read:
        sys.exit(ERROR)


class _Made(NamedTuple):
    """A report as it is written, and how much the sensors saw."""

    contents: bytes
    grade: ViewGrade

    def write(self, target: str) -> bool:
        """Writes it; False if most packets, or those of an interface, could not be decoded."""
        write_report(target, self.contents)
        if self.grade == "unread":
            log("most packets could not be decoded, so the report shows little; it says what they carry")
        if self.grade == "partly_unread":
            log("many packets of an interface could not be decoded, so the report is incomplete")
        return self.grade not in ("unread", "partly_unread")


def _make(
    reader: Reader,
    selection: Scope,
    known: SignatureSet,
    asked: _Asked,
    words: list[str],
    checks: dict[str, str],
) -> _Made:
    facts = gather(reader, selection, time.time_ns())
    seen = {group.meaning.vendor for group in facts.groups} | {use.vendor for use in facts.resolvers}
    shown = sorted(seen | facts.looked_up.keys()) or sorted(known.vendors)
    vendors = [asked.vendor] if asked.vendor is not None else shown
    made = build(facts, known, vendors, words)
    return _Made(_contents(made, asked, known, checks), made.view.grade)


def _contents(made: Report, asked: _Asked, known: SignatureSet, checks: dict[str, str]) -> bytes:
    if asked.table is not None:
        return table_as_csv(made, asked.table).encode()
    return contents_of(made, asked.kind.value, asked.language, known.locations, checks)


def _selecting(options: CaptureOptions) -> list[str]:
    """The options that say what decides."""
    return [*_given("--config", options.config), *_given("--signatures", options.signatures)]


def _given(option: str, value: object) -> Iterator[str]:
    """The words of an option, if it was given."""
    if value is not None:
        yield from (option, str(value))
