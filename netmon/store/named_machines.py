"""The addresses of a machine, by its hardware address or host name, which only privacy level 0 stores."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from netmon.store.queries import Reader

_MAC = re.compile("(?:[0-9A-F]{2}[:-]?){5}[0-9A-F]{2}|(?:[0-9A-F]{4}[.]){2}[0-9A-F]{4}")


class NamedAddress(NamedTuple):
    """An address that the machine had, and from which day to which other day since 1970."""

    address: str
    first_day: int
    last_day: int
    is_shared: bool  # another hardware address or name was seen with it as well


def addresses_of(reader: Reader, text: str) -> list[NamedAddress]:
    """The addresses that flows of the machine had, in their order; none if it is not known."""
    mac = as_mac(text)
    column, value = ("client_host", text.lower()) if mac is None else ("client_mac", mac)
    query = f"""SELECT client, min(CASE WHEN {column} = :value THEN day END),
  max(CASE WHEN {column} = :value THEN day END),
  max(CASE WHEN {column} <> :value THEN 1 ELSE 0 END)
FROM flows WHERE client IN (SELECT client FROM flows WHERE {column} = :value AND client IS NOT NULL)
GROUP BY client ORDER BY client"""
    return [NamedAddress(*_row(row)) for row in reader.select(query, {"value": value})]


def _row(row: tuple[Any, ...]) -> tuple[str, int, int, bool]:
    client, first, last, is_shared = row
    return str(client), int(first), int(last), bool(is_shared)


def as_mac(text: str) -> str | None:
    """A hardware address as events have it, "02-00-5E-10-AB-09"; None for another text."""
    if not _MAC.fullmatch(text.upper()):
        return None
    digits = re.sub("[:.-]", "", text.upper())
    return "-".join(digits[at : at + 2] for at in range(0, 12, 2))
