"""One location database: an MMDB file, read into memory when it is opened."""

from __future__ import annotations

import importlib
import ipaddress
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from netmon.days import LAST_S
from netmon.errors import DatabaseError, reason_of
from netmon.places.decision import DECLARED, VENDOR
from netmon.places.fields import FIELDS, find_fields, read_votes
from netmon.places.file_content import FileContent
from netmon.places.labels import DatabaseLabel
from netmon.places.prefixes import Address
from netmon.places.provider import REGISTRATIONS, UNKNOWN_PROVIDER, Content
from netmon.places.providers import content_of, find_providers, named_provider
from netmon.records import Vote

if TYPE_CHECKING:
    import maxminddb

_SAMPLED = 1024
"""Records read to find a database's fields: the first ones of the file, and as many from all over it."""
_MAX_NAME_LENGTH = 64
_GENERIC = "(?:city|country|asn?|location|geo|ip|to|database|mmdb|lite|(?:ip)?v(?:4|6|all)|[^a-z0-9])*"
"""A database type that names no publisher: ip-location-db writes "city ipv4" whoever made the data."""

ProviderFrom = Literal["configuration", "database type", "description", "file name"]


class Database(Struct, frozen=True, eq=False):
    """An open database.

    `name` is the type in its metadata, such as "GeoLite2-City"; for a type that only says what the records
    are, such as "city ipv4", it is the name of the file.
    """

    path: Path
    name: str
    type: str  # as in its metadata
    provider: str  # who publishes it; UNKNOWN_PROVIDER if nothing says so
    provider_from: ProviderFrom | None  # where the provider is named; None: it is unknown
    about: Content
    built_s: int  # build time from its metadata, in seconds since 1970
    date: str  # UTC day of the build, as ISO text
    fields: tuple[str, ...]  # those of FIELDS that a sample of its records has
    other_fields: tuple[str, ...]  # other keys of the records in the sample
    content: FileContent
    reader: maxminddb.Reader
    ip_version: int

    def votes(self, address: Address) -> tuple[Vote, ...]:
        """Its votes on an address: none, one or several.

        Raises DatabaseError when the record of this address is damaged.
        """
        if address.version > self.ip_version:
            return ()
        try:
            record, length = self.reader.get_with_prefix_len(address)
        except (_library().InvalidDatabaseError, UnicodeDecodeError) as error:
            raise DatabaseError(f"{self.path}: some of its records are damaged") from error
        if record is None:
            return ()
        prefix = str(ipaddress.ip_network((address, max(length, 0)), strict=False))
        registry = self.about in REGISTRATIONS
        return read_votes(record, self.name, self.date, prefix, registry=registry, provider=self.provider)


def _library() -> Any:
    """The reader's library, which takes longer to import than a small capture takes to read."""
    return importlib.import_module("maxminddb")


def open_database(path: Path, label: DatabaseLabel | None = None) -> Database:
    """The database in a file. Raises DatabaseError, with one line, when the file has no usable records.

    `label` is what the user says about the file.
    The file is copied to memory first. Otherwise, a file that is overwritten in place instead of being
    replaced would change or break the lookups in a database that is already open.
    """
    try:
        with _copy_in_memory(path) as copy:
            reader = _library().open_database(copy)
            mapped = FileContent(copy)
        metadata = reader.metadata()
        keys = [_keys_of(record) for record in _sample(reader, metadata.ip_version)]
    except OSError as error:
        raise DatabaseError(f"{path}: {reason_of(error)}") from error
    except (_library().InvalidDatabaseError, UnicodeDecodeError, ValueError) as error:
        raise DatabaseError(f"{path}: not an MMDB file, or damaged") from error
    found = set().union(*(known for known, _ in keys))
    others = set().union(*(unknown for _, unknown in keys))
    if not found:
        content = f"its fields are {', '.join(sorted(others))}" if others else "it is empty"
        raise DatabaseError(f"{path}: has no countries, cities or AS numbers; {content}")
    built_s = min(metadata.build_epoch, LAST_S)
    provider, provider_from, about = _identify(
        path, metadata.database_type, metadata.description.values(), label or DatabaseLabel()
    )
    return Database(
        path=path,
        name=_name(metadata.database_type, path),
        type=metadata.database_type,
        provider=provider,
        provider_from=provider_from,
        about=about,
        built_s=built_s,
        date=datetime.fromtimestamp(built_s, UTC).date().isoformat(),
        fields=tuple(field for field in FIELDS if field in found),
        other_fields=tuple(sorted(others)),
        content=mapped,
        reader=reader,
        ip_version=metadata.ip_version,
    )


def _identify(
    path: Path, database_type: str, description: Iterable[object], label: DatabaseLabel
) -> tuple[str, ProviderFrom | None, Content]:
    """The provider, where it is named, and what the countries are.

    A file that publishes registrations does so under any name, so its own words decide that as well.
    """
    own, own_from = _own_provider(
        {
            "database type": _without_note(database_type),
            "description": " ".join(map(str, description)),
            "file name": path.stem,
        }
    )
    provider, provider_from = own, own_from
    if label.provider is not None:
        provider, provider_from = named_provider(label.provider), "configuration"
    about = content_of(own) if content_of(own) in REGISTRATIONS else content_of(provider)
    if about == "location" and label.about == "registration":
        about = "registration"
    return provider, provider_from, about


def _own_provider(texts: Mapping[ProviderFrom, str]) -> tuple[str, ProviderFrom | None]:
    """The provider that the first of the texts names. One that names several does not say which it is."""
    for place, text in texts.items():
        named = find_providers(text)
        if named:
            return (named[0], place) if len(named) == 1 else (UNKNOWN_PROVIDER, None)
    return UNKNOWN_PROVIDER, None


def _without_note(database_type: str) -> str:
    """The type without a note in brackets: "DBIP-City-Lite (compat=City)" is DBIP-City-Lite."""
    return database_type.partition("(")[0].strip()


def _name(database_type: str, path: Path) -> str:
    """A name for people: the type, or the file's name if the type only says what the records are."""
    text = _without_note(database_type)[:_MAX_NAME_LENGTH]
    if not find_providers(text) and re.fullmatch(_GENERIC, text.casefold()):
        text = path.stem
    if text in (DECLARED, VENDOR):  # the sources of votes that no database gives
        text = f"database {text}"
    return "".join(char for char in " ".join(text.split()) if char.isprintable())[:_MAX_NAME_LENGTH]


@contextmanager
def _copy_in_memory(path: Path) -> Iterator[Path]:
    """The path of a copy in memory; on systems without memfd_create, the path itself.

    Raises OSError, and DatabaseError when the file changed while it was read.
    """
    if path.exists() and not path.is_file():  # opening a pipe would block until it has a writer
        raise DatabaseError(f"{path}: not a regular file")
    if not hasattr(os, "memfd_create"):
        yield path
        return
    memory = os.memfd_create("netmon-location-database", os.MFD_CLOEXEC)
    try:
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            while os.sendfile(memory, file.fileno(), None, 1 << 26):
                pass
            after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise DatabaseError(f"{path}: changed while it was being read")
        yield Path(f"/proc/self/fd/{memory}")
    finally:
        os.close(memory)  # the reader keeps its mapping


def _sample(reader: maxminddb.Reader, ip_version: int) -> Iterator[object]:
    """Records from the beginning of the file, and those of addresses spread over the address space."""
    yield from (record for _network, record in islice(reader, _SAMPLED))
    for address in _spread(ip_version):
        record = reader.get(address)
        if record is not None:
            yield record


def _spread(ip_version: int) -> Iterable[Address]:
    for step in range(_SAMPLED):
        yield ipaddress.IPv4Address(step << 22)
        if ip_version == 6:
            yield ipaddress.IPv6Address((1 << 125) + (step << 115))  # 2000::/3, global unicast


def _keys_of(record: object) -> tuple[set[str], set[str]]:
    """The known fields of a record, and its unknown keys."""
    keys = set(record) if isinstance(record, dict) else {type(record).__name__}
    known = {path[0] for paths in FIELDS.values() for path in paths}
    return set(find_fields(record)), keys - known
