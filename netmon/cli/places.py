"""`netmon places`: where addresses are located, with the votes of all sources."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Sequence
from datetime import date

import click
from rich import box
from rich.console import Console
from rich.table import Table

from netmon import wiring
from netmon.cli.console import make_console
from netmon.cli.grouping import grouped
from netmon.cli.options import ConfigOptions
from netmon.cli.page import write_wrapped
from netmon.cli.single_options import round_trip_of, round_trip_option
from netmon.cli.terminal import json_stream, log, printable
from netmon.cli.values import day as parse_day
from netmon.days import day_start_ns
from netmon.outputs.json_line import json_line, without_nulls
from netmon.outputs.layout import Paragraph
from netmon.outputs.meaning_fields import place_fields, plain_values
from netmon.places.embedded import embedded_ipv4
from netmon.places.provider import UNKNOWN_PROVIDER
from netmon.records import Place, Trips, Vote
from netmon.signatures.cached import cache_folder


@click.command()
@click.argument("words", metavar="IP…", nargs=-1, required=True, help="IPv4 or IPv6 addresses.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object per line and address.")
@click.option(
    "--day",
    type=parse_day,
    metavar="DATE",
    help="Day for which networks and declarations must be valid, such as 2026-06-30. Default: today.",
)
@round_trip_option
@grouped(ConfigOptions)
def places(
    words: tuple[str, ...], as_json: bool, day: date | None, rtt_ms: float | None, options: ConfigOptions
) -> None:
    """Shows where addresses are located: the vote of every source, and the resulting place.

    Sources are your declarations, the location databases on this machine, and the networks in the
    signatures. The steps from the votes to the place are listed below each table. If an IPv6 address contains
    an IPv4 address (NAT64, 6to4, Teredo), that one is located, because packets arrive there.

    Examples:

      netmon places 192.0.2.10

      netmon places --day 2026-06-17 192.0.2.10 2001:db8::10

      netmon places --rtt-ms 3.2 192.0.2.10

      netmon places --json 192.0.2.10 | jq .place.country
    """
    addresses = [_address(word) for word in words]
    settings = options.load()
    databases = wiring.open_databases(settings, log)
    locator = wiring.make_locator(
        settings, wiring.load_signatures(settings, cache=cache_folder(os.environ)), databases
    )
    when_ns = time.time_ns() if day is None else day_start_ns(day.isoformat())
    stream = json_stream()
    console = make_console()
    for address in addresses:
        embedded = embedded_ipv4(address, settings.nat64_prefixes)
        trip = round_trip_of(rtt_ms, when_ns)
        place, trips = locator.locate_by(embedded or address, when_ns, trip, None)
        if as_json:
            found = {
                "address": address,
                "embedded_ip": embedded,
                "place": plain_values(place_fields(place, trips)),
            }
            stream.write(json_line(without_nulls(found)))
        else:
            _show(console, f"{address} ({embedded})" if embedded else address, place, trips)
    for problem in databases.take_problems():
        log(problem)


def _address(word: str) -> str:
    """An address in canonical form; the IPv4 address of an IPv4-mapped one (RFC 4291, 2.5.5.2)."""
    try:
        ip = ipaddress.ip_address(word)
    except ValueError as error:
        raise click.BadParameter(
            f"'{printable(word)}' is not an IPv4 or IPv6 address; netmon looks no names up, and "
            "`netmon signatures explain NAME` shows what the signatures say about one",
            param_hint="IP",
        ) from error
    if getattr(ip, "scope_id", None):
        raise click.BadParameter(
            f"'{printable(word)}' has a zone, which is no part of an address: omit '%' and what follows",
            param_hint="IP",
        )
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def _where(place: Place) -> str:
    if place.confidence in ("unknown", "disputed"):
        return "no place"
    return f"{place.city or 'city unknown'}, {place.country}"


def _show(console: Console, address: str, place: Place, trips: Trips) -> None:
    title = f"{address}: {_where(place)} ({place.confidence})"
    if place.votes:
        unlimited = console.options.update(max_width=1_000)
        for table in (_wide_table(title, place.votes), _narrow_table(title, place.votes)):
            if console.measure(table, options=unlimited).maximum <= console.width:
                console.print(table)
                break
        else:
            _list_votes(console, title, place.votes)
    else:
        console.print(Paragraph(title, "bold"))
    for step in (*trips.before, *place.steps[len(place.votes) :]):
        write_wrapped(f"  {step}")
    console.print()


def _wide_table(title: str, votes: Sequence[Vote]) -> Table:
    """A line for each vote."""
    table = _empty_table(title, ("source", "date", "network", "about", "country", "city", "note"))
    for vote in votes:
        cells = (vote.source, vote.date, vote.prefix, vote.about, _country(vote), vote.city, _note(vote))
        table.add_row(*(cell or "" for cell in cells))
    return table


def _narrow_table(title: str, votes: Sequence[Vote]) -> Table:
    """Two lines for each vote, so that names, networks and dates are not broken on a narrow terminal."""
    table = _empty_table(title, ("source", "network", "place"))
    for vote in votes:
        place = "\n".join(filter(None, (_country(vote), vote.city, _note(vote))))
        table.add_row(f"{vote.source}\n{vote.date or ''}", f"{vote.prefix or ''}\n{vote.about}", place)
    return table


def _list_votes(console: Console, title: str, votes: Sequence[Vote]) -> None:
    """Lines for each vote, where no table fits."""
    console.print(Paragraph(title, "bold"))
    for vote in votes:
        console.print(Paragraph(vote.source, first="  ", others="    "))
        for parts in ((vote.date, vote.prefix, vote.about), (_country(vote), vote.city, _note(vote))):
            if text := ", ".join(filter(None, parts)):
                console.print(Paragraph(text, first="    ", others="      "))
    console.print()


def _empty_table(title: str, headings: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _country(vote: Vote) -> str | None:
    return "another" if vote.contradicts else vote.country


def _note(vote: Vote) -> str | None:
    return vote.note or ("provider unknown" if vote.provider == UNKNOWN_PROVIDER else None)
