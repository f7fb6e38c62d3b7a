"""Names, ports, first payload bytes and networks in a vendor file."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from msgspec.structs import replace

from netmon.records import Vote
from netmon.signatures.model import (
    NETWORK,
    ROLES,
    MatchKind,
    NameRule,
    NetworkRule,
    Observed,
    PayloadMagic,
    Port,
    Sourced,
)
from netmon.signatures.read_locations import known_country
from netmon.signatures.read_runs import RunReader, Texts
from netmon.signatures.read_values import (
    are_accepted,
    check_known,
    is_within,
    read_address,
    read_day,
    read_prefix,
    read_rule_text,
)
from netmon.signatures.vendor_context import VendorContext
from netmon.yaml_nodes import Fields, Item

KINDS: tuple[MatchKind, ...] = ("exact", "suffix", "pattern")
TRANSPORTS = ("tcp", "udp")
LONGEST_PREFIX = 64
"""Payload bytes that the engine compares at most."""


CONTRADICTS = "contradicts"
"""The vote of a database that names another country, which its licence does not allow to be published."""


def read_name(item: Item, context: VendorContext, component: str) -> NameRule:
    """One name of a component: `{exact|suffix|pattern: …, status: …, sources: […]}`."""
    fields = item.fields(("status", "sources"), (*KINDS, "family", "note"))
    given = [kind for kind in KINDS if kind in fields]
    if len(given) != 1:
        item.report("a name needs exactly one of exact, suffix, pattern")
    kind = given[0] if given else "exact"
    return NameRule(
        kind=kind,
        text=fields.read(kind, lambda value: read_rule_text(value, kind), ""),
        family=fields.read("family", Item.text, None),
        **context.read_rule(item, fields, component),
    )


def read_names(item: Item, context: VendorContext, component: str) -> tuple[NameRule, ...]:
    """The names of a component. Of those in a run, few are read one by one (see `RunReader`)."""

    def read_each(some: Item) -> list[NameRule]:
        return [read_name(element, context, component) for element in some.elements()]

    def derive(texts: Texts, like: NameRule, number: int) -> NameRule:
        return NameRule(
            kind=like.kind,
            text=texts.text,
            family=texts.family or like.family,
            note=texts.note or like.note,
            number=number,
            vendor=like.vendor,
            component=like.component,
            file=like.file,
            status=like.status,
            sources=like.sources,
            line=texts.line,
        )

    def are_good(names: list[NameRule]) -> bool:
        has_labels = all("." in name.text for name in names)
        return has_labels and are_accepted([(0, name.kind, name.text) for name in names], [])

    reader = RunReader(item, ("exact", "suffix"), read_each, derive, context.numbers, are_good)
    return tuple(reader.read())


def read_port(item: Item, context: VendorContext) -> Port:
    """One port or range: `{tcp|udp: 443, application: …, status: …, sources: […]}`."""
    fields = item.fields(("application", "status", "sources"), (*TRANSPORTS, "note"))
    transport, first, last = _read_transport(item, fields)
    return Port(
        transport=transport,
        first=first,
        last=last,
        application=fields.read("application", Item.text, ""),
        **context.read_sourced(item, fields),
    )


def read_magic(item: Item, context: VendorContext, component: str) -> PayloadMagic:
    """The first payload bytes of a protocol: `{tcp|udp: 443, prefix: 4b450000, status: …, sources: […]}`."""
    fields = item.fields(("prefix", "status", "sources"), (*TRANSPORTS, "length", "note"))
    transport, first, last = _read_transport(item, fields)
    if first != last:
        item.report("payload bytes need a single port, not a range")
    return PayloadMagic(
        transport=transport,
        port=first,
        prefix=fields.read("prefix", _read_hex, b""),
        length=fields.read("length", lambda value: value.integer(1, 65_535), None),
        **context.read_rule(item, fields, component),
    )


def _read_transport(item: Item, fields: Fields) -> tuple[str, int, int]:
    given = [transport for transport in TRANSPORTS if transport in fields]
    if len(given) != 1:
        item.report("a port needs exactly one of tcp, udp")
        return "tcp", 0, 0
    value = fields[given[0]]
    text = value.text()
    low, dash, high = text.partition("-")
    if not (low.isascii() and low.isdigit()) or (dash and not (high.isascii() and high.isdigit())):
        value.report(f"'{text}' is neither a port nor a port range")
        return given[0], 0, 0
    first, last = int(low[:6]), int((high or low)[:6])
    if not 0 < first <= last <= 65_535:
        value.report(f"'{text}': ports are from 1 to 65535, the lower one first")
    return given[0], first, last


def _read_hex(item: Item) -> bytes:
    text = item.text()
    try:
        found = bytes.fromhex(text)
    except ValueError:
        item.report(f"'{text}' is not hexadecimal")
        return b""
    if not 2 <= len(found) <= LONGEST_PREFIX:
        item.report(f"'{text}': give 2 to {LONGEST_PREFIX} payload bytes")
    return found


class _Holding(Sourced, frozen=True):
    """The properties shared by all networks of a group."""

    asn: int | None
    holder: str
    role: str


def read_networks(item: Item, context: VendorContext) -> tuple[NetworkRule, ...]:
    """Groups of networks with a common holder and role; a prefix may override the common values."""
    rules: list[NetworkRule] = []
    for group in item.elements():
        fields = group.fields(("holder", "role", "status", "sources", "prefixes"), ("asn", "note"))
        holding = _Holding(
            asn=fields.read("asn", lambda value: value.integer(1, 4_294_967_294), None),
            holder=fields.read("holder", Item.text, ""),
            role=fields.read("role", lambda value: value.one_of(ROLES), "carrier"),
            **context.read_sourced(group, fields),
        )
        if "prefixes" in fields:
            rules += _read_prefixes(fields["prefixes"], holding, context)
    return tuple(rules)


def _read_prefixes(item: Item, holding: _Holding, context: VendorContext) -> Iterator[NetworkRule]:
    """The networks of a group. Of those in a run, few are read one by one (see `RunReader`)."""

    def read_each(some: Item) -> list[NetworkRule]:
        return [_read_network(text, one, holding, context) for text, one in some.entries().items()]

    def derive(texts: Texts, like: NetworkRule, number: int) -> NetworkRule:
        prefix = texts.key if ":" not in texts.key else _canonical(texts.key)
        return NetworkRule(
            prefix=prefix,
            asn=like.asn,
            role=like.role,
            valid_from=like.valid_from,
            valid_to=like.valid_to,
            place=like.place,
            votes=tuple(replace(vote, prefix=prefix) for vote in like.votes),
            holder=like.holder,
            number=number,
            vendor=like.vendor,
            component=NETWORK,
            file=like.file,
            status=like.status,
            sources=like.sources,
            note=texts.note or like.note,
            line=texts.line,
        )

    def are_good(networks: list[NetworkRule]) -> bool:
        return are_accepted([], [(0, network.prefix) for network in networks])

    return RunReader(item, (), read_each, derive, context.numbers, are_good).read()


def _canonical(prefix: str) -> str:
    """The usual form of a network; something that is none stays, and is not accepted."""
    try:
        return str(ipaddress.ip_network(prefix))
    except ValueError:
        return prefix


def _read_network(text: str, item: Item, holding: _Holding, context: VendorContext) -> NetworkRule:
    optional = ("votes", "valid_from", "valid_to", "place", "status", "sources", "observed", "note")
    fields = Fields() if item.is_null() else item.fields((), optional)
    prefix = read_prefix(item, text)
    valid_from = fields.read("valid_from", read_day, None)
    valid_to = fields.read("valid_to", read_day, None)
    if valid_from and valid_to and valid_from > valid_to:
        fields["valid_to"].report(f"valid_to {valid_to} is before valid_from {valid_from}")
    return NetworkRule(
        prefix=prefix,
        asn=holding.asn,
        role=holding.role,
        valid_from=valid_from,
        valid_to=valid_to,
        place=fields.read("place", context.atlas.read_id, None),
        votes=fields.read("votes", lambda value: _read_votes(value, prefix, context), ()),
        holder=holding.holder,
        observed=fields.each("observed", lambda value: _read_observed(value, prefix, context)),
        **context.read_rule(item, fields, NETWORK, holding),
    )


def _read_votes(item: Item, prefix: str, context: VendorContext) -> tuple[Vote, ...]:
    """`{database: CC, CC/City or contradicts}`; cities are normalised to the spelling of `locations.yaml`."""
    votes: list[Vote] = []
    for key, value in item.entries().items():
        database = context.databases.get(key)
        if database is None:
            check_known(value, key, context.databases, "database")
            continue
        if value.is_text() and value.text() == CONTRADICTS:
            votes.append(
                Vote(
                    source=key,
                    country=None,
                    city=None,
                    about=database.about,
                    date=database.date,
                    prefix=prefix,
                    contradicts=True,
                    provider=database.provider or "",
                )
            )
            continue
        country, slash, city = value.text().partition("/")
        location = context.atlas.find_city(country, city) if slash else None
        if slash and location is None:
            value.report(f"no location in {country} has the spelling '{city}'; add it to locations.yaml")
        else:
            known_country(value, country)
        votes.append(
            Vote(
                source=key,
                country=country,
                city=location.city if location else None,
                about=database.about,
                date=database.date,
                prefix=prefix,
                provider=database.provider or "",
            )
        )
    return tuple(votes)


def _read_observed(item: Item, prefix: str, context: VendorContext) -> Observed:
    fields = item.fields(("address", "label", "status", "sources"), ("note",))
    address = fields.read("address", read_address, None)
    if address and not is_within(address, prefix):
        fields["address"].report(f"{address} is not in {prefix}")
    return Observed(
        address=address or "",
        label=fields.read("label", Item.text, ""),
        **context.read_sourced(item, fields),
    )
