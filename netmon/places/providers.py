"""The providers of location databases, from `netmon/data/providers.yaml`: names, contents, and common data.

A provider counts as one source, however many databases it publishes. Providers whose data are part of each
other's are not independent either. For a database whose provider is not known, nothing shows that it is not
a copy of another one: all such databases together count as one source, which does not confirm any other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from itertools import combinations

from netmon.places.provider import UNKNOWN_PROVIDER, Content, Provider


@cache
def known_providers() -> Mapping[str, Provider]:
    """The providers that netmon knows."""
    from netmon.places.read_providers import load_providers  # noqa: PLC0415  # YAML takes long to import

    return load_providers()


@lru_cache(maxsize=1024)
def find_providers(text: str) -> tuple[str, ...]:
    """The ids of all providers named in a text, such as a database type or the name of a file, sorted.

    Of names that overlap, the longest counts, so a merged data set is not taken for one of its parts.
    """
    found = [
        (match.span(), provider)
        for pattern, provider in _patterns()
        for match in pattern.finditer(text.casefold())
    ]
    found.sort(key=lambda one: (one[0][0] - one[0][1], one[0]))  # the longest first
    taken: list[tuple[int, int]] = []
    named = set()
    for (start, end), provider in found:
        if all(end <= first or last <= start for first, last in taken):
            taken.append((start, end))
            named.add(provider)
    return tuple(sorted(named))


def named_provider(name: str) -> str:
    """The provider that a person means by a name: one that netmon knows, or else the name itself."""
    named = find_providers(name)
    return named[0] if len(named) == 1 else "-".join(re.findall(r"[^\W_]+", name.casefold())) or name


def content_of(provider: str) -> Content:
    """What the countries of this provider are; "location" for one that netmon does not know."""
    known = known_providers().get(provider)
    return known.about if known else "location"


@lru_cache(maxsize=1024)
def independent_of(providers: frozenset[str]) -> tuple[str, ...]:
    """As many of the providers as are known to have no data in common with each other, sorted.

    At least one, if any are given. An unknown provider is not known to be independent of any other.
    """
    ordered = sorted(providers)
    for count in range(len(ordered), 1, -1):
        for chosen in combinations(ordered, count):
            if _are_independent(chosen):
                return chosen
    known = [one for one in ordered if one != UNKNOWN_PROVIDER]
    return tuple(known[:1] or ordered[:1])


def _are_independent(providers: Collection[str]) -> bool:
    return UNKNOWN_PROVIDER not in providers and all(
        _data_of(one).isdisjoint(_data_of(other)) for one, other in combinations(providers, 2)
    )


@cache
def _data_of(provider: str) -> frozenset[str]:
    """The provider, and all providers whose data it contains."""
    known = known_providers().get(provider)
    parts = known.contains if known else ()
    return frozenset({provider}).union(*map(_data_of, parts))


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(rf"(?<![a-z0-9]){name.replace('-', '[^a-z0-9]*')}(?![a-z])"), provider.id)
        for provider in known_providers().values()
        for name in provider.names
    )
