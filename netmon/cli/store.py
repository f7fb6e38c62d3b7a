"""`netmon store`: brings events into a store, and shows the tables of one in ClickHouse."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from netmon.cli.collect import collect
from netmon.cli.commands import Ordered
from netmon.cli.event_lines import event_lines, opened_events
from netmon.cli.exit_codes import ERROR
from netmon.cli.grouping import grouped
from netmon.cli.options import ConfigOptions
from netmon.cli.single_options import store_option
from netmon.cli.terminal import json_stream, log, printable, write_line
from netmon.cli.values import WORD, whole_number
from netmon.config.settings import store_path
from netmon.errors import SourceError, StoreError
from netmon.outputs.texts import plural
from netmon.store.clickhouse_tables import DEFAULT_DAYS, make_ddl
from netmon.store.intake import import_lines
from netmon.store.kept import imported_into

app = Ordered("store", help="Brings events into a store, or shows its tables.")
app.add_command(collect)
_MOST_PROBLEMS = 5


@app.command("ddl")
@click.option(
    "--days",
    type=whole_number(0),
    default=DEFAULT_DAYS,
    metavar="DAYS",
    help="How long rows are kept; 0: for ever.",
)
def show_ddl(days: int) -> None:
    """Shows the statements that make the tables of a store in ClickHouse.

    Examples:

      netmon store ddl --days 90 | clickhouse-client --database netmon --multiquery
    """
    json_stream().write(make_ddl(days))


@app.command("import")
@click.argument(
    "files",
    metavar="EVENTS…",
    nargs=-1,
    required=True,
    type=WORD,
    help="Files of events, also .gz ('-': standard input).",
)
@store_option
@grouped(ConfigOptions)
def import_events(files: tuple[str, ...], store: str | None, options: ConfigOptions) -> None:
    """Adds the events of files to a store.

    Events are those of `events.file` or of `netmon read --json`, of any number of sensors. Events that are
    stored already change nothing; if flows of theirs are stored from another run, nothing is imported. Flows
    of no vendor and DNS messages are not stored. Exits with 1 if a line is no event of netmon; the others are
    stored all the same.

    Examples:

      netmon store import --store office.db events.jsonl events.jsonl.*.gz
    """
    path = store or store_path(options.load(), os.environ)
    if path is None:
        raise StoreError("there is no store: store.path is off; name one with --store")
    for name in files:
        if name != "-" and not Path(name).exists():
            raise SourceError(f"{printable(name)}: no such file")
    has_problems = False
    with imported_into(path) as intake:
        for name in files:
            with opened_events(name) as stream:
                count, problems = import_lines(event_lines(stream), intake)
            write_line(f"{name}: {count:,} {plural(count, 'event')}")
            if problems and not count:
                log(
                    f"{name}: no line is an event of netmon ({problems[0]}); a capture is stored by "
                    "netmon read --store"
                )
                has_problems = True
                continue
            for problem in problems[:_MOST_PROBLEMS]:
                log(f"{name}: {problem}")
            if len(problems) > _MOST_PROBLEMS:
                log(f"{name}: {len(problems) - _MOST_PROBLEMS:,} more lines are no events")
            has_problems = has_problems or bool(problems)
    if has_problems:
        sys.exit(ERROR)
