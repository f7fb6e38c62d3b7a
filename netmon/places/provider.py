"""A provider of location databases."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

UNKNOWN_PROVIDER = "unknown"
"""The provider of all databases whose provider is not known."""

Content = Literal["location", "as_registration", "registration", "merged"]
"""What the countries of a provider's databases are: see `netmon/data/providers.yaml`."""

REGISTRATIONS: tuple[Content, ...] = ("registration", "as_registration")
"""Contents that never locate an address."""


class Provider(Struct, frozen=True):
    """A provider of location databases."""

    id: str
    title: str
    names: tuple[str, ...]
    about: Content
    contains: tuple[str, ...]  # ids of providers whose data are part of this one's
    sources: tuple[str, ...]  # keys of sources in the same file
    line: int
