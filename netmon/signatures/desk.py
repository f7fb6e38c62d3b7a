"""What every reader of a vendor file needs at hand: sources, places, entry numbers, and common values."""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict

from netmon._engine import Matcher
from netmon.signatures.model import STATUSES, Database, MatchKind, Promise, Source, Sourced
from netmon.signatures.read_locations import Atlas
from netmon.yaml_nodes import Fields, Item, nearest

_NOTHING_GIVEN = Sourced()


class SourcedFields(TypedDict):
    """The fields of a `Sourced`."""

    status: str
    sources: tuple[str, ...]
    note: str | None
    line: int


class RuleFields(SourcedFields):
    """The fields of a `Rule`."""

    entry: int
    vendor: str
    component: str
    file: str


@dataclass(slots=True)
class Desk:
    """The tables of one vendor file, filled in the order in which they are read."""

    vendor: str
    file: str
    atlas: Atlas
    entries: Iterator[int]
    sources: Mapping[str, Source]
    databases: Mapping[str, Database]
    promises: Mapping[str, Promise]

    def read_sources(self, item: Item) -> tuple[str, ...]:
        """One or more source keys that exist."""
        return read_source_keys(item, self.sources)

    def read_sourced(self, item: Item, fields: Fields, default: Sourced = _NOTHING_GIVEN) -> SourcedFields:
        """What every `Sourced` of the file has in common; `default` gives what its fields leave out."""
        return read_sourced(item, fields, self.sources, default)

    def read_rule(
        self, item: Item, fields: Fields, component: str, default: Sourced = _NOTHING_GIVEN
    ) -> RuleFields:
        """What every `Rule` of the file has in common, with the next number."""
        return {
            **self.read_sourced(item, fields, default),
            "entry": next(self.entries),
            "vendor": self.vendor,
            "component": component,
            "file": self.file,
        }


def read_sourced(
    item: Item, fields: Fields, sources: Mapping[str, Source], default: Sourced = _NOTHING_GIVEN
) -> SourcedFields:
    """What every `Sourced` has in common, as its constructor takes it."""
    return {
        "status": fields.read("status", read_status, default.status),
        "sources": fields.read("sources", lambda keys: read_source_keys(keys, sources), default.sources),
        "note": fields.read("note", Item.text, default.note),
        "line": item.line,
    }


def read_source(key: str, item: Item) -> Source:
    """Where facts were read, as every file lists it under `sources`."""
    fields = item.fields(("trust", "ref", "about"))
    return Source(
        key=key,
        trust=fields.read("trust", read_status, "unverified"),
        ref=fields.read("ref", Item.text, ""),
        about=fields.read("about", Item.text, ""),
        line=item.line,
    )


def read_source_keys(item: Item, sources: Mapping[str, Source]) -> tuple[str, ...]:
    """One or more keys of the sources."""
    keys = item.elements()
    if not keys and item.is_list():
        item.report("at least one source is needed")
    return tuple(known_word(key, sources, "source") for key in keys)


def known_word(item: Item, known: Mapping[str, object], what: str) -> str:
    """A key of the table."""
    return check_known(item, item.text(), known, what)


def check_known(item: Item, word: str, known: Mapping[str, object], what: str) -> str:
    """The word, which must be a key of the table; a problem of the item otherwise."""
    if word and word not in known:
        item.report(f"unknown {what} '{word}'{nearest(word, known)}")
    return word


def read_status(item: Item) -> str:
    """A trust status."""
    return item.one_of(STATUSES)


def read_day(item: Item) -> str:
    """An ISO date of a day."""
    return _read_date(item, "%Y-%m-%d")


def read_date(item: Item) -> str:
    """An ISO date: a day, a month or a year, as exact as the source."""
    return _read_date(item, "%Y-%m-%d", "%Y-%m", "%Y")


def read_address(item: Item) -> str | None:
    """An IPv4 or IPv6 address in its canonical form."""
    text = item.text()
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if text:
            item.report(f"'{text}' is no address")
        return None


def is_within(address: str, prefix: str) -> bool:
    """True when the network holds the address; False also when the prefix is none."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(prefix)
    except ValueError:
        return False


def read_prefix(item: Item, text: str) -> str:
    """A network in its canonical form."""
    return str(ipaddress.ip_network(text)) if _is_accepted(item, [], [(0, text)]) else text


def read_rule_text(item: Item, kind: MatchKind) -> str:
    """The text of a name rule that the engine accepts."""
    text = item.text()
    if kind == "pattern":
        if text:
            _is_accepted(item, [(0, kind, text)], [])
    else:
        check_domain(item, text)
    return text


def check_domain(item: Item, text: str) -> None:
    """A problem of the item unless the text is a domain of several labels, or nothing."""
    if text and _is_accepted(item, [(0, "suffix", text)], []) and "." not in text:
        item.report(f"'{text}' has one label only: name a domain of the vendor, as in example.com")


def read_domain(item: Item) -> str:
    """A domain, lower case, without a final dot."""
    return read_rule_text(item, "suffix")


def literal_domain(pattern: str) -> str:
    """The domain that an accepted pattern ends in."""
    found = re.search(r"((?:\\\.[a-z0-9_-]+)+)\$$", pattern)
    return found.group(1).replace("\\", "").lstrip(".") if found else ""


def _is_accepted(item: Item, names: list[tuple[int, str, str]], networks: list[tuple[int, str]]) -> bool:
    try:
        Matcher(names, networks, [])
    except ValueError as error:
        item.report(str(error))
        return False
    return True


def _read_date(item: Item, *formats: str) -> str:
    text = item.text()
    for form in formats:
        try:
            if datetime.datetime.strptime(text, form).strftime(form) == text:
                return text
        except ValueError:
            continue
    if text:
        item.report(f"'{text}' is no ISO date ({'day' if len(formats) == 1 else 'day, month or year'})")
    return text
