"""Addresses of servers that stores are on: clickhouse://user@host:8123/database."""

from __future__ import annotations

SCHEMES = {"clickhouse": ("http", 8123), "clickhouses": ("https", 8443)}
"""The protocol and the usual port of each scheme."""


def is_address(name: str) -> bool:
    """True if a store's name is the address of a server, and no file."""
    return name.partition("://")[0] in SCHEMES and "://" in name
