"""What the user says about location databases: who publishes them, and what their countries are."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from netmon.places.providers import REGISTRATIONS, content_of, named_provider
from netmon.yaml_nodes import Fields, Item


class DatabaseLabel(Struct, frozen=True):
    """What the user says about a location database, or about all databases in a folder."""

    provider: str | None = None  # who publishes it; None: as its metadata or its file name say
    about: Literal["location", "registration"] = "location"


def read_label(fields: Fields) -> DatabaseLabel:
    """The label in an entry of `places.databases`."""
    provider = fields.read("provider", Item.text, None)
    about = fields.read("about", lambda item: item.one_of(("location", "registration")), "location")
    if (
        "about" in fields
        and about == "location"
        and content_of(named_provider(provider or "")) in REGISTRATIONS
    ):
        fields["about"].report(f"'{provider}' publishes registrations, which never locate an address")
    return DatabaseLabel(provider, "registration" if about == "registration" else "location")
