"""One location database: an MMDB file, opened once and never changed under our feet."""

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
from netmon.places.makers import is_registry
from netmon.places.prefixes import Address
from netmon.records import Vote

_SAMPLED = 1024
"""Records that are read when a file is opened, from its beginning and again from all over the addresses."""
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True, eq=False)
class Database:
    """An open database. `name` is what it calls itself, such as "GeoLite2-City"."""

    path: Path
    name: str
    built_s: int  # since 1970, as the file says
    date: str  # the UTC day of that, as ISO text
    holds: tuple[str, ...]  # of FIELDS, those seen in a sample of its records
    unknown: tuple[str, ...]  # other keys seen in the sample
    reader: maxminddb.Reader
    ip_version: int

    def votes(self, address: Address) -> tuple[Vote, ...]:
        """What it says about an address: no, one or several votes.

        Raises DatabaseError where the file is damaged.
        """
        if address.version > self.ip_version:
            return ()
        try:
            record, length = self.reader.get_with_prefix_len(address)
        except (maxminddb.InvalidDatabaseError, UnicodeDecodeError) as error:
            raise DatabaseError(f"{self.path}: damaged where it speaks of some addresses") from error
        if record is None:
            return ()
        prefix = str(ipaddress.ip_network((address, max(length, 0)), strict=False))
        return read_votes(record, self.name, self.date, prefix, registry=is_registry(self.name))


def open_database(path: Path) -> Database:
    """The database in a file. Raises DatabaseError, with one line, when there is none that says anything.

    The file is copied to memory first: one that is later overwritten in place, instead of being replaced,
    would otherwise change, or break, the answers of an open database.
    """
    try:
        with _copy_of(path) as copy:
            reader = maxminddb.open_database(copy)
        metadata = reader.metadata()
        keys = [_keys_of(record) for record in _sample(reader, metadata.ip_version)]
    except OSError as error:
        raise DatabaseError(f"{path}: {reason_of(error)}") from error
    except (maxminddb.InvalidDatabaseError, UnicodeDecodeError, ValueError) as error:
        raise DatabaseError(f"{path}: no MMDB file, or a damaged one") from error
    found = set().union(*(known for known, _ in keys))
    unknown = set().union(*(others for _, others in keys))
    if not found:
        what = f"it holds {', '.join(sorted(unknown))}" if unknown else "it is empty"
        raise DatabaseError(f"{path}: knows neither countries nor cities nor AS numbers; {what}")
    built_s = min(metadata.build_epoch, 253_402_300_799)  # the last second that a calendar holds
    return Database(
        path=path,
        name=_name(metadata.database_type) or path.stem,
        built_s=built_s,
        date=datetime.fromtimestamp(built_s, UTC).date().isoformat(),
        holds=tuple(field for field in FIELDS if field in found),
        unknown=tuple(sorted(unknown)),
        reader=reader,
        ip_version=metadata.ip_version,
    )


def _name(database_type: str) -> str:
    """The type without what it is compatible with: "DBIP-City-Lite (compat=City)" is DBIP-City-Lite."""
    words = database_type.partition("(")[0].split()
    return "".join(char for char in " ".join(words) if char.isprintable())[:_LONGEST_NAME]


@contextmanager
def _copy_of(path: Path) -> Iterator[Path]:
    """A name of the file's content in memory; on systems that have no such files, of the file itself.

    Raises OSError; DatabaseError when somebody was writing the file meanwhile.
    """
    if path.exists() and not path.is_file():  # opening a pipe would wait for its writer
        raise DatabaseError(f"{path}: no regular file")
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
            raise DatabaseError(f"{path}: is being written at this moment")
        yield Path(f"/proc/self/fd/{memory}")
    finally:
        os.close(memory)  # what the reader has mapped stays


def _sample(reader: maxminddb.Reader, ip_version: int) -> Iterator[object]:
    """Records from the file's beginning, and those of addresses spread evenly over the whole space."""
    yield from (record for _network, record in islice(reader, _SAMPLED))
    for address in _spread(ip_version):
        record = reader.get(address)
        if record is not None:
            yield record


def _spread(ip_version: int) -> Iterable[Address]:
    for step in range(_SAMPLED):
        yield ipaddress.IPv4Address(step << 22)
        if ip_version == 6:
            yield ipaddress.IPv6Address((1 << 125) + (step << 115))  # 2000::/3, all that is assigned


def _keys_of(record: object) -> tuple[set[str], set[str]]:
    """The known fields of a record, and its other keys."""
    keys = set(record) if isinstance(record, dict) else {type(record).__name__}
    known = {path[0] for paths in FIELDS.values() for path in paths}
    return set(find_fields(record)), keys - known
