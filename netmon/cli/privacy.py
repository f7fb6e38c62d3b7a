"""`netmon privacy`: the key of the pseudonyms, who they stand for, and what is stored about clients."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from netmon.cli.commands import Ordered
from netmon.cli.console import make_console
from netmon.cli.erase import erase
from netmon.cli.exit_codes import ERROR
from netmon.cli.grouping import grouped
from netmon.cli.key_options import KeyOptions
from netmon.cli.single_options import language_option
from netmon.cli.spoken_language import LanguageName, chosen_language
from netmon.cli.terminal import json_stream, log, write_line
from netmon.cli.values import FILE, WORD, whole_number
from netmon.config.settings import Config
from netmon.days import day_start_ns
from netmon.errors import ConfigError
from netmon.privacy import identification_log
from netmon.privacy.identification import MAX_ADDRESSES, check_pseudonyms, identify, parse_networks
from netmon.privacy.key_file import kept_keys, make_key, read_all_keys, remove_expired, rotate_key
from netmon.privacy.levels import CLIENT, COUNTED, Pseudonyms
from netmon.privacy.periods import period_name
from netmon.processing.activities import NamedStore, list_activities
from netmon.processing.table import as_document, as_lines
from netmon.store.address import is_address
from netmon.store.levels import levels_of
from netmon.store.opening import opened_by_name

app = Ordered("privacy", help="Manages pseudonyms, and lists what is stored about clients.")
app.add_command(erase)


@app.command("key")
@click.argument("file", type=FILE, metavar="FILE", help="A file that does not exist yet.")
def create_key(file: Path) -> None:
    """Creates a key for pseudonyms, which only its owner may read.

    Give it to netmon as privacy.key_file. Whoever has the key can find out which client a pseudonym stands
    for.

    Examples:

      sudo netmon privacy key /etc/netmon/privacy.key
    """
    make_key(file)
    write_line(f"{file}: created; set privacy.key_file to it, and keep it where backups of events are not")


@app.command("rotate")
@click.option(
    "--keep-days",
    type=whole_number(0, 3650),
    default=90,
    metavar="DAYS",
    help="The old key is kept for so many days, to identify clients of earlier days.",
)
@grouped(KeyOptions)
def replace_key(keep_days: int, options: KeyOptions) -> None:
    """Replaces the key; the old one is kept for a while, then removed.

    A sensor uses the new key from its next start on. Pseudonyms of the old key cannot be identified any more
    once it is removed, by anyone. Run this from a timer, for example once a year.

    Examples:

      sudo netmon privacy rotate --keep-days 90 && sudo systemctl restart netmon
    """
    file = _key_file(options.load())
    now = datetime.now(UTC)
    identification_log.append(file, now, "rotate", keep_days=keep_days)
    kept = rotate_key(file, now.date(), keep_days)
    write_line(f"{file}: replaced; restart netmon, which uses the old key until then")
    write_line(f"{kept.file}: the old key, kept until {kept.until}")
    _remove_expired(file, now)


@app.command("identify", short_help="Finds the address that a pseudonym stands for.")
@click.argument(
    "pseudonyms",
    metavar="PSEUDONYM…",
    nargs=-1,
    required=True,
    help="Such as client-a70e6ec833b3d7a2.",
)
@click.option("--day", required=True, metavar="YYYY-MM-DD", help="The day of the event, in UTC.")
@click.option(
    "--network",
    "networks",
    required=True,
    multiple=True,
    metavar="NETWORK",
    help="Where the client may be; repeat it for more.",
)
@click.option("--reason", required=True, metavar="TEXT", help="Why the client is identified; it is logged.")
@grouped(KeyOptions)
def identify_clients(
    pseudonyms: tuple[str, ...], day: str, networks: tuple[str, ...], reason: str, options: KeyOptions
) -> None:
    """Finds the address that a pseudonym stands for, by trying all addresses of the given networks.

    Needs the key. Who asked, when, why, and for which pseudonym is written to a log beside the key, before
    anything is tried. Exits with 1 if an address was not found.

    Examples:

      sudo netmon privacy identify client-a70e6ec833b3d7a2 --network 10.0.0.0/8 --day 2026-11-28 --reason
      "ticket 4711"
    """
    check_pseudonyms(pseudonyms)
    tried = parse_networks(networks)
    if not reason.strip():
        raise ConfigError("--reason is empty: say why the client is identified")
    settings = options.load()
    file, now = _key_file(settings), datetime.now(UTC)
    _remove_expired(file, now)
    makers = _makers(settings, file, _day_ns(day, now.date()), pseudonyms)
    asked = {"pseudonyms": pseudonyms, "day": day, "networks": networks, "reason": reason}
    identification_log.append(file, now, "identify", **asked)
    total = sum(network.num_addresses for network in tried)
    with _progress(total) as report:
        found = identify(pseudonyms, tried, makers, report)
    identification_log.append(file, datetime.now(UTC), "identified", pseudonyms=sorted(found))
    for pseudonym in dict.fromkeys(pseudonyms):
        write_line(f"{pseudonym}: {found.get(pseudonym, 'not found')}")
    if len(found) < len(set(pseudonyms)):
        log(
            f"not found among {total:,} addresses: check the day (UTC) and the networks; the key may "
            f"be another "
            f"one, or was removed ({1 + len(list(kept_keys(file)))} tried)"
        )
        sys.exit(ERROR)


@app.command("list", short_help="Lists what is stored about clients, why and for how long.")
@language_option
@click.option("--json", "as_json", is_flag=True, help="Write the list as JSON.")
@click.option("--store", type=WORD, metavar="STORE", help="Also list this store, such as that of a fleet.")
@grouped(KeyOptions)
def list_stored(language: LanguageName | None, as_json: bool, store: str | None, options: KeyOptions) -> None:
    """Lists what netmon stores, where, why, for how long, and who can read it.

    The list follows from the configuration in effect and from the rights of the files on this machine. It is
    meant as input for a works agreement or a record of processing activities.

    Examples:

      netmon privacy list --config /etc/netmon/netmon.yaml

      netmon privacy list --language de > verzeichnis.txt

      netmon privacy list --store clickhouse://netmon@db.example:8123/netmon
    """
    say, settings = chosen_language(language).say, options.load()
    activities = list_activities(settings, os.environ, None if store is None else _named_store(store))
    if as_json:
        document = as_document(settings, activities, say)
        json_stream().write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        return
    for line in as_lines(settings, activities, say):
        write_line(line)


def _named_store(name: str) -> NamedStore:
    """What a store says of itself. Raises StoreError."""
    with opened_by_name(name, is_read_only=True, tell=log) as reader:
        return NamedStore(
            name, levels_of(reader), reader.keep_days(), None if is_address(name) else Path(name)
        )


def _key_file(settings: Config) -> Path:
    if settings.privacy_key is None:
        where = settings.file or "netmon.yaml"
        raise ConfigError(
            f"{where}: there is no privacy.key_file, so the key was a random one that nobody has any "
            f"more: create one "
            "with `netmon privacy key FILE`"
        )
    return settings.privacy_key


def _day_ns(text: str, today: date) -> int:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--day: '{text}' is not a date: write 2026-01-31") from error
    if day > today:
        raise ConfigError(f"--day: {day} has not come yet")
    return day_start_ns(day.isoformat())


def _makers(settings: Config, file: Path, when_ns: int, pseudonyms: Sequence[str]) -> list[Pseudonyms]:
    """What makes the pseudonyms of the day, and of its period if one is asked for, by each key."""
    keys = read_all_keys(file)
    names = {
        CLIENT: period_name("day", when_ns),
        COUNTED: period_name(settings.count_period, when_ns),
    }
    return [
        Pseudonyms(key, prefix, name)
        for prefix, name in names.items()
        if any(one.startswith(prefix) for one in pseudonyms)
        for key in keys
    ]


def _remove_expired(file: Path, now: datetime) -> None:
    for removed in remove_expired(file, now.date()):
        identification_log.append(file, now, "remove_key", file=removed.name)
        write_line(f"{removed}: removed, because its time is over")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar, only on a terminal."""
    console = make_console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("trying addresses", total=min(total, MAX_ADDRESSES))
        yield lambda number: bar.update(task, completed=number)
