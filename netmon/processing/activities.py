"""What is stored, as it follows from the configuration and from the files of this machine."""

from __future__ import annotations

import grp
import pwd
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from netmon.config.settings import Config, Rotation, StoreSettings, state_folder, store_path
from netmon.outputs.machines_file import NAME as MACHINES_FILE
from netmon.privacy import ADDRESS, PSEUDONYM
from netmon.privacy.identification_log import log_file
from netmon.privacy.key_file import kept_keys
from netmon.processing import texts
from netmon.processing.texts import Say
from netmon.state_file import damaged_files

LEVELS = (texts.AS_ADDRESSES, texts.AS_PSEUDONYMS, texts.AS_NETWORKS, texts.NOT_AT_ALL)
"""How clients are shown, by privacy level."""
_RECORDED = (texts.AS_ADDRESSES, texts.AS_BOTH_PSEUDONYMS, texts.AS_NETWORKS, texts.NOT_AT_ALL)
"""The same where machines are counted as well."""


class Phrase(NamedTuple):
    """One of `texts`, with what its braces stand for."""

    english: str
    values: Mapping[str, object] = {}

    def said(self, say: Say) -> str:
        """The phrase in a language."""
        return say(self.english).format(**self.values)


@dataclass(frozen=True, slots=True)
class StoredData:
    """One thing that is stored. `where` is a path or an address, or a phrase."""

    what: Phrase
    clients: Phrase
    where: str | Phrase
    why: Phrase
    how_long: Phrase
    readers: Phrase


@dataclass(frozen=True, slots=True)
class NamedStore:
    """A store that is not the sensor's own one, such as that of a fleet."""

    name: str
    levels: tuple[int, ...]  # of privacy, of the runs that are in it
    keep_days: int | None  # that its tables are kept at a server; None: for ever
    file: Path | None  # None: at a server


def list_activities(
    config: Config, environment: Mapping[str, str], named: NamedStore | None = None
) -> list[StoredData]:
    """All that is stored by `netmon run` with this configuration, and what a further store has."""
    return [
        _memory(config),
        *_events(config),
        *_spool(config),
        *_store(config, environment),
        *_named(named),
        *_evidence(config),
        _state(state_folder(config, environment)),
        *_machines(config, environment),
        *_metrics(config),
        *_keys(config),
    ]


def _memory(config: Config) -> StoredData:
    names = config.privacy_level == ADDRESS
    timeouts = {"tcp": config.limits.tcp_idle_s, "udp": config.limits.udp_idle_s}
    return StoredData(
        Phrase(texts.MEMORY),
        Phrase(texts.UNMASKED_WITH_MACHINES if names else texts.UNMASKED),
        Phrase(texts.MEMORY_WHERE),
        Phrase(texts.MEMORY_WHY),
        Phrase(texts.MEMORY_HOW_LONG, timeouts),
        Phrase(texts.MEMORY_READERS),
    )


def _events(config: Config) -> Iterator[StoredData]:
    if config.events is not None:
        yield StoredData(
            Phrase(texts.EVENTS),
            Phrase(LEVELS[config.privacy_level]),
            str(config.events),
            Phrase(texts.EVENTS_WHY),
            _kept_for(config.rotation),
            readers_of(config.events),
        )


def _spool(config: Config) -> Iterator[StoredData]:
    folder = config.spool.folder
    if folder is not None:
        yield StoredData(
            Phrase(texts.SPOOL),
            Phrase(_RECORDED[config.privacy_level]),
            str(folder),
            Phrase(texts.SPOOL_WHY),
            Phrase(texts.SPOOL_HOW_LONG, {"mib": config.spool.max_mib}),
            readers_of(folder),
        )


def _store(config: Config, environment: Mapping[str, str]) -> Iterator[StoredData]:
    path = store_path(config, environment)
    if path is not None:
        yield StoredData(
            Phrase(texts.STORE),
            Phrase(_RECORDED[config.privacy_level]),
            str(path),
            Phrase(texts.STORE_WHY),
            _stored_for(config.store),
            readers_of(path),
        )
        for damaged in damaged_files(path):
            yield StoredData(
                Phrase(texts.DAMAGED_STORE),
                Phrase(_RECORDED[config.privacy_level]),
                str(damaged),
                Phrase(texts.DAMAGED_STORE_WHY),
                Phrase(texts.DAMAGED_STORE_HOW_LONG),
                readers_of(damaged),
            )


def _named(store: NamedStore | None) -> Iterator[StoredData]:
    """An entry for each way in which it shows clients."""
    if store is None:
        return
    for level in store.levels:
        yield StoredData(
            Phrase(texts.NAMED_STORE),
            Phrase(_RECORDED[level]),
            store.name,
            Phrase(texts.NAMED_STORE_WHY),
            Phrase(texts.STORE_HOW_LONG, {"days": store.keep_days})
            if store.keep_days
            else Phrase(texts.FOREVER),
            Phrase(texts.SERVER_READERS) if store.file is None else readers_of(store.file),
        )


def _stored_for(settings: StoreSettings) -> Phrase:
    text = {
        (False, False): texts.FOREVER,
        (True, False): texts.STORE_HOW_LONG,
        (False, True): texts.STORE_BY_SIZE,
        (True, True): texts.STORE_BY_BOTH,
    }[bool(settings.keep_days), bool(settings.max_mib)]
    return Phrase(text, {"days": settings.keep_days, "mib": settings.max_mib})


def _evidence(config: Config) -> Iterator[StoredData]:
    settings = config.evidence
    if settings.folder is not None:
        as_captured = config.privacy_level == ADDRESS
        yield StoredData(
            Phrase(texts.EVIDENCE),
            Phrase(texts.UNMASKED_WITH_MACHINES if as_captured else texts.AS_REWRITTEN),
            str(settings.folder),
            Phrase(texts.EVIDENCE_WHY),
            Phrase(texts.EVIDENCE_HOW_LONG, {"days": settings.keep_days, "mib": settings.max_mib}),
            readers_of(settings.folder),
        )


def _kept_for(rotation: Rotation) -> Phrase:
    if rotation.rotate_hours:
        return Phrase(texts.EVENTS_BY_AGE, {"keep": rotation.keep, "hours": rotation.rotate_hours})
    if rotation.rotate_mib:
        return Phrase(texts.EVENTS_BY_SIZE, {"keep": rotation.keep, "mib": rotation.rotate_mib})
    return Phrase(texts.EVENTS_UNLIMITED)


def _state(folder: Path) -> StoredData:
    return StoredData(
        Phrase(texts.STATE),
        Phrase(texts.NOT_AT_ALL),
        str(folder),
        Phrase(texts.STATE_WHY),
        Phrase(texts.STATE_HOW_LONG),
        readers_of(folder),
    )


def _machines(config: Config, environment: Mapping[str, str]) -> Iterator[StoredData]:
    is_recorded = config.spool.folder is not None or store_path(config, environment) is not None
    if is_recorded and config.privacy_level == PSEUDONYM:
        file = state_folder(config, environment) / MACHINES_FILE
        yield StoredData(
            Phrase(texts.MACHINES),
            Phrase(texts.AS_COUNTED),
            str(file),
            Phrase(texts.MACHINES_WHY),
            Phrase(texts.MACHINES_HOW_LONG),
            readers_of(file),
        )


def _metrics(config: Config) -> Iterator[StoredData]:
    web = config.web
    if web.is_off:
        return
    guard = web.config_file
    yield StoredData(
        Phrase(texts.METRICS),
        Phrase(texts.NOT_AT_ALL),
        Phrase(texts.METRICS_SOCKETS) if web.systemd_socket else ", ".join(map(str, web.listen)),
        Phrase(texts.METRICS_WHY),
        Phrase(texts.METRICS_HOW_LONG),
        Phrase(texts.METRICS_GUARDED, {"file": guard}) if guard else Phrase(texts.METRICS_OPEN),
    )


def _keys(config: Config) -> Iterator[StoredData]:
    none = Phrase(texts.NOT_AT_ALL)
    file = config.privacy_key
    if file is None:
        yield StoredData(
            Phrase(texts.KEY),
            none,
            Phrase(texts.KEY_IN_MEMORY_WHERE),
            Phrase(texts.KEY_WHY),
            Phrase(texts.KEY_IN_MEMORY_HOW_LONG),
            Phrase(texts.MEMORY_READERS),
        )
        return
    why, until = Phrase(texts.KEY_WHY), Phrase(texts.KEY_HOW_LONG)
    yield StoredData(Phrase(texts.KEY), none, str(file), why, until, readers_of(file))
    for kept in kept_keys(file):
        why = Phrase(texts.OLD_KEY_WHY, {"day": kept.last_day})
        until = Phrase(texts.OLD_KEY_HOW_LONG, {"day": kept.until})
        yield StoredData(Phrase(texts.OLD_KEY), none, str(kept.file), why, until, readers_of(kept.file))
    log = log_file(file)
    yield StoredData(
        Phrase(texts.IDENTIFICATIONS),
        Phrase(texts.AS_PSEUDONYMS),
        str(log),
        Phrase(texts.IDENTIFICATIONS_WHY),
        Phrase(texts.IDENTIFICATIONS_HOW_LONG),
        readers_of(log),
    )


def readers_of(path: Path) -> Phrase:
    """Who may read a file or a folder, by its own rights."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return Phrase(texts.NOT_THERE)
    except OSError:
        return Phrase(texts.NO_ACCESS)
    if status.st_mode & 0o004:
        return Phrase(texts.EVERYONE)
    names = {"owner": _user(status.st_uid), "group": _group(status.st_gid)}
    alone, with_group = (
        (texts.OWNER, texts.OWNER_AND_GROUP) if status.st_uid else (texts.ROOT, texts.ROOT_AND_GROUP)
    )
    return Phrase(with_group if status.st_mode & 0o040 else alone, names)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
