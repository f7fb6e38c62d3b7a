"""What the readers of one vendor file share: its sources, databases and promises, and rule numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from netmon.signatures.model import Promise, QuotedDatabase, Source, Sourced
from netmon.signatures.read_locations import Atlas
from netmon.signatures.read_values import NOTHING_GIVEN, SourcedFields, read_source_keys, read_sourced
from netmon.yaml_nodes import Fields, Item


class RuleFields(SourcedFields):
    """The fields of a `Rule`."""

    number: int
    vendor: str
    component: str
    file: str


class VendorContext(Struct):
    """The tables of one vendor file, set in the order in which they are read."""

    vendor: str
    file: str
    atlas: Atlas
    numbers: Iterator[int]
    sources: Mapping[str, Source]
    databases: Mapping[str, QuotedDatabase]
    promises: Mapping[str, Promise]

    def read_sources(self, item: Item) -> tuple[str, ...]:
        """One or more keys of the file's sources."""
        return read_source_keys(item, self.sources)

    def read_sourced(self, item: Item, fields: Fields, default: Sourced = NOTHING_GIVEN) -> SourcedFields:
        """The fields that every `Sourced` of the file has; missing ones are taken from `default`."""
        return read_sourced(item, fields, self.sources, default)

    def read_rule(
        self, item: Item, fields: Fields, component: str, default: Sourced = NOTHING_GIVEN
    ) -> RuleFields:
        """The fields that every `Rule` of the file has, with the next number."""
        return {
            **self.read_sourced(item, fields, default),
            "number": next(self.numbers),
            "vendor": self.vendor,
            "component": component,
            "file": self.file,
        }
