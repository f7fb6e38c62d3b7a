"""Readers of single values; an invalid one is reported with its file and line."""

from __future__ import annotations

import datetime
import ipaddress
import re

from netmon.countries import check_country
from netmon.places.embedded import embedded_ipv4
from netmon.privacy.periods import PERIODS, Period
from netmon.verdict.policy import Address, Network
from netmon.yaml_nodes import Item


def read_address(item: Item) -> Address:
    """An IPv4 or IPv6 address."""
    text = item.text()
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        item.report(f"'{text}' is not an IP address")
        return ipaddress.IPv4Address(0)


def read_network(item: Item) -> Network:
    """A network without host bits, such as 10.0.0.0/8."""
    text = item.text()
    network = parse_network(text, item) if text else None
    return NO_NETWORK if network is None else network


def parse_network(text: str, item: Item) -> Network | None:
    """The network in a text, such as a key; None, and a problem with the item, if it is not one."""
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        item.report(f"'{text}' is not a network: {error}")
        return None


def read_nat64_prefix(item: Item) -> str:
    """A prefix of a NAT64 translator, such as 2001:db8:64::/96 (RFC 6052)."""
    text = item.text()
    try:
        embedded_ipv4("::", [text])
    except ValueError as error:
        if text:
            item.report(str(error))
    return text


NO_NETWORK = ipaddress.ip_network("192.0.2.0/32")


def read_day(item: Item) -> str:
    """An ISO date."""
    day = item.text()
    if day and not _is_day(day):
        item.report(f"'{day}' is not a date: write 2026-01-31")
    return day


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def read_country(item: Item) -> str:
    """An ISO 3166-1 alpha-2 code."""
    country = item.text()
    problem = check_country(country) if country else None
    if problem:
        item.report(problem)
    return country


def read_period(item: Item) -> Period:
    """A period in which clients are counted."""
    word = item.one_of(PERIODS)
    return next(period for period in PERIODS if period == word)


def read_place(item: Item) -> str:
    """A country or the id of a location."""
    place = item.text()
    if place and not re.fullmatch("[A-Z]{2}|[a-z][a-z0-9_]*", place):
        item.report(f"'{place}' is neither a country, such as CH, nor a location, such as zurich")
    elif place.isupper() and (problem := check_country(place)):
        item.report(problem)
    return place


def read_region(item: Item) -> str:
    """A country, or a group of countries such as EEA, whose name is checked with the signatures."""
    word = item.text()
    problem = check_country(word) if re.fullmatch("[A-Z]{2}", word) and word != "EU" else None
    if problem:
        item.report(problem)
    elif word and not re.fullmatch("[A-Z][A-Z_]+", word):
        item.report(f"'{word}' is neither a country, such as CH, nor a group of countries, such as EEA")
    return word
