"""The fields of a location database's records, found by their keys whoever the provider is.

Known schemas: MaxMind's GeoIP2 and GeoLite2 (nested; DB-IP and IP2Location use the same), IPinfo's (flat, or
under `geo` and `as`; any value may be a string), and ip-location-db's (flat).
`represented_country` (an embassy, a military base) is not read: it is the country of the users, not of the
address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from netmon.records import About, Vote

FIELDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "country": (
        ("country", "iso_code"),
        ("country_code",),
        ("geo", "country_code"),
        ("country",),
    ),
    "city": (("city", "names", "en"), ("geo", "city"), ("city_name",), ("city",)),
    "registered country": (("registered_country", "iso_code"), ("registered_country_code",)),
    "AS": (
        ("autonomous_system_number",),
        ("traits", "autonomous_system_number"),
        ("as", "asn"),
        ("asn",),
        ("country", "AutonomousSystemNumber"),
    ),
    "AS name": (
        ("autonomous_system_organization",),
        ("traits", "autonomous_system_organization"),
        ("as", "name"),
        ("as_name",),
        ("country", "AutonomousSystemOrganization"),
    ),
    "anycast": (("traits", "is_anycast"), ("is_anycast",), ("anycast",)),
    "satellite": (("traits", "is_satellite_provider"), ("is_satellite",), ("satellite",)),
}
"""Field → the keys under which records have it; the first with a usable value counts."""

_PATHS = tuple((field, path) for field, paths in FIELDS.items() for path in paths)
_NO_COUNTRIES = frozenset({"AP", "EU", "XX", "ZZ"})
"""Codes that databases use for regions, or for an unknown country."""


def find_fields(record: object) -> dict[str, Any]:
    """The known fields of a record with their values: countries as two letters, AS numbers as numbers."""
    found: dict[str, Any] = {}
    if not isinstance(record, dict):
        return found
    for field, path in _PATHS:
        if path[0] in record and field not in found:
            value = _value_at(record, path)
            if value is not None and (clean := _CLEAN[field](value)) is not None:
                found[field] = clean
    return found


def read_votes(
    record: object, source: str, date: str, prefix: str, *, registry: bool, provider: str = ""
) -> tuple[Vote, ...]:
    """The votes in a record: where the address is, where its holder is registered, which AS announces it.

    With `registry`, the record's country is one of registration, too. A registration in the country of the
    location is left out. `date` is the database's, as ISO text, and `provider` its publisher; `prefix` is the
    network of the record.
    """
    found = find_fields(record)
    country, city = found.get("country"), found.get("city")
    about: About = "registration" if registry else "location"
    if found.get("satellite"):
        about = "satellite"
    if found.get("anycast"):
        about = "anycast"
    votes = []
    if country is not None or about in ("anycast", "satellite"):
        votes.append(Vote(source, country, city, about, date, prefix, provider=provider))
    registered = found.get("registered country")
    if registered is not None and registered != country:
        votes.append(Vote(source, registered, None, "registration", date, prefix, provider=provider))
    if "AS" in found:
        note = f"AS{found['AS']} {found.get('AS name', '')}".rstrip()
        votes.append(Vote(source, None, None, "as", date, prefix, note, provider=provider))
    return tuple(votes)


def _value_at(record: object, path: tuple[str, ...]) -> object:
    for key in path:
        if not isinstance(record, dict):
            return None
        record = record.get(key)
    return record


def _country(value: object) -> str | None:
    if not isinstance(value, str) or len(value) != 2 or not (value.isascii() and value.isalpha()):
        return None
    return None if value.upper() in _NO_COUNTRIES else value.upper()


def _city(value: object) -> str | None:
    """A city without the district that some providers append in brackets; IP2Location has "-" for none."""
    text = re.sub(r"\s*\(.*\)$", "", value).strip() if isinstance(value, str) else ""
    return text if text not in ("", "-") else None


def _number(value: object) -> int | None:
    found = re.fullmatch("(?:AS)?([0-9]{1,10})", str(value), re.IGNORECASE)
    return int(found.group(1)) if found and int(found.group(1)) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value not in ("", "-") else None


def _flag(value: object) -> bool | None:
    return True if str(value).casefold() in ("true", "1") else None


_CLEAN = {
    "country": _country,
    "city": _city,
    "registered country": _country,
    "AS": _number,
    "AS name": _text,
    "anycast": _flag,
    "satellite": _flag,
}
