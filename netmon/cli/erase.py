"""`netmon privacy erase`: removes what is stored of clients."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from netmon.cli.key_options import KeyOptions
from netmon.cli.options import grouped
from netmon.cli.terminal import log, write_line
from netmon.config.settings import Config
from netmon.days import DAY_NS, iso_day
from netmon.errors import ConfigError, StoreError, reason_of
from netmon.evidence.erasure import erase as erase_finding
from netmon.evidence.of_clients import documents_of
from netmon.privacy import identification_log
from netmon.privacy.event_erasure import erase_events, event_files
from netmon.privacy.identification import check_pseudonyms
from netmon.privacy.key_file import read_all_keys
from netmon.privacy.levels import CLIENT, Pseudonyms
from netmon.store.erasure import days_of_flows, erase_clients
from netmon.store.reading import opened

_DAYS_WITHOUT_STORE = 400
"""Days of pseudonyms that are looked for in events: longer than these are kept."""


@grouped
def erase(
    clients: Annotated[
        list[str],
        typer.Argument(metavar="CLIENT…", help="An address, or a pseudonym such as client-a70e6ec833b3d7a2."),
    ],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept, so do not name the person.")
    ],
    store: Annotated[
        Path | None, typer.Option("--store", metavar="FILE", help="The store to erase from.")
    ] = None,
    *,
    options: KeyOptions,
) -> None:
    """Removes what is stored of a client.

    From the store, the evidence, events.file, and the files it was rotated to. Of an address, its pseudonyms
    are removed as well, as far as the keys are still there. A tombstone in place of each event has the hash
    of what stood there, so that the chain of the evidence stays verifiable; the store keeps when, why and how
    much was erased. What shows the client's network only (level 2) cannot be attributed to it and stays.

    Examples:

      sudo netmon privacy erase 192.0.2.17 --store /var/lib/netmon/store.db --reason "request of 2026-11-28"
    """
    if not reason.strip():
        raise ConfigError("--reason is empty: say why the client is erased")
    settings, now = options.load(), datetime.now(UTC)
    files = [] if settings.events is None else event_files(settings.events)
    if store is None and settings.events is None:
        raise ConfigError("nothing to erase from: give --store FILE, or a configuration with events.file")
    addresses = _addresses(clients)
    if settings.privacy_key is not None:
        identification_log.append(
            settings.privacy_key, now, "erase", clients=len(set(clients)), reason=reason
        )
    today = int(now.timestamp() * 1_000_000_000) // DAY_NS
    recent = range(today - _DAYS_WITHOUT_STORE, today + 1)
    shown = frozenset({*clients, *addresses, *_pseudonyms(settings, addresses, recent)})
    if settings.evidence.folder is not None and settings.evidence.folder.is_dir():
        _erase_evidence(settings.evidence.folder, shown)
    if store is not None:
        _erase_from_store(store, settings, (clients, addresses), f"{now:%Y-%m-%dT%H:%M:%SZ}", reason)
    for file in files:
        with _explained(file):
            count = erase_events(file, shown)
        write_line(f"{file}: {count:,} events erased")


def _erase_evidence(folder: Path, shown: frozenset[str]) -> None:
    documents = list(documents_of(folder, shown))
    for document in documents:
        erase_finding(document)
    write_line(f"{folder}: evidence for {len(documents):,} findings erased")


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """An error while the events in a file are read or erased. Raises ConfigError."""
    try:
        yield
    except (OSError, EOFError) as error:
        why = reason_of(error) if isinstance(error, OSError) else "it is cut"
        raise ConfigError(f"{file}: {why}; its events are not erased") from error


def _erase_from_store(
    path: Path, settings: Config, clients: tuple[Sequence[str], Sequence[str]], time: str, reason: str
) -> None:
    given, addresses = clients
    if not path.is_file():
        raise StoreError(f"{path}: no such file: name the store in --store")
    with opened(path) as store:
        shown = {*given, *addresses, *_pseudonyms(settings, addresses, days_of_flows(store))}
        erased = erase_clients(store, shown, time, reason)
    write_line(f"{path}: {erased.flows:,} flows erased, among them {erased.findings:,} findings")
    if not erased.is_purged:
        log(
            f"{path}: in use, so what was erased stays in {path}-wal until netmon has written more, or is "
            "restarted"
        )
    for name in erased.evidence if settings.evidence.folder is None else ():
        log(f"evidence of these flows: remove it with `netmon evidence erase DIR/{name}`")


def _addresses(clients: Iterable[str]) -> list[str]:
    """The addresses among the clients, as outputs write them. Raises ConfigError for what is no client."""
    addresses = []
    for one in clients:
        try:
            addresses.append(str(ipaddress.ip_address(one)))
        except ValueError:
            check_pseudonyms([one])
    return addresses


def _pseudonyms(settings: Config, addresses: Sequence[str], days: Iterable[int]) -> set[str]:
    """How the addresses are shown on these days, by each key that is still there."""
    if settings.privacy_key is None or not addresses:
        return set()
    keys = read_all_keys(settings.privacy_key)
    makers = (Pseudonyms(key, CLIENT, iso_day(day * DAY_NS)) for day in days for key in keys)
    return {maker.of(address) for maker in makers for address in addresses}
