"""The `groups` of `locations.yaml`: countries with a name in common, and when each belonged to it."""

from __future__ import annotations

from collections.abc import Mapping

from netmon.countries import COUNTRIES, check_country
from netmon.signatures.model import CountryGroup, Membership, Source
from netmon.signatures.read_values import read_day, read_source_keys
from netmon.yaml_nodes import Fields, Item


def read_groups(fields: Fields, sources: Mapping[str, Source]) -> dict[str, CountryGroup]:
    """All groups of the file. A group may contain the groups above it."""
    groups: dict[str, CountryGroup] = {}
    for key, item in fields["groups"].entries().items() if "groups" in fields else ():
        groups[key] = _read_group(key, item, groups, sources)
    return groups


def current_members(group: CountryGroup) -> frozenset[str]:
    """The countries that have not left the group."""
    return frozenset(country for one in group.members if one.until is None for country in one.countries)


def _read_group(
    key: str, item: Item, above: Mapping[str, CountryGroup], sources: Mapping[str, Source]
) -> CountryGroup:
    if key in COUNTRIES:
        item.report(f"'{key}' is a country code; choose another name for the group")
    fields = item.fields(("title", "members"), ("note",))
    return CountryGroup(
        id=key,
        title=fields.read("title", Item.text, ""),
        members=tuple(
            one
            for element in fields.each("members", lambda member: _read_member(member, above, sources))
            for one in element
        ),
        note=fields.read("note", Item.text, None),
    )


def _read_member(
    item: Item, above: Mapping[str, CountryGroup], sources: Mapping[str, Source]
) -> tuple[Membership, ...]:
    """Countries with their days, or all members of another group with theirs."""
    if item.is_text():
        word = item.text()
        if word not in above:
            item.report(f"no group '{word}' above this one")
            return ()
        return above[word].members
    fields = item.fields(("countries",), ("from", "until", "sources"))
    since, until = (fields.read(day, read_day, None) for day in ("from", "until"))
    if since and until and until < since:
        fields["until"].report(f"'{until}' is before '{since}', the first day")
    countries = fields.each("countries", _read_country)
    return (
        Membership(
            countries, since, until, fields.read("sources", lambda keys: read_source_keys(keys, sources), ())
        ),
    )


def _read_country(item: Item) -> str:
    word = item.text()
    problem = check_country(word) if word else None
    if problem:
        item.report(problem)
    return word
