"""The `concerns` of a vendor file: countries where its traffic should not end, and on what basis."""

from __future__ import annotations

from typing import cast, get_args

from netmon.signatures.model import Concern, ConcernStatus
from netmon.signatures.read_locations import read_country
from netmon.signatures.read_values import read_day
from netmon.signatures.vendor_context import VendorContext
from netmon.yaml_nodes import Item


def read_concern(item: Item, context: VendorContext) -> Concern:
    """One concern. Its `status` is that of the authority's statement, not a trust status."""
    required = ("country", "basis", "about", "from", "status", "sources")
    fields = item.fields(required, ("until", "addressed_to", "subjects", "note"))
    since = fields.read("from", read_day, "")
    until = fields.read("until", read_day, None)
    if until and until < since:
        fields["until"].report(f"'{until}' is before '{since}', the start of the concern")
    return Concern(
        country=fields.read("country", read_country, ""),
        basis=fields.read("basis", Item.text, ""),
        about=fields.read("about", Item.text, ""),
        since=since,
        until=until,
        status=fields.read("status", _read_status, "in force"),
        addressed_to=fields.read("addressed_to", context.atlas.read_countries, frozenset()),
        subjects=fields.read("subjects", context.atlas.read_countries, frozenset()),
        sources=fields.read("sources", context.read_sources, ()),
        note=fields.read("note", Item.text, None),
        line=item.line,
    )


def _read_status(item: Item) -> ConcernStatus:
    return cast(ConcernStatus, item.one_of(get_args(ConcernStatus)))
