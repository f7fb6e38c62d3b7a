"""`locations.yaml`: the places that can appear in verdicts and metrics, and groups of countries."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct, field

from netmon.countries import check_country
from netmon.errors import nearest
from netmon.signatures.model import CountryGroup, Location
from netmon.signatures.read_groups import current_members, read_groups
from netmon.signatures.read_values import read_source
from netmon.yaml_nodes import Item

RESERVED = ("unknown", "disputed", "other", "none")
"""Words that have another meaning as values of the same metric labels."""


class Atlas(Struct, frozen=True):
    """Locations by id, and country groups by name."""

    locations: Mapping[str, Location] = field(default_factory=dict)
    groups: Mapping[str, CountryGroup] = field(default_factory=dict)

    def find_city(self, country: str, city: str) -> Location | None:
        """The location that a database refers to by this city."""
        for location in self.locations.values():
            if location.country == country and city in (location.city, *location.aliases):
                return location
        return None

    def read_id(self, item: Item) -> str:
        """The id of a known location."""
        word = item.text()
        if word and word not in self.locations:
            item.report(f"unknown location '{word}'{nearest(word, self.locations)}")
        return word

    def read_countries(self, item: Item) -> frozenset[str]:
        """A list of countries and country groups, expanded to their current members."""
        found: set[str] = set()
        for element in item.elements():
            word = element.text()
            if word in self.groups:
                found |= current_members(self.groups[word])
            else:
                found.add(known_country(element, word))
        return frozenset(found)


def read_locations(root: Item) -> Atlas:
    """The contents of the file."""
    fields = root.fields(("locations",), ("sources", "groups"))
    spellings: dict[tuple[str, str], str] = {}

    def read_one(key: str, item: Item) -> Location:
        read_identifier(key, item, RESERVED)
        location = _read_location(key, item)
        for spelling in (location.city, *location.aliases):
            other = spellings.setdefault((location.country, spelling), key)
            if other != key:
                item.report(f"'{spelling}' is already a spelling of location '{other}'")
        return location

    locations = fields.table("locations", read_one)
    return Atlas(locations, read_groups(fields, fields.table("sources", read_source)))


def read_country(item: Item) -> str:
    """An ISO 3166-1 alpha-2 country code."""
    return known_country(item, item.text())


def known_country(item: Item, word: str) -> str:
    """The word; reports a problem unless it is an ISO 3166-1 alpha-2 country code."""
    problem = check_country(word) if word else None
    if problem:
        item.report(problem)
    return word


def read_identifier(key: str, item: Item, reserved: tuple[str, ...] = ()) -> None:
    """Checks that a key can be used as a metric label."""
    if not re.fullmatch("[a-z][a-z0-9_]*", key):
        item.report(f"'{key}' is not an identifier (a-z, 0-9 and _, starting with a letter)")
    elif key in reserved:
        item.report(f"'{key}' is reserved")


def _read_location(key: str, item: Item) -> Location:
    fields = item.fields(("city", "country", "latitude", "longitude"), ("aliases",))
    return Location(
        id=key,
        city=fields.read("city", Item.text, ""),
        country=fields.read("country", read_country, ""),
        latitude=fields.read("latitude", lambda value: value.number(-90, 90), 0.0),
        longitude=fields.read("longitude", lambda value: value.number(-180, 180), 0.0),
        aliases=fields.read("aliases", Item.texts, ()),
        line=item.line,
    )
