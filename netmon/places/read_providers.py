"""Reads `netmon/data/providers.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast, get_args

from netmon.errors import SignatureError
from netmon.places.provider import UNKNOWN_PROVIDER, Content, Provider
from netmon.signatures.model import Source
from netmon.signatures.read_values import check_known, read_source, read_source_keys
from netmon.yaml_nodes import Document, Item, in_lines

FILE = Path(__file__).parent.parent / "data" / "providers.yaml"


def load_providers(file: Path = FILE) -> Mapping[str, Provider]:
    """The providers in a file, by id. Raises SignatureError with one line for every error in it."""
    document = Document(file)
    providers = _read_file(document.root) if document.root else {}
    if document.problems:
        raise SignatureError(in_lines(document.problems))
    return providers


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
