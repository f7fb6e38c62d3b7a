"""Readers of the values that signature files have in common: sources, dates, addresses, networks, domains."""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Mapping
from typing import TypedDict

from netmon._engine import Matcher
from netmon.errors import nearest
from netmon.signatures.model import STATUSES, UNKNOWN_DATE, MatchKind, Source, Sourced
from netmon.yaml_nodes import Fields, Item

NOTHING_GIVEN = Sourced()
ANY_PRECISION = ("%Y-%m-%d", "%Y-%m", "%Y")


class SourcedFields(TypedDict):
    """The fields of a `Sourced`."""

    status: str
    sources: tuple[str, ...]
    note: str | None
    line: int


def read_sourced(
    item: Item, fields: Fields, sources: Mapping[str, Source], default: Sourced = NOTHING_GIVEN
) -> SourcedFields:
    """The fields that every `Sourced` has, as its constructor takes them."""
    return {
        "status": fields.read("status", read_status, default.status),
        "sources": fields.read("sources", lambda keys: read_source_keys(keys, sources), default.sources),
        "note": fields.read("note", Item.text, default.note),
        "line": item.line,
    }


def read_source(key: str, item: Item) -> Source:
    """One source, as every file lists them under `sources`."""
    fields = item.fields(("trust", "ref", "about"), ("date",))
    return Source(
        key=key,
        trust=fields.read("trust", read_status, "unverified"),
        ref=fields.read("ref", Item.text, ""),
        about=fields.read("about", Item.text, ""),
        date=fields.read("date", _read_source_date, None),
        line=item.line,
    )


def _read_source_date(item: Item) -> str:
    """An ISO day, month or year, or the word for an unknown date."""
    return _read_date(item, *ANY_PRECISION, word=UNKNOWN_DATE)


def read_source_keys(item: Item, sources: Mapping[str, Source]) -> tuple[str, ...]:
    """One or more keys of the sources."""
    keys = item.elements()
    if not keys and item.is_list():
        item.report("at least one source is needed")
    return tuple(known_word(key, sources, "source") for key in keys)


def known_word(item: Item, known: Mapping[str, object], what: str) -> str:
    """A key of the table `known`; any other is reported. `what` names it in the error."""
    return check_known(item, item.text(), known, what)


def check_known(item: Item, word: str, known: Mapping[str, object], what: str) -> str:
    """The word; it is reported if it is not a key of the table `known`."""
    if word and word not in known:
        item.report(f"unknown {what} '{word}'{nearest(word, known)}")
    return word


def read_status(item: Item) -> str:
    """A trust status."""
    return item.one_of(STATUSES)


def read_day(item: Item) -> str:
    """An ISO date with year, month and day."""
    return _read_date(item, "%Y-%m-%d")


def read_date(item: Item) -> str:
    """An ISO date: a day, a month or a year, as precise as the source."""
    return _read_date(item, *ANY_PRECISION)


def read_address(item: Item) -> str | None:
    """An IPv4 or IPv6 address in its canonical form; None if it is not one."""
    text = item.text()
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if text:
            item.report(f"'{text}' is not an IP address")
        return None


def is_within(address: str, prefix: str) -> bool:
    """True if the network contains the address; False also if the prefix is invalid."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(prefix)
    except ValueError:
        return False


def read_prefix(item: Item, text: str) -> str:
    """A network in its canonical form."""
    return str(ipaddress.ip_network(text)) if _is_accepted(item, [], [(0, text)]) else text


def read_rule_text(item: Item, kind: MatchKind) -> str:
    """The text of a name rule; it is reported if the engine does not accept it."""
    text = item.text()
    if kind == "pattern":
        if text:
            _is_accepted(item, [(0, kind, text)], [])
    else:
        check_domain(item, text)
    return text


def check_domain(item: Item, text: str) -> None:
    """Reports the text unless it is empty or a domain with several labels."""
    if text and _is_accepted(item, [(0, "suffix", text)], []) and "." not in text:
        item.report(f"'{text}' has only one label: use a domain of the vendor, such as example.com")


def read_domain(item: Item) -> str:
    """A domain, lower case, without a trailing dot."""
    return read_rule_text(item, "suffix")


def literal_domain(pattern: str) -> str:
    """The domain at the end of a valid pattern."""
    found = re.search(r"((?:\\\.[a-z0-9_-]+)+)\$$", pattern)
    return found.group(1).replace("\\", "").lstrip(".") if found else ""


def _is_accepted(item: Item, names: list[tuple[int, str, str]], networks: list[tuple[int, str]]) -> bool:
    try:
        Matcher(names, networks, [])
    except ValueError as error:
        item.report(str(error))
        return False
    return True


def are_accepted(names: list[tuple[int, str, str]], networks: list[tuple[int, str]]) -> bool:
    """True if the engine accepts all of them, and they differ."""
    try:
        Matcher(names, networks, [])
    except ValueError:
        return False
    return True


def _read_date(item: Item, *formats: str, word: str | None = None) -> str:
    """A date in one of the formats, or the word."""
    text = item.text()
    if text == word:
        return text
    for form in formats:
        try:
            if datetime.datetime.strptime(text, form).strftime(form) == text:
                return text
        except ValueError:
            continue
    if text:
        precision = "day" if len(formats) == 1 else "day, month or year"
        others = f" or '{word}'" if word else ""
        item.report(f"'{text}' is not an ISO date ({precision}){others}")
    return text
