"""The provider of a source: all databases of one provider count as one source, however many it publishes.

"GeoLite2-City", "GeoIP2-Country" and the signatures' `geolite2` have one provider; so have "DBIP-City-Lite"
and `dbip`. For a provider that is not listed here, the name of the source is used, without the words that
only distinguish editions. A database merged from several providers counts as the one its name begins with.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PROVIDERS = (
    ("geoip", "maxmind"),
    ("geolite", "maxmind"),
    ("dbip", "dbip"),
    ("ipinfo", "ipinfo"),
    ("ip2l", "ip2location"),  # IP2Location, IP2LITE
)
"""Beginning of a source's name, reduced to lower-case letters and digits → its provider."""

_EDITION = re.compile("city|country|location|asn?|isp|lite|free|plus|core|sample|test|ip|(ip)?v[46]|num|mmdb")
_REGISTRIES = frozenset({"iptoasn", "asn-country", "geoopen"})
"""Providers whose country is where the AS or the network is registered, by their own descriptions."""


@lru_cache(maxsize=256)
def provider_of(source: str) -> str:
    """The provider of a source, by the source's name alone: "maxmind" for "GeoLite2-City"."""
    words = re.findall("[a-z0-9]+", source.casefold())
    name = "".join(words)
    for beginning, provider in _PROVIDERS:
        if name.startswith(beginning):
            return provider
    return "-".join([word for word in words if not _EDITION.fullmatch(word)] or words)


def is_registry(source: str) -> bool:
    """True when the source's country is one of registration, not the location of an address."""
    return provider_of(source) in _REGISTRIES
