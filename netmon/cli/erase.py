"""`netmon privacy erase`: removes what is stored of clients."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click

from netmon.cli.grouping import grouped
from netmon.cli.key_options import KeyOptions
from netmon.cli.single_options import store_option
from netmon.cli.terminal import log, write_line
from netmon.config.settings import Config, state_folder, store_path
from netmon.days import DAY_NS, day_start_ns, iso_day
from netmon.errors import ConfigError, StoreError, reason_of
from netmon.evidence.erasure import erase as erase_finding
from netmon.evidence.erasure_record import record_erasure
from netmon.evidence.of_clients import documents_of, without_document
from netmon.outputs.machines_file import erase_machines
from netmon.outputs.spool import segments
from netmon.privacy import identification_log
from netmon.privacy.event_erasure import erase_events, event_files
from netmon.privacy.identification import check_pseudonyms
from netmon.privacy.identification_log import user
from netmon.privacy.key_file import read_all_keys
from netmon.privacy.levels import CLIENT, COUNTED, Pseudonyms
from netmon.privacy.periods import PERIODS, period_name
from netmon.state_file import damaged_files
from netmon.store.address import is_address
from netmon.store.erasure import counting_periods, days_of_flows, erase_clients
from netmon.store.history import day_text
from netmon.store.named_machines import NamedAddress, addresses_of, as_mac
from netmon.store.opening import opened_by_name

_DAYS_WITHOUT_STORE = 400
"""Days of pseudonyms that are looked for in events: longer than these are kept."""
_MOST_NAMED = 20
"""Addresses of a machine that a message names."""


@click.command()
@click.argument(
    "clients",
    metavar="CLIENT…",
    nargs=-1,
    required=True,
    help="An address, or a pseudonym such as client-a70e6ec833b3d7a2.",
)
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept, so do not name the person.")
@store_option
@grouped(KeyOptions)
def erase(clients: tuple[str, ...], reason: str, store: str | None, options: KeyOptions) -> None:
    """Removes what is stored of a client.

    From the store, the evidence, the spool, events.file, and the files it was rotated to. Of an address, its
    pseudonyms are removed as well, as far as the keys are still there. A tombstone in place of each event has
    the hash of what stood there, so that the chain of the evidence stays verifiable; the store keeps when,
    why and how much was erased. What shows the client's network only (level 2) cannot be attributed to it
    and stays. For a hardware address or a host name, which level 0 stores, the addresses to give are listed.

    Examples:

      sudo netmon privacy erase 192.0.2.17 --store /var/lib/netmon/flows.db --reason "request of 2026-11-28"
    """
    if not reason.strip():
        raise ConfigError("--reason is empty: say why the client is erased")
    settings, now = options.load(), datetime.now(UTC)
    kept = _existing_store(store, settings)
    addresses = _addresses(clients, kept)
    files = [] if settings.events is None else event_files(settings.events)
    files += _spooled(settings)
    if kept is None and not files and settings.evidence.folder is None:
        raise ConfigError("there is nothing to erase from: give --store FILE, or --config FILE")
    if settings.privacy_key is not None:
        identification_log.append(
            settings.privacy_key, now, "erase", clients=len(set(clients)), reason=reason
        )
    now_ns = int(now.timestamp()) * 1_000_000_000
    recent = range(now_ns // DAY_NS - _DAYS_WITHOUT_STORE, now_ns // DAY_NS + 1)
    shown = frozenset({*clients, *addresses, *_pseudonyms(settings, addresses, recent)})
    with _explained(state_folder(settings, os.environ)):
        erase_machines(state_folder(settings, os.environ), shown)
    evidence = settings.evidence.folder
    with _recorded(evidence, reason) as done:
        if evidence is not None and evidence.is_dir():
            _erase_evidence(evidence, shown, done.files)
        if kept is not None:
            done.flows = _erase_from_store(kept, settings, (clients, addresses), now_ns, reason)
        for file in files:
            with _explained(file):
                count = erase_events(file, shown)
            done.events += count
            write_line(f"{file}: {count:,} events erased")


@dataclass
class _Done:
    """What was erased."""

    files: list[str] = field(default_factory=list)
    events: int = 0
    flows: int = 0


@contextmanager
def _recorded(folder: Path | None, reason: str) -> Iterator[_Done]:
    """Records in the chain of the evidence what was erased, also if something could not be."""
    done = _Done()
    try:
        yield done
    finally:
        if folder is not None and folder.is_dir() and (done.files or done.events or done.flows):
            record_erasure(folder, {"by": user(os.environ), "reason": reason, **asdict(done)})


def _existing_store(given: str | None, settings: Config) -> str | None:
    """The store; None if there is none. Raises StoreError for one that is given and does not exist."""
    path = given or store_path(settings, os.environ)
    if path is not None and (is_address(str(path)) or Path(path).exists()):
        return str(path)
    if given is not None:
        raise StoreError(f"{given}: there is no store: name it in --store")
    return None


def _spooled(settings: Config) -> list[Path]:
    """The files of the spool. What was passed on has to be erased where it is."""
    folder = settings.spool.folder
    return segments(folder) if folder is not None and folder.is_dir() else []


def _erase_evidence(folder: Path, shown: frozenset[str], erased: list[str]) -> None:
    """Adds the names of documents to `erased` as it goes: it may come to an end before the last one."""
    for document in documents_of(folder, shown):
        erase_finding(document)
        erased.append(document.name)
    write_line(f"{folder}: evidence for {len(erased):,} findings erased")
    for file in without_document(folder):
        log(f"{file}: not written completely, so whose packets it has cannot be told: remove it")


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """An error while the events in a file are read or erased. Raises ConfigError."""
    try:
        yield
    except (OSError, EOFError, ValueError) as error:
        why = reason_of(error) if isinstance(error, OSError) else "it is damaged"
        raise ConfigError(f"{file}: {why}; its events are not erased") from error


def _erase_from_store(
    path: str, settings: Config, clients: tuple[Sequence[str], Sequence[str]], now_ns: int, reason: str
) -> int:
    given, addresses = clients
    with opened_by_name(path) as store:
        days, periods = days_of_flows(store), counting_periods(store)
        shown = {*given, *addresses, *_pseudonyms(settings, addresses, days, periods)}
        erased = erase_clients(store, shown, now_ns, reason)
    write_line(f"{path}: {erased.flows:,} flows erased, among them {erased.findings:,} findings")
    if not erased.is_purged:
        log(
            f"{path}: in use, so what was erased stays in {path}-wal until netmon has written more, or is "
            "restarted"
        )
    if not is_address(path):
        for file in damaged_files(Path(path)):
            log(f"{file}: damaged, so nothing is erased from it: remove it")
    for name in erased.evidence if settings.evidence.folder is None else ():
        log(f"evidence of these flows: remove it with `netmon evidence erase DIR/{name}`")
    return erased.flows


def _addresses(clients: Iterable[str], store: str | None) -> list[str]:
    """The addresses among the clients, as outputs write them. Raises ConfigError for what is no client."""
    addresses = []
    for one in clients:
        try:
            address = ipaddress.ip_address(one.partition("%")[0])
            addresses.append(str(getattr(address, "ipv4_mapped", None) or address))
        except ValueError:
            _refuse_network(one)
            _refuse_machine(one, store)
            check_pseudonyms([one])
    return addresses


def _refuse_network(text: str) -> None:
    """Raises ConfigError for a network."""
    with suppress(ValueError):
        ipaddress.ip_network(text, strict=False)
        raise ConfigError(f"'{text}' is a network: give each address that is to be erased")


def _refuse_machine(text: str, store: str | None) -> None:
    """Raises ConfigError for a hardware address or the name of a machine, with the addresses to give instead.

    An address may have been another machine's on other days, so it is not for this command to choose.
    """
    if store is None:
        return
    with opened_by_name(store, is_read_only=True, tell=log) as reader:
        found = addresses_of(reader, text)
    if found:
        kind = "name" if as_mac(text) is None else "hardware address"
        known = ", ".join(map(_named_text, found[:_MOST_NAMED]))
        more = f", and {len(found) - _MOST_NAMED:,} more" if len(found) > _MOST_NAMED else ""
        raise ConfigError(
            f"'{text}' is the {kind} of a machine that had these addresses: {known}{more}; give those: "
            "all that is stored of an address goes, also of other machines that had it"
        )


def _named_text(one: NamedAddress) -> str:
    days = " to ".join(dict.fromkeys((day_text(one.first_day), day_text(one.last_day))))
    return f"{one.address} ({days}{'; other machines as well' if one.is_shared else ''})"


def _pseudonyms(
    settings: Config, addresses: Sequence[str], days: Iterable[int], periods: Iterable[str] = ()
) -> set[str]:
    """How the addresses are shown on these days, and in their counting periods, by each key that is there."""
    if settings.privacy_key is None or not addresses:
        return set()
    keys = read_all_keys(settings.privacy_key)
    names = {(CLIENT, iso_day(day * DAY_NS)) for day in days}
    names |= {(COUNTED, period_name(kind, day_start_ns(day))) for _, day in names for kind in PERIODS}
    names |= {(COUNTED, period) for period in periods}
    makers = (Pseudonyms(key, prefix, name) for prefix, name in names for key in keys)
    return {maker.of(address) for maker in makers for address in addresses}
