"""What a record of a location database says, whoever made it: fields are found by what is there.

Known ways to write them down: MaxMind's GeoIP2 and GeoLite2 (nested; DB-IP and IP2Location write alike),
IPinfo's (flat or in `geo` and `as`; every value may be a text), and ip-location-db's (flat).
`represented_country` (an embassy, a base) is not read: it says whose users they are, not where.
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
"""Field → where records have it; the first place with a value of use counts."""

_PLACES = tuple((field, path) for field, paths in FIELDS.items() for path in paths)
_NO_COUNTRIES = frozenset({"AP", "EU", "XX", "ZZ"})
"""Two letters that databases write for regions, or for nothing."""


def find_fields(record: object) -> dict[str, Any]:
    """The known fields of a record with their values: countries as two letters, AS numbers as numbers."""
    found: dict[str, Any] = {}
    if not isinstance(record, dict):
        return found
    for field, path in _PLACES:
        if path[0] in record and field not in found:
            value = _value_at(record, path)
            if value is not None and (clean := _CLEAN[field](value)) is not None:
                found[field] = clean
    return found


def read_votes(record: object, source: str, date: str, prefix: str, *, registry: bool) -> tuple[Vote, ...]:
    """The votes that a record is: where the address is, where its holder is registered, who announces it.

    With `registry` the record's country is a registration, too. One in the country of the location adds
    nothing, and is left out.
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
        votes.append(Vote(source, country, city, about, date, prefix))
    registered = found.get("registered country")
    if registered is not None and registered != country:
        votes.append(Vote(source, registered, None, "registration", date, prefix))
    if "AS" in found:
        note = f"AS{found['AS']} {found.get('AS name', '')}".rstrip()
        votes.append(Vote(source, None, None, "as", date, prefix, note))
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
    """A city without its quarter, which some append in brackets; IP2Location writes "-" for none."""
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
