"""A vendor file, from top to bottom. The README in the signature folder explains every key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, cast

from netmon.signatures.model import (
    NETWORK,
    CertificateRule,
    Component,
    Coverage,
    Denial,
    Expectation,
    FallbackResolver,
    Measure,
    Promise,
    QuotedDatabase,
    Unconfirmed,
    Vendor,
)
from netmon.signatures.read_concerns import read_concern
from netmon.signatures.read_locations import RESERVED, Atlas, read_identifier
from netmon.signatures.read_rules import read_magic, read_names, read_networks, read_port
from netmon.signatures.read_values import (
    check_domain,
    known_word,
    read_address,
    read_date,
    read_day,
    read_domain,
    read_source,
)
from netmon.signatures.vendor_context import VendorContext
from netmon.yaml_nodes import Item

REQUIRED = ("vendor", "title", "sources", "components")
OPTIONAL = (
    "reviewed",
    "notes",
    "databases",
    "promises",
    "networks",
    "resolvers",
    "lookalikes",
    "unconfirmed",
    "certificates",
    "measures",
    "concerns",
    "examples",
    "counterexamples",
)
Basis = Literal["promise", "observed", "none"]
BASES: tuple[Basis, ...] = ("none", "observed", "promise")
COVERAGES: tuple[Coverage, ...] = ("certain", "possible")
SCOPES = ("cloud", "internal")
ABOUT = ("location", "registration")


def read_vendor(root: Item, atlas: Atlas, numbers: Iterator[int]) -> Vendor:
    """The contents of the file. `numbers` numbers the rules of all files consecutively."""
    fields = root.fields(REQUIRED, OPTIONAL)
    vendor = fields.read("vendor", Item.text, "")
    if vendor:
        read_identifier(vendor, fields["vendor"], RESERVED)
    context = VendorContext(vendor, root.file, atlas, numbers, sources={}, databases={}, promises={})
    context.sources = fields.table("sources", read_source)
    context.databases = fields.table("databases", lambda key, item: _read_database(key, item, context))
    ids = fields["promises"].entries() if "promises" in fields else {}
    context.promises = fields.table("promises", lambda key, item: _read_promise(key, item, context, ids))
    components = fields.table("components", lambda key, item: _read_component(key, item, context))

    def read_component_id(item: Item) -> str:
        return known_word(item, components, "component")

    certificates = fields.each(
        "certificates", lambda item: _read_certificate(item, context, read_component_id)
    )
    denial, lookalikes = (
        _read_lookalikes(fields["lookalikes"], context) if "lookalikes" in fields else (None, ())
    )
    return Vendor(
        id=vendor,
        title=fields.read("title", Item.text, ""),
        reviewed=fields.read("reviewed", read_day, None),
        components=components,
        networks=fields.read("networks", lambda item: read_networks(item, context), ()),
        promises=context.promises,
        resolvers=fields.each("resolvers", lambda item: _read_resolver(item, context)),
        lookalikes=lookalikes,
        sources=context.sources,
        examples=fields.table("examples", lambda _name, item: read_component_id(item)),
        counterexamples=fields.read("counterexamples", Item.texts, ()),
        file=root.file,
        databases=context.databases,
        certificates=certificates,
        denial=denial,
        unconfirmed=fields.each("unconfirmed", lambda item: _read_unconfirmed(item, context)),
        measures=fields.each("measures", lambda item: _read_measure(item, context)),
        concerns=fields.each("concerns", lambda item: read_concern(item, context)),
        notes=fields.read("notes", Item.texts, ()),
    )


def _read_database(key: str, item: Item, context: VendorContext) -> QuotedDatabase:
    fields = item.fields(("title", "about", "sources"), ("provider", "date", "attribution"))
    about = fields.read("about", lambda value: value.one_of(ABOUT), "location")
    return QuotedDatabase(
        id=key,
        title=fields.read("title", Item.text, ""),
        about=cast(Literal["location", "registration"], about),
        provider=fields.read("provider", Item.text, None),
        date=fields.read("date", read_day, None),
        attribution=fields.read("attribution", Item.text, None),
        sources=fields.read("sources", context.read_sources, ()),
        line=item.line,
    )


def _read_promise(key: str, item: Item, context: VendorContext, ids: Mapping[str, Item]) -> Promise:
    read_identifier(key, item)
    optional = ("subjects", "announced", "effective_from", "effective_to", "locations", "ends", "note")
    fields = item.fields(("statement", "data", "status", "sources"), optional)
    return Promise(
        id=key,
        vendor=context.vendor,
        statement=fields.read("statement", Item.text, ""),
        subjects=fields.read("subjects", context.atlas.read_countries, frozenset()),
        data=fields.read("data", Item.text, ""),
        effective_from=fields.read("effective_from", read_date, None),
        effective_to=fields.read("effective_to", read_date, None),
        locations=fields.each("locations", context.atlas.read_id),
        announced=fields.read("announced", read_date, None),
        ends=fields.each("ends", lambda one: known_word(one, ids, "promise")),
        **context.read_sourced(item, fields),
    )


def _read_component(key: str, item: Item, context: VendorContext) -> Component:
    read_identifier(key, item, (NETWORK, *(word for word in RESERVED if word != "other")))
    required = ("title", "function", "data", "expectations", "sources")
    optional = ("scope", "visited", "names", "ports", "magic", "false_positive")
    fields = item.fields(required, optional)
    scope = fields.read("scope", lambda value: value.one_of(SCOPES), "cloud")
    if scope == "cloud" and "names" not in fields:
        item.report("a cloud component needs names")
    return Component(
        vendor=context.vendor,
        id=key,
        title=fields.read("title", Item.text, ""),
        function=fields.read("function", Item.text, ""),
        data_category=fields.read("data", Item.text, ""),
        scope=cast(Literal["cloud", "internal"], scope),
        names=fields.read("names", lambda names: read_names(names, context, key), ()),
        ports=fields.each("ports", lambda port: read_port(port, context)),
        magic=fields.each("magic", lambda magic: read_magic(magic, context, key)),
        expectations=fields.each("expectations", lambda one: _read_expectation(one, context)),
        false_positive=fields.read("false_positive", Item.text, None),
        sources=fields.read("sources", context.read_sources, ()),
        line=item.line,
        visited=fields.read("visited", Item.flag, False),
    )


def _read_expectation(item: Item, context: VendorContext) -> Expectation:
    fields = item.fields(("basis",), ("promise", "coverage", "locations", "note", "sources"))
    basis = cast(Basis, fields.read("basis", lambda value: value.one_of(BASES), "none"))
    coverage = cast(Coverage, fields.read("coverage", lambda value: value.one_of(COVERAGES), "certain"))
    promise = fields.read("promise", lambda value: known_word(value, context.promises, "promise"), "")
    locations = fields.each("locations", context.atlas.read_id)
    if (basis == "promise") != ("promise" in fields):
        item.report("basis promise needs a promise, and no other basis may have one")
    if basis != "promise" and "coverage" in fields:
        fields["coverage"].report("only a promise has a coverage")
    if basis == "promise":
        if "locations" in fields:
            fields["locations"].report("the promise already has the locations: do not repeat them here")
        if promise in context.promises:
            locations = context.promises[promise].locations
            if not locations:
                fields["promise"].report(
                    f"promise '{promise}' has no locations, so nothing can be expected from it"
                )
    elif basis == "none" and locations:
        fields["locations"].report("basis none cannot have locations")
    return Expectation(
        basis=basis,
        promise=promise or None,
        locations=locations,
        note=fields.read("note", Item.text, None),
        sources=fields.read("sources", context.read_sources, ()),
        coverage=coverage,
    )


def _read_resolver(item: Item, context: VendorContext) -> FallbackResolver:
    fields = item.fields(("address", "operator", "status", "sources"))
    return FallbackResolver(
        address=fields.read("address", read_address, None) or "",
        operator=fields.read("operator", Item.text, ""),
        vendor=context.vendor,
        **context.read_sourced(item, fields),
    )


def _read_lookalikes(item: Item, context: VendorContext) -> tuple[Denial, tuple[str, ...]]:
    fields = item.fields(("why", "status", "sources", "domains"))
    denial = Denial(why=fields.read("why", Item.text, ""), **context.read_sourced(item, fields))
    return denial, fields.each("domains", read_domain)


def _read_unconfirmed(item: Item, context: VendorContext) -> Unconfirmed:
    fields = item.fields(("name", "why", "sources"))
    return Unconfirmed(
        name=fields.read("name", read_domain, ""),
        why=fields.read("why", Item.text, ""),
        sources=fields.read("sources", context.read_sources, ()),
        line=item.line,
    )


def _read_certificate(
    item: Item, context: VendorContext, read_component_id: Callable[[Item], str]
) -> CertificateRule:
    required = ("component", "names", "subject", "issuer", "not_before", "not_after", "status", "sources")
    fields = item.fields(required, ("note",))
    return CertificateRule(
        names=fields.each("names", _read_certificate_name),
        subject=fields.read("subject", Item.text, ""),
        issuer=fields.read("issuer", Item.text, ""),
        not_before=fields.read("not_before", read_day, ""),
        not_after=fields.read("not_after", read_day, ""),
        **context.read_rule(item, fields, fields.read("component", read_component_id, "")),
    )


def _read_certificate_name(item: Item) -> str:
    """A domain, with or without a leading "*."."""
    text = item.text()
    check_domain(item, text.removeprefix("*."))
    return text


def _read_measure(item: Item, context: VendorContext) -> Measure:
    fields = item.fields(("date", "who", "what", "status", "sources"))
    return Measure(
        date=fields.read("date", read_date, ""),
        who=fields.read("who", Item.text, ""),
        what=fields.read("what", Item.text, ""),
        **context.read_sourced(item, fields),
    )
