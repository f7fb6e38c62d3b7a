"""`resolvers.yaml`: public resolvers, by which encrypted DNS is recognised and named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from netmon.signatures.model import PublicResolver, PublicResolvers, Source
from netmon.signatures.read_locations import RESERVED, read_identifier
from netmon.signatures.read_values import read_address, read_domain, read_source, read_sourced
from netmon.yaml_nodes import Item


def read_resolvers(root: Item) -> PublicResolvers:
    """The whole file."""
    fields = root.fields(("sources", "resolvers"))
    sources = fields.table("sources", read_source)
    seen: dict[str, str] = {}
    entries = fields.table("resolvers", lambda key, item: _read_resolver(key, item, sources, seen))
    return PublicResolvers(root.file, sources, tuple(entries.values()))


def _read_resolver(
    key: str, item: Item, sources: Mapping[str, Source], seen: dict[str, str]
) -> PublicResolver:
    read_identifier(key, item, RESERVED)
    fields = item.fields(("operator", "status", "sources"), ("addresses", "names", "note"))

    def read_once(element: Item, read: Callable[[Item], str | None]) -> str:
        word = read(element) or ""
        if word in seen:
            element.report(f"'{word}' is given twice (first for '{seen[word]}')")
        elif word:
            seen[word] = key
        return word

    if "addresses" not in fields and "names" not in fields:
        item.report("a resolver needs addresses or names")
    return PublicResolver(
        id=key,
        operator=fields.read("operator", Item.text, ""),
        addresses=fields.each("addresses", lambda one: read_once(one, read_address)),
        names=fields.each("names", lambda one: read_once(one, read_domain)),
        **read_sourced(item, fields, sources),
    )
