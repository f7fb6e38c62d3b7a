"""`netmon places`: where addresses are located, with the votes of all sources."""

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
from netmon.cli.options import ConfigOptions, RoundTripOption, grouped, round_trip_of
from netmon.cli.terminal import json_stream, log, make_console, printable
from netmon.outputs.events import describe_place, without_nulls
from netmon.outputs.json_line import json_line
from netmon.places.providers import UNKNOWN_PROVIDER
from netmon.records import Place


@grouped
def places(
    words: Annotated[list[str], typer.Argument(metavar="IP…", help="IPv4 or IPv6 addresses.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object per line and address.")
    ] = False,
    day: Annotated[
        datetime | None,
        typer.Option(
            "--day",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="Day for which networks and declarations must be valid. Default: today.",
        ),
    ] = None,
    rtt_ms: RoundTripOption = None,
    *,
    options: ConfigOptions,
) -> None:
    """Shows where addresses are located: the vote of every source, and the resulting place.

    Sources are your declarations, the location databases on this machine, and the networks in the
    signatures. The steps from the votes to the place are listed below each table.

    Examples:

      netmon places 192.0.2.10

      netmon places --day 2026-06-17 192.0.2.10 2001:db8::10

      netmon places --rtt-ms 3.2 192.0.2.10

      netmon places --json 192.0.2.10 | jq .place.country
    """
    addresses = [_address(word) for word in words]
    settings = options.load()
    databases = wiring.open_databases(settings, log)
    locator = wiring.make_locator(settings, wiring.load_signatures(settings), databases)
    when_ns = time.time_ns() if day is None else int(day.replace(tzinfo=UTC).timestamp()) * 1_000_000_000
    stream = json_stream()
    console = make_console()
    for address in addresses:
        place = locator.locate(address, when_ns, round_trip_of(rtt_ms, when_ns))
        if as_json:
            found = without_nulls({"address": address, "place": describe_place(place)})
            stream.write(json_line(found))
        else:
            _show(console, address, place)
    for problem in databases.take_problems():
        log(problem)


def _address(word: str) -> str:
    """An address in canonical form; the IPv4 address of an IPv4-mapped one (RFC 4291, 2.5.5.2)."""
    try:
        ip = ipaddress.ip_address(word)
    except ValueError as error:
        raise typer.BadParameter(
            f"'{printable(word)}' is not an IPv4 or IPv6 address", param_hint="IP"
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
        for heading in ("source", "date", "network", "about", "country", "city", "note"):
            table.add_column(heading, overflow="fold")
        for vote in place.votes:
            country = "another" if vote.contradicts else vote.country
            note = vote.note or ("provider unknown" if vote.provider == UNKNOWN_PROVIDER else None)
            cells = (vote.source, vote.date, vote.prefix, vote.about, country, vote.city, note)
            table.add_row(*(cell or "" for cell in cells))
        console.print(table)
    else:
        console.print(title, style="bold")
    about_trip = place.steps[:1] if place.round_trip else ()
    for step in (*about_trip, *place.steps[len(about_trip) + len(place.votes) :]):
        console.print(f"  {step}", soft_wrap=True)
    console.print()
