"""`locations.yaml`: the places that verdicts and metrics can name, and groups of countries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from netmon.signatures.model import Location
from netmon.yaml_nodes import Item, nearest

RESERVED = ("unknown", "disputed", "other", "none")  # values of the same metric label


@dataclass(frozen=True, slots=True)
class Atlas:
    """Locations by id, and country groups by name."""

    locations: Mapping[str, Location] = field(default_factory=dict)
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def find_city(self, country: str, city: str) -> Location | None:
        """The location that a database means by this city."""
        for location in self.locations.values():
            if location.country == country and city in (location.city, *location.aliases):
                return location
        return None

    def read_id(self, item: Item) -> str:
        """A location id that exists."""
        word = item.text()
        if word and word not in self.locations:
            item.report(f"unknown location '{word}'{nearest(word, self.locations)}")
        return word

    def read_countries(self, item: Item) -> frozenset[str]:
        """A list of countries and country groups, as countries."""
        found: set[str] = set()
        for element in item.elements():
            word = element.text()
            if word in self.groups:
                found |= self.groups[word]
            elif word:
                found.add(read_country(element, self.groups))
        return frozenset(found)


def read_locations(root: Item) -> Atlas:
    """The whole file."""
    fields = root.fields(("locations",), ("groups",))
    locations: dict[str, Location] = {}
    spellings: dict[tuple[str, str], str] = {}
    for key, item in fields.read("locations", Item.entries, {}).items():
        read_identifier(key, item, RESERVED)
        location = _read_location(key, item)
        locations[key] = location
        for spelling in (location.city, *location.aliases):
            other = spellings.setdefault((location.country, spelling), key)
            if other != key:
                item.report(f"'{spelling}' is a spelling of location '{other}' already")
    groups: dict[str, frozenset[str]] = {}
    for key, item in fields.read("groups", Item.entries, {}).items():
        if re.fullmatch("[A-Z]{2}", key) and key != "EU":  # EU is no country (ISO 3166-1: reserved)
            item.report(f"'{key}' is a country code; name the group otherwise")
        groups[key] = frozenset(read_country(element) for element in item.elements())
    return Atlas(locations, groups)


def read_country(item: Item, groups: Mapping[str, frozenset[str]] | None = None) -> str:
    """An ISO 3166-1 alpha-2 country code."""
    text = item.text()
    if text and not re.fullmatch("[A-Z]{2}", text):
        item.report(f"'{text}' is no country code (two capital letters){nearest(text, groups or ())}")
    return text


def read_identifier(key: str, item: Item, reserved: tuple[str, ...] = ()) -> None:
    """Check that a key can be a metric label."""
    if not re.fullmatch("[a-z][a-z0-9_]*", key):
        item.report(f"'{key}' is no identifier (a-z, 0-9 and _, beginning with a letter)")
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
