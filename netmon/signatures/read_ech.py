"""`ech_public_names.yaml`: the public names of known fronts that take encrypted hellos (RFC 9849)."""

from __future__ import annotations

from collections.abc import Mapping

from netmon.signatures.model import PublicName, PublicNames, Source
from netmon.signatures.read_values import read_domain, read_source, read_sourced
from netmon.yaml_nodes import Item


def read_public_names(root: Item) -> PublicNames:
    """The whole file."""
    fields = root.fields(("sources", "public_names"))
    sources = fields.table("sources", read_source)
    names = fields.each("public_names", lambda item: _read_public_name(item, sources))
    seen: dict[str, PublicName] = {}
    for name, item in zip(names, fields["public_names"].elements() if names else (), strict=True):
        first = seen.setdefault(name.name, name)
        if first is not name:
            item.report(f"'{name.name}' is given twice (first in line {first.line})")
    return PublicNames(root.file, sources, names)


def _read_public_name(item: Item, sources: Mapping[str, Source]) -> PublicName:
    fields = item.fields(("name", "operator", "status", "sources"), ("note",))
    return PublicName(
        name=fields.read("name", read_domain, ""),
        operator=fields.read("operator", Item.text, ""),
        **read_sourced(item, fields, sources),
    )
