"""One location database: an MMDB file, read into memory when it is opened."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import maxminddb

from netmon.errors import DatabaseError, reason_of
from netmon.places.fields import FIELDS, find_fields, read_votes
from netmon.places.prefixes import Address
from netmon.places.providers import is_registry
from netmon.records import Vote

_SAMPLED = 1024
"""Records read to find a database's fields: first from its beginning, then from all over the addresses."""
_MAX_NAME_LENGTH = 64


@dataclass(frozen=True, slots=True, eq=False)
class Database:
    """An open database. `name` is the type in its metadata, such as "GeoLite2-City"."""

    path: Path
    name: str
    built_s: int  # build time from its metadata, in seconds since 1970
    date: str  # UTC day of the build, as ISO text
    fields: tuple[str, ...]  # those of FIELDS that a sample of its records has
    other_fields: tuple[str, ...]  # other keys of the records in the sample
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
        except (maxminddb.InvalidDatabaseError, UnicodeDecodeError) as error:
            raise DatabaseError(f"{self.path}: some of its records are damaged") from error
        if record is None:
            return ()
        prefix = str(ipaddress.ip_network((address, max(length, 0)), strict=False))
        return read_votes(record, self.name, self.date, prefix, registry=is_registry(self.name))


def open_database(path: Path) -> Database:
    """The database in a file. Raises DatabaseError, with one line, when the file has no usable records.

    The file is copied to memory first. Otherwise, a file that is overwritten in place instead of being
    replaced would change or break the lookups in a database that is already open.
    """
    try:
        with _copy_in_memory(path) as copy:
            reader = maxminddb.open_database(copy)
        metadata = reader.metadata()
        keys = [_keys_of(record) for record in _sample(reader, metadata.ip_version)]
    except OSError as error:
        raise DatabaseError(f"{path}: {reason_of(error)}") from error
    except (maxminddb.InvalidDatabaseError, UnicodeDecodeError, ValueError) as error:
        raise DatabaseError(f"{path}: not an MMDB file, or damaged") from error
    found = set().union(*(known for known, _ in keys))
    others = set().union(*(unknown for _, unknown in keys))
    if not found:
        content = f"its fields are {', '.join(sorted(others))}" if others else "it is empty"
        raise DatabaseError(f"{path}: has no countries, cities or AS numbers; {content}")
    built_s = min(metadata.build_epoch, 253_402_300_799)  # the last second of the year 9999
    return Database(
        path=path,
        name=_name(metadata.database_type) or path.stem,
        built_s=built_s,
        date=datetime.fromtimestamp(built_s, UTC).date().isoformat(),
        fields=tuple(field for field in FIELDS if field in found),
        other_fields=tuple(sorted(others)),
        reader=reader,
        ip_version=metadata.ip_version,
    )


def _name(database_type: str) -> str:
    """The type without a note in brackets: "DBIP-City-Lite (compat=City)" is DBIP-City-Lite."""
    words = database_type.partition("(")[0].split()
    return "".join(char for char in " ".join(words) if char.isprintable())[:_MAX_NAME_LENGTH]


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
