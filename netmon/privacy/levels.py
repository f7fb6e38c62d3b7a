"""How a client is shown: by its address, a pseudonym, its network, or not at all."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from netmon.days import iso_day
from netmon.privacy.periods import Period, period_name

ADDRESS, PSEUDONYM, NETWORK, NOTHING = range(4)
"""The levels of `privacy.level` in netmon.yaml and of `--privacy`."""

CLIENT, COUNTED = "client-", "count-"
"""How pseudonyms begin: those of a day, and those by which clients of a longer period are counted."""

_NETWORK_BITS = {4: 24, 6: 48}
_HEX_DIGITS = 16
_CLIENTS_KEPT = 16_384
"""Clients whose pseudonyms of a day are kept; the one used least recently is evicted first."""


def _digest(key: bytes, text: str) -> bytes:
    """The HMAC-SHA256 of a text."""
    import hashlib  # noqa: PLC0415  # loads OpenSSL; a reading that shows addresses needs none
    import hmac  # noqa: PLC0415

    return hmac.digest(key, text.encode(), hashlib.sha256)


class Pseudonyms:
    """The pseudonyms of one period: each is an HMAC-SHA256 with a key that is derived for the period."""

    def __init__(self, key: bytes, prefix: str, name: str) -> None:
        self._prefix = prefix
        # The day alone stands for the daily ones, so that no name of another period can be equal to it.
        text = name if prefix == CLIENT else f"count {name}"
        self._key = _digest(key, text)

    def of(self, address: str) -> str:
        """The pseudonym of an address, as `str(ip_address)` writes it."""
        digest = _digest(self._key, address)
        return self._prefix + digest.hex()[:_HEX_DIGITS]


class Privacy:
    """Applies a privacy level to the addresses of clients, before outputs get them."""

    def __init__(self, level: int, key: bytes, count_period: Period = "month") -> None:
        self.level = level
        self._key = key
        self._count_period = count_period
        self._pseudonyms = lru_cache(maxsize=8)(self._make_pseudonyms)
        self._daily = lru_cache(_CLIENTS_KEPT)(self._make_daily)
        self.count_key = lru_cache(maxsize=8)(self._count_key)

    def show(self, address: str, when_ns: int) -> str | None:
        """What outputs may show of a client: text, or None for nothing.

        `when_ns` is the time of the packet, in nanoseconds since 1970; it selects the day of a pseudonym.
        A pseudonym is a keyed HMAC-SHA256. Its key is derived for each UTC day, so that a client can be
        followed within a day, but not from one day to the next.
        """
        if self.level == ADDRESS:
            return address
        if self.level == NETWORK:
            bits = _NETWORK_BITS[ipaddress.ip_address(address).version]
            return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
        if self.level == NOTHING:
            return None
        return self._daily(address, iso_day(when_ns))

    def _make_daily(self, address: str, day: str) -> str:
        """The pseudonym of an address on an ISO day."""
        return self._pseudonyms(CLIENT, day).of(address)

    def digest(self, text: str, when_ns: int, scope: str) -> bytes:
        """32 bytes that tell nothing about a text without the key.

        At the level of pseudonyms they are the same for a UTC day; at higher levels only within the `scope`.
        """
        day = iso_day(when_ns)
        within = day if self.level <= PSEUDONYM else f"{day} {scope}"
        return _digest(self._key, f"digest {within} {text}")

    def count_id(self, address: str, when_ns: int) -> str | None:
        """By what distinct clients of a period are counted: the address, a pseudonym, or None for nothing.

        Without the key nothing leads from it to the daily pseudonym. Something does if both are stored beside
        each other: then whoever reads them can follow a client through the period.
        """
        if self.level == ADDRESS:
            return address
        if self.level != PSEUDONYM:
            return None
        return self._pseudonyms(COUNTED, self.count_period(when_ns)).of(address)

    def count_period(self, when_ns: int) -> str:
        """The period in which clients are counted at that time, such as 2026-11."""
        return period_name(self._count_period, when_ns)

    def _count_key(self, period: str) -> str:
        """What sensors with the same key have in common in a period: their `count_id` can be compared."""
        return _digest(self._key, f"key of {period}").hex()[:_HEX_DIGITS]

    def _make_pseudonyms(self, prefix: str, name: str) -> Pseudonyms:
        return Pseudonyms(self._key, prefix, name)
