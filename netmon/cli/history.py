"""`netmon history`: what the store has, by place, component, client, name, address or day."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from netmon.cli.options import ConfigOptions, grouped
from netmon.cli.period import SinceOption, UntilOption, period_of
from netmon.cli.terminal import json_stream, make_console, write_line
from netmon.config.settings import store_path
from netmon.errors import StoreError
from netmon.outputs.texts import bytes_text, plural
from netmon.store.history import History, as_csv, as_json, day_text, machine_lines, read_history, table_rows
from netmon.store.opening import opened_by_name
from netmon.store.queries import Scope


class View(StrEnum):
    """What flows are grouped by."""

    PLACE = "place"
    COMPONENT = "component"
    CLIENT = "client"
    NAME = "name"
    ADDRESS = "address"
    DAY = "day"


class Format(StrEnum):
    """How a view is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@grouped
def history(
    by: Annotated[
        View,
        typer.Option("--by", metavar="VIEW", help="place, component, client, name, address or day."),
    ] = View.PLACE,
    since: SinceOption = None,
    until: UntilOption = None,
    vendor: Annotated[
        str | None, typer.Option("--vendor", metavar="ID", help="Only flows of this vendor.")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="STORE", help="Store instead of that of the configuration."),
    ] = None,
    output: Annotated[
        Format, typer.Option("--format", metavar="table|csv|json", help="How it is written.")
    ] = Format.TABLE,
    *,
    options: ConfigOptions,
) -> None:
    """Shows flows that the store has kept.

    Days are UTC. A flow counts on its first day within the period, its bytes on the days on which they were
    seen.

    Examples:

      netmon history --since 30d

      netmon history --by client --since 2026-06-01 --until 2026-06-30 --format csv

      netmon history --store office.db --by day
    """
    path = store or store_path(options.load(), os.environ)
    if path is None:
        raise StoreError("there is no store: store.path is off; name one with --store")
    first, end = period_of(since, until)
    scope = Scope(since_day=first, until_day=end, vendor=vendor)
    with opened_by_name(path, is_read_only=True) as opened_store:
        show(read_history(opened_store, scope, by.value), output)


def show(view: History, output: Format) -> None:
    """Writes a view to standard output."""
    if output is Format.TABLE:
        _show_table(view)
    else:
        json_stream().write(as_csv(view) if output is Format.CSV else as_json(view))


def _show_table(view: History) -> None:
    if not view.rows:
        write_line(f"No flow of a known vendor is stored{_period_text(view)}.")
        return
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column(view.by, min_width=25)
    for heading in ("flows", "sent", "received", "findings", "undecided"):
        table.add_column(heading, justify="right", no_wrap=True)
    for label, row in table_rows(view):
        colour = "red" if row.findings else ""
        numbers = (row.totals.flows, row.findings, row.undecided)
        flows, findings, undecided = (f"{number:,}" for number in numbers)
        sent, received = bytes_text(row.totals.sent_bytes), bytes_text(row.totals.received_bytes)
        table.add_row(Text(label), flows, sent, received, Text(findings, colour), undecided)
    make_console().print(table)
    total = view.total
    sent, received = bytes_text(total.sent_bytes), bytes_text(total.received_bytes)
    noun = plural(total.flows, "flow")
    write_line(f"{total.flows:,} {noun}{_period_text(view)}: {sent} sent, {received} received.")
    for line in machine_lines(view):
        write_line(line)


def _period_text(view: History) -> str:
    """The period in words: "" for everything that is stored."""
    scope = view.scope
    since = "" if scope.since_day is None else f" from {day_text(scope.since_day)}"
    until = "" if scope.until_day is None else f" until {day_text(scope.until_day - 1)}"
    return since + until
