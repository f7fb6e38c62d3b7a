"""`netmon places`: where addresses are, with all that is said about it."""

from __future__ import annotations

import ipaddress
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from netmon import wiring
from netmon.cli.options import ConfigOptions, grouped
from netmon.cli.terminal import json_stream, make_console, printable, tell
from netmon.outputs.events import describe_place, without_nulls
from netmon.outputs.json_line import json_line
from netmon.records import Place


@grouped
def places(
    words: Annotated[list[str], typer.Argument(metavar="IP…", help="IPv4 or IPv6 addresses.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each address.")] = False,
    day: Annotated[
        datetime | None,
        typer.Option(
            "--day",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="The day in question: networks and declarations have dates. Otherwise today.",
        ),
    ] = None,
    *,
    options: ConfigOptions,
) -> None:
    """Shows where addresses are: every source, what it says, and what follows from it.

    Sources are your declarations, the location databases of this machine, and the networks of the
    signatures. What follows, and why, is told below each table.

    Examples:

      netmon places 192.0.2.10

      netmon places --day 2026-06-17 192.0.2.10 2001:db8::10

      netmon places --json 192.0.2.10 | jq .place.country
    """
    addresses = [_address(word) for word in words]
    settings = options.load()
    databases = wiring.open_databases(settings, tell)
    locator = wiring.make_locator(settings, wiring.load_signatures(settings), databases)
    when_ns = time.time_ns() if day is None else int(day.replace(tzinfo=UTC).timestamp()) * 1_000_000_000
    stream = json_stream()
    console = make_console()
    for address in addresses:
        place = locator.locate(address, when_ns)
        if as_json:
            found = without_nulls({"address": address, "place": describe_place(place)})
            stream.write(json_line(found))
        else:
            _show(console, address, place)
    for problem in databases.take_problems():
        tell(problem)


def _address(word: str) -> str:
    """An address as the engine writes it; of a mapped one, what it maps (RFC 4291, 2.5.5.2)."""
    try:
        ip = ipaddress.ip_address(word)
    except ValueError as error:
        raise typer.BadParameter(
            f"'{printable(word)}' is no IPv4 or IPv6 address", param_hint="IP"
        ) from error
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def _where(place: Place) -> str:
    if place.confidence in ("unknown", "disputed"):
        return "no place"
    return f"{place.city or f'city {place.location}'}, {place.country}"


def _show(console: Console, address: str, place: Place) -> None:
    title = f"{address}: {_where(place)} ({place.confidence})"
    if place.votes:
        table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
        for heading in ("source", "of", "network", "speaks of", "country", "city", "note"):
            table.add_column(heading, overflow="fold")
        for vote in place.votes:
            country = "another" if vote.contradicts else vote.country
            cells = (vote.source, vote.date, vote.prefix, vote.about, country, vote.city, vote.note)
            table.add_row(*(cell or "" for cell in cells))
        console.print(table)
    else:
        console.print(title, style="bold")
    for step in place.steps[len(place.votes) :]:
        console.print(f"  {step}", soft_wrap=True)
    console.print()
