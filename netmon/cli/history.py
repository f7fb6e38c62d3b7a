"""`netmon history`: what the store has, by place, component, client, name, address or day."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import click
from rich.cells import cell_len

from netmon import wiring
from netmon.cli.console import make_console
from netmon.cli.grouping import grouped
from netmon.cli.options import ConfigOptions
from netmon.cli.period import period_of, since_option, until_option
from netmon.cli.single_options import language_option, store_option
from netmon.cli.spoken_language import LanguageName, chosen_language
from netmon.cli.stored_clients import require_level
from netmon.cli.terminal import json_stream, log, printable
from netmon.cli.values import OneOf, whole_number
from netmon.cli.views import Format, View
from netmon.config.settings import store_path
from netmon.errors import StoreError
from netmon.language.language import ENGLISH, Language
from netmon.language.marking import _
from netmon.outputs.layout import Grid, GridRow, Paragraph
from netmon.outputs.texts import bytes_text, flows_text
from netmon.store.history import (
    History,
    HistoryRow,
    as_csv,
    as_json,
    limit_texts,
    machine_lines,
    missing_lines,
    only_looked_up_lines,
    read_history,
    table_rows,
    undivided_lines,
)
from netmon.store.opening import opened_by_name

_VIEWS: Mapping[View, str] = {
    View.PLACE: _("place"),
    View.COMPONENT: _("component"),
    View.CLIENT: _("client"),
    View.NAME: _("name"),
    View.ADDRESS: _("address"),
    View.DAY: _("day"),
}
_NARROWEST_LABEL = 25


@click.command()
@click.option(
    "--by",
    type=OneOf(View),
    default=View.PLACE.value,
    metavar="VIEW",
    help="place, component, client, name, address or day.",
)
@since_option
@until_option
@click.option("--vendor", metavar="ID", help="Only flows of this vendor.")
@store_option
@click.option(
    "--privacy",
    type=whole_number(0, 3),
    metavar="LEVEL",
    help="Refuse to show clients that are stored at a lower level. Default: privacy.level.",
)
@language_option
@click.option(
    "--format",
    "output",
    type=OneOf(Format),
    default=Format.TABLE.value,
    metavar="table|csv|json",
    help="How it is written.",
)
@grouped(ConfigOptions)
def history(
    by: View,
    since: str | None,
    until: str | None,
    vendor: str | None,
    store: str | None,
    privacy: int | None,
    language: LanguageName | None,
    output: Format,
    options: ConfigOptions,
) -> None:
    """Shows flows that the store has kept.

    Days are UTC. A flow counts on its first day within the period, its bytes on the days on which they were
    seen. After the table stand times in which no sensor watched, and packets that were dropped.

    Examples:

      netmon history --since 30d

      netmon history --since 2026-06-01T08:00+02:00 --until 2026-06-01T18:00+02:00

      netmon history --by client --since 2026-06-01 --until 2026-06-30 --format csv

      netmon history --store office.db --by day
    """
    settings = options.load()
    path = store or store_path(settings, os.environ)
    if path is None:
        raise StoreError("there is no store: store.path is off; name one with --store")
    scope = period_of(since, until).scope(vendor)
    with opened_by_name(path, is_read_only=True, tell=log) as opened_store:
        if by is View.CLIENT:
            require_level(opened_store, scope, options.stored_level(settings, privacy))
        view = read_history(opened_store, scope, by.value)
        if vendor is not None and not view.rows:
            wiring.require_vendor(vendor, wiring.load_signatures(settings, log))
        shown = _shown(view, output, chosen_language(language))
    shown.write()  # the store is closed: a pager may be open all day


def show(view: History, output: Format, language: Language = ENGLISH) -> None:
    """Writes a view to standard output; only tables are in a language.

    A CSV has the rows of the view alone: what else is to be known goes to standard error.
    """
    _shown(view, output, language).write()


class _Shown(NamedTuple):
    """What is written of a view."""

    document: str = ""
    blocks: Sequence[Grid | Paragraph] = ()
    remarks: Sequence[str] = ()

    def write(self) -> None:
        if self.document:
            json_stream().write(self.document)
        if self.blocks:
            console = make_console()
            for one in self.blocks:
                console.print(one)
        for line in self.remarks:
            log(line)


def _shown(view: History, output: Format, language: Language) -> _Shown:
    if output is Format.TABLE:
        return _Shown(blocks=_table(view, language))
    if output is Format.JSON:
        return _Shown(as_json(view))
    remarks = _lines(view, language, (only_looked_up_lines, undivided_lines, missing_lines))
    return _Shown(as_csv(view), remarks=list(remarks))


def _table(view: History, language: Language) -> list[Grid | Paragraph]:
    say = language.say
    if not view.rows:
        period, vendor = _period_text(view, language), view.scope.vendor
        if vendor is None:
            text = say("No flow of a known vendor is stored{period}.", period=period)
        else:
            text = say("No flow of {vendor} is stored{period}.", vendor=vendor, period=period)
        return [
            Paragraph(line) for line in (text, *_lines(view, language, (only_looked_up_lines, missing_lines)))
        ]
    headings = (say("flows"), say("sent"), say("received"), say("findings"), say("undecided"))
    rows = [GridRow((say(_VIEWS[View(view.by)]),), headings, "bold")]
    rows += [
        GridRow((printable(label),), _numbers(row, language), "red" if row.findings else "")
        for label, row in table_rows(view, language)
    ]
    widths = [
        max(len(number) for number in column) + 1
        for column in zip(*(row.numbers for row in rows), strict=True)
    ]
    longest = max(cell_len(row.texts[0]) for row in rows)
    grid = Grid(rows, texts=(max(longest, _NARROWEST_LABEL),), numbers=widths)
    total = view.total
    text = say(
        "{flows}{period}: {sent} sent, {received} received.",
        flows=flows_text(total.flows, language),
        period=_period_text(view, language),
        sent=bytes_text(total.sent_bytes, language),
        received=bytes_text(total.received_bytes, language),
    )
    further = (machine_lines, only_looked_up_lines, undivided_lines, missing_lines)
    return [grid, *(Paragraph(line) for line in (text, *_lines(view, language, further)))]


def _lines(
    view: History, language: Language, parts: Iterable[Callable[[History, Language], Iterator[str]]]
) -> Iterator[str]:
    return (line for part in parts for line in part(view, language))


def _numbers(row: HistoryRow, language: Language) -> tuple[str, ...]:
    totals = row.totals
    octets = (bytes_text(size, language) for size in (totals.sent_bytes, totals.received_bytes))
    return (
        language.number(totals.flows),
        *octets,
        language.number(row.findings),
        language.number(row.undecided),
    )


def _period_text(view: History, language: Language) -> str:
    """The period in words: "" for everything that is stored."""
    scope, say = view.scope, language.say
    first, last = limit_texts(scope)
    since = "" if first is None else say(" from {day}", day=first)
    until = "" if last is None else say(" until {day}", day=last)
    return since + until
