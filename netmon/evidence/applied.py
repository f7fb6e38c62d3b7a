"""The configuration as it applied to one flow: what `netmon read` needs to judge its evidence again."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from netmon.config.settings import Capture, Config
from netmon.limits import Limits
from netmon.places.database import Database
from netmon.places.embedded import embedded_ipv4
from netmon.places.round_trips import own_round_trip
from netmon.records import FlowRecord
from netmon.signatures.model import SignatureSet
from netmon.verdict.policy import Policy

_EMBEDDING_BITS = (96, 64, 56, 48, 40, 32)
"""Lengths of NAT64 prefixes (RFC 6052, 2.2)."""
_EVERYONE = {4: "0.0.0.0/0", 6: "::/0"}
_NO_CLIENT = "192.0.2.0/32"
"""A network for relays that do not include the client."""

Document = dict[str, Any]


def applied_config(
    config: Config,
    flow: FlowRecord,
    vendor: str,
    signatures: SignatureSet,
    databases: Iterable[Database],
    resolvers: Iterable[str],
    *,
    is_one_clock: bool,
    silence_ns: int,
) -> Document:
    """The keys of netmon.yaml. `resolvers` are those that looked the name up for the client.

    `is_one_clock`: one clock timed the packets of all interfaces. `silence_ns`: the longest silence between
    the packets that are kept, in which others of the flow may have been.
    """
    country = config.subjects.find(flow.client).country
    document: Document = {
        "sensor": _position(config, flow),
        "subject": {"country": country} if country else {},
        "capture": _changed(config.capture.port_keywords(), Capture().port_keywords())
        | ({"one_clock": True} if is_one_clock else {}),
        "flows": _limits(config, flow, silence_ns)
        | ({"separate_by": list(config.separate_by)} if config.separate_by else {}),
        "dns": _dns(config, flow, resolvers),
        "signatures": {"folder": str(Path(signatures.folder).resolve())},
        "places": {
            "databases": [_database(config, one) for one in databases],
            "declared": _declarations(config, flow),
        },
        "policy": _policy(config.policy, flow, vendor),
        "privacy": {"level": 0},
    }
    return {key: value for key, value in document.items() if value}


def _position(config: Config, flow: FlowRecord) -> Document:
    """The sensor's position, unless the flow's round trips excluded nothing: then they must not do it now.

    A middlebox was suspected, or they were not measured, for a reason that other packets show.
    """
    is_used = own_round_trip(flow) is not None and flow.interception != "suspected"
    if config.position is None or not is_used:
        return {}
    return asdict(config.position)


def _limits(config: Config, flow: FlowRecord, silence_ns: int) -> Document:
    """The limits of the engine's tables; with a longer time-out if the flow would end within its packets."""
    limits = _changed(config.limits.keywords(), Limits().keywords())
    key = f"{flow.transport}_idle_s"
    silence_s = silence_ns // 1_000_000_000 + 1
    if flow.continues is None and silence_s > getattr(config.limits, key):
        limits[key] = silence_s
    return limits


def _changed(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> Document:
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
    return {key: plain[key] for key, value in values.items() if value != defaults[key]}


def _dns(config: Config, flow: FlowRecord, resolvers: Iterable[str]) -> Document:
    prefixes = list(config.nat64_prefixes)
    if flow.embedded and embedded_ipv4(flow.server, prefixes) != flow.embedded:
        prefixes += _learned_prefix(flow.server, flow.embedded)
    known = dict.fromkeys([*map(str, config.site_resolvers), *resolvers])
    return ({"resolvers": list(known)} if known else {}) | ({"nat64_prefixes": prefixes} if prefixes else {})


def _learned_prefix(server: str, embedded: str) -> list[str]:
    """The prefix by which the server's address has this one embedded."""
    prefixes = (str(ipaddress.ip_network(f"{server}/{bits}", strict=False)) for bits in _EMBEDDING_BITS)
    return [one for one in prefixes if embedded_ipv4(server, [one]) == embedded][:1]


def _database(config: Config, database: Database) -> Document | str:
    path = str(database.path.resolve())
    label = config.labels.get(database.path, config.labels.get(database.path.parent))
    if label is None:
        return path
    return {"path": path, "about": label.about} | ({"provider": label.provider} if label.provider else {})


def _declarations(config: Config, flow: FlowRecord) -> list[Document]:
    server = ipaddress.ip_address(flow.destination)
    found = [one for one in config.declarations if server in ipaddress.ip_network(one.prefix)]
    keys = ("country", "city", "author", "reason", "date", "valid_from", "valid_to")
    return [
        {"network": one.prefix} | {key: getattr(one, key) for key in keys if getattr(one, key) is not None}
        for one in found
    ]


def _policy(policy: Policy, flow: FlowRecord, vendor: str) -> Document:
    """What the policy says about this vendor, and about this client as if it were every client."""
    client = ipaddress.ip_address(flow.client)
    everyone = _EVERYONE[client.version]
    document: Document = {
        "forbidden_vendors": sorted(policy.forbidden_vendors & {vendor}),
        "forbidden_severity": policy.forbidden_severity if policy.forbidden_severity != "warning" else None,
        "forbidden_components": _of(vendor, policy.forbidden_components),
        "allowed": {
            one: {component: sorted(places) for component, places in components.items()}
            for one, components in policy.allowed.items()
            if one == vendor
        },
        "tolerated": {one: sorted(words) for one, words in policy.tolerated.items() if one in (vendor, "*")},
        "concerns": _of(vendor, policy.concerns),
        "exceptions": [
            _without_nulls(asdict(one)) | {"clients": everyone}
            for one in policy.exceptions
            if one.vendor == vendor and client in one.clients
        ],
        "relays": [
            _without_nulls(asdict(one)) | {"clients": everyone if client in one.clients else _NO_CLIENT}
            for one in policy.relays
            if one.vendor == vendor
        ],
    }
    return {key: value for key, value in document.items() if value}


def _of(vendor: str, words: Mapping[str, frozenset[str]]) -> Document:
    return {vendor: sorted(words[vendor])} if vendor in words else {}


def _without_nulls(values: Document) -> Document:
    return {key: value for key, value in values.items() if value is not None}
