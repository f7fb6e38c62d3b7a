"""The providers of location databases, from `netmon/data/providers.yaml`: names, contents, and common data.

A provider counts as one source, however many databases it publishes. Providers whose data are part of each
other's are not independent either. For a database whose provider is not known, nothing shows that it is not
a copy of another one: all such databases together count as one source, which does not confirm any other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache, lru_cache
from itertools import combinations
from pathlib import Path
from typing import Literal, cast, get_args

from msgspec import Struct

from netmon.errors import SignatureError
from netmon.signatures.model import Source
from netmon.signatures.read_values import check_known, read_source, read_source_keys
from netmon.yaml_nodes import Document, Item, in_lines

UNKNOWN_PROVIDER = "unknown"
"""The provider of all databases whose provider is not known."""

Content = Literal["location", "as_registration", "registration", "merged"]
"""What the countries of a provider's databases are: see `netmon/data/providers.yaml`."""

REGISTRATIONS: tuple[Content, ...] = ("registration", "as_registration")
"""Contents that never locate an address."""

FILE = Path(__file__).parent.parent / "data" / "providers.yaml"


class Provider(Struct, frozen=True):
    """A provider of location databases."""

    id: str
    title: str
    names: tuple[str, ...]
    about: Content
    contains: tuple[str, ...]  # ids of providers whose data are part of this one's
    sources: tuple[str, ...]  # keys of sources in the same file
    line: int


def load_providers(file: Path = FILE) -> Mapping[str, Provider]:
    """The providers in a file, by id. Raises SignatureError with one line for every error in it."""
    document = Document(file)
    providers = _read_file(document.root) if document.root else {}
    if document.problems:
        raise SignatureError(in_lines(document.problems))
    return providers


@cache
def known_providers() -> Mapping[str, Provider]:
    """The providers that netmon knows."""
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


def _read_file(root: Item) -> Mapping[str, Provider]:
    fields = root.fields(("sources", "providers"))
    sources = fields.table("sources", read_source)
    providers = fields.table("providers", lambda key, item: _read_provider(key, item, sources))
    for key, item in fields["providers"].entries().items() if "providers" in fields else ():
        for part in _parts(item):
            check_known(part, part.text(), providers, "provider")
        if key in _all_parts(key, providers):
            item.report(f"provider '{key}' contains itself")
        _check_names(providers[key], item, providers.values())
    return providers


def _read_provider(key: str, item: Item, sources: Mapping[str, Source]) -> Provider:
    fields = item.fields(("title", "names", "about", "sources"), ("contains",))
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", key) or key == UNKNOWN_PROVIDER:
        item.report(f"'{key}' is not an id for a provider: use lower-case letters, digits and hyphens")
    return Provider(
        id=key,
        title=fields.read("title", Item.text, ""),
        names=fields.each("names", _read_name),
        about=cast(Content, fields.read("about", lambda value: value.one_of(get_args(Content)), "location")),
        contains=fields.read("contains", Item.texts, ()),
        sources=fields.read("sources", lambda value: read_source_keys(value, sources), ()),
        line=item.line,
    )


def _read_name(item: Item) -> str:
    name = item.text()
    if name and not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name):
        item.report(f"'{name}' is not a name: use lower-case letters, digits and hyphens")
    return name


def _parts(item: Item) -> Iterable[Item]:
    entries = item.entries()
    return entries["contains"].elements() if "contains" in entries else ()


def _all_parts(key: str, providers: Mapping[str, Provider]) -> set[str]:
    """The providers that one contains, also through others."""
    found: set[str] = set()
    waiting = [key]
    while waiting:
        known = providers.get(waiting.pop())
        new = set(known.contains if known else ()) - found
        found |= new
        waiting += new
    return found


def _check_names(provider: Provider, item: Item, others: Iterable[Provider]) -> None:
    for other in others:
        common = set(provider.names) & set(other.names)
        if other.line < provider.line and common:
            item.report(f"the name '{min(common)}' is that of '{other.id}', too")
