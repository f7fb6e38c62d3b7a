"""Reads what the user says about a location database."""

from __future__ import annotations

from netmon.places.labels import DatabaseLabel
from netmon.places.provider import REGISTRATIONS
from netmon.places.providers import content_of, named_provider
from netmon.yaml_nodes import Fields, Item


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
