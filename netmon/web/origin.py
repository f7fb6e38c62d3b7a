"""Whether a request that changes something may come from where it comes from.

A page of another site can make a browser send a request here, also to an address that only this browser
reaches. Browsers say so: in `Origin` and `Sec-Fetch-Site`. If the page's name was made to lead here (DNS
rebinding), these say "same origin", so a browser must also name a host that is known to be this one.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

_OWN_SITES = ("same-origin", "none")  # "none": the user's own doing
_PORTS = {"http": 80, "https": 443}


def find_refusal(headers: Mapping[str, str], scheme: str, external_url: str | None) -> str | None:
    """The reason why a request must not change anything; None if it may."""
    site, origin, host = headers.get("Sec-Fetch-Site"), headers.get("Origin"), headers.get("Host", "")
    if site is None and origin is None:
        return None  # no browser
    if site is not None and site not in _OWN_SITES:
        return "the request comes from another site"
    external = _origin_of(external_url) if external_url else None
    if origin is not None:
        named = _origin_of(origin)
        if named is None or named not in (_origin_of(f"{scheme}://{host}"), external):
            return f"the request comes from {origin[:200]!r}, which is not this server"
        if named == external:
            return None
    if not _is_own_host(host, external):
        return f"the host {host[:200]!r} is not known to be this server: set web.external_url"
    return None


def _origin_of(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None for "null" and anything else that is no origin."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            return None
        return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]
    except ValueError:
        return None


def _is_own_host(host: str, external: tuple[str, str, int] | None) -> bool:
    origin = _origin_of(f"http://{host}")
    if origin is None:
        return False
    name = origin[1]
    if name in ("localhost", socket.gethostname().lower()) or (external and name == external[1]):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
