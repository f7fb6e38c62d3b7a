"""Who stands behind a source: a maker is one voice, however many files it publishes.

"GeoLite2-City", "GeoIP2-Country" and the signatures' `geolite2` are one maker; so are "DBIP-City-Lite" and
`dbip`. A maker that is not known by name is what is left of the source's name without the words that only
tell editions apart. A merge of several makers' data counts as the maker that its name begins with.
"""

from __future__ import annotations

import re
from functools import lru_cache

_MAKERS = (
    ("geoip", "maxmind"),
    ("geolite", "maxmind"),
    ("dbip", "dbip"),
    ("ipinfo", "ipinfo"),
    ("ip2l", "ip2location"),  # IP2Location, IP2LITE
)
"""How a source's name begins, in small letters and digits → its maker."""

_EDITION = re.compile("city|country|location|asn?|isp|lite|free|plus|core|sample|test|ip|(ip)?v[46]|num|mmdb")
_REGISTRIES = frozenset({"iptoasn", "asn-country", "geoopen"})
"""Makers whose "country" is where the AS or the network is registered, by their own descriptions."""


@lru_cache(maxsize=256)
def maker_of(source: str) -> str:
    """The maker of a source, by the source's name alone: "maxmind" for "GeoLite2-City"."""
    words = re.findall("[a-z0-9]+", source.casefold())
    name = "".join(words)
    for beginning, maker in _MAKERS:
        if name.startswith(beginning):
            return maker
    return "-".join([word for word in words if not _EDITION.fullmatch(word)] or words)


def is_registry(source: str) -> bool:
    """True when the source's country tells where somebody is registered, not where an address is."""
    return maker_of(source) in _REGISTRIES
