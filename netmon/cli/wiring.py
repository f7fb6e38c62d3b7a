"""What several commands put together in the same way."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from netmon.cli.terminal import tell
from netmon.config import Config, Mention, check_country, find_file, load
from netmon.destinations.memory import Destinations
from netmon.errors import ConfigError
from netmon.monitor import Monitor
from netmon.outputs import Output
from netmon.places.databases import Databases, usual_folders
from netmon.places.locator import Locator
from netmon.places.round_trips import RoundTrips
from netmon.privacy import Privacy, read_key
from netmon.promises import Subject
from netmon.signatures.load import default_folder, load_folder
from netmon.signatures.model import SignatureSet
from netmon.sources import Batch
from netmon.yaml_nodes import nearest

OK, ERROR, USAGE, FOUND, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes."""

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="Configuration; otherwise the usual places are tried."
    ),
]
SignaturesOption = Annotated[
    Path | None,
    typer.Option(
        "--signatures", metavar="DIR", help="Signature folder instead of the one that comes with netmon."
    ),
]
CountryOption = Annotated[
    str | None,
    typer.Option(
        "--country",
        metavar="CC",
        help="Country of the users whose traffic it is (subject.country): decides which promises bind.",
    ),
]
PrivacyOption = Annotated[
    int | None,
    typer.Option(
        "--privacy",
        min=0,
        max=3,
        help="Clients as 0 addresses, 1 daily pseudonyms, 2 networks, 3 not at all.",
    ),
]
SourceOption = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="native|scapy",
        help="scapy: portable and slow; needs the Python package scapy.",
    ),
]


INTERCEPTED = (
    "unrelated destinations are equally near: something in the middle seems to answer handshakes, "
    "so no round trip excludes a place"
)
"""Told once when interception is suspected."""


def package_version() -> str:
    """The installed version; "0+source" where netmon runs from a checkout without being installed."""
    try:
        return importlib.metadata.version("netmon-egress")
    except importlib.metadata.PackageNotFoundError:
        return "0+source"


def load_config(file: Path | None, signatures: Path | None, country: str | None) -> Config:
    """The configuration with what the command line sets on top. Raises ConfigError."""
    config = load(find_file(file))
    if signatures is not None:
        config = replace(config, signatures=signatures)
    if country is not None:
        problem = check_country(country.upper())
        if problem:
            raise ConfigError(f"--country: {problem}")
        config = replace(config, subject=Subject(country.upper()))
    return config


def load_signatures(config: Config) -> SignatureSet:
    """The configured signatures; the policy must name vendors and components that exist in them.

    Raises SignatureError and ConfigError.
    """
    signatures = load_folder(config.signatures or default_folder())
    problems = [problem for one in config.mentions if (problem := _find_unknown(one, signatures))]
    if problems:
        raise ConfigError("\n".join(problems))
    return signatures


def _find_unknown(mention: Mention, signatures: SignatureSet) -> str | None:
    """What the policy names and the signatures do not know, in a line; None: all is known."""
    vendor, component, place = mention.vendor, mention.component, mention.place
    if vendor not in signatures.vendors:
        return f"{mention.where}: no vendor '{vendor}' in the signatures{nearest(vendor, signatures.vendors)}"
    components = {*signatures.vendors[vendor].components, "*", "network"}
    if component is not None and component not in components:
        return f"{mention.where}: no component '{component}' of {vendor}{nearest(component, components)}"
    if place is not None and place not in signatures.locations and not (len(place) == 2 and place.isupper()):
        return (
            f"{mention.where}: no location '{place}' in the signatures{nearest(place, signatures.locations)}"
        )
    return None


def open_databases(config: Config) -> Databases:
    """The location databases. Those that the configuration names must be right: raises ConfigError.

    Of those in the usual folders, one that is not is left out, with a line on standard error.
    """
    if config.databases is None:
        databases = Databases(usual_folders(os.environ))
    else:
        databases = Databases(config.databases, required=True)
    databases.refresh()
    problems = databases.take_problems()
    if problems and config.databases is not None:
        raise ConfigError("\n".join(f"places.databases: {problem}" for problem in problems))
    for problem in problems:
        tell(problem)
    return databases


def make_locator(config: Config, signatures: SignatureSet, databases: Databases | None = None) -> Locator:
    """What tells places: declarations, location databases, signatures, and the sensor's position."""
    return Locator(signatures, config.overrides, databases, position=config.position)


def make_monitor(
    config: Config,
    signatures: SignatureSet,
    trips: RoundTrips | None = None,
    databases: Databases | None = None,
    destinations: Destinations | None = None,
) -> Monitor:
    """Signatures, places, promises and policy, joined; with the round trips and destinations known so far."""
    locator = make_locator(config, signatures, databases)
    return Monitor(signatures, locator, config.policy, config.subject, trips, destinations)


def make_privacy(config: Config, level: int) -> Privacy:
    """What is shown of clients. Raises ConfigError for a bad key file."""
    return Privacy(level, read_key(config.privacy_key))


def is_scapy(source: str) -> bool:
    """Whether --source asks for scapy; anything unknown is wrong usage."""
    if source not in ("native", "scapy"):
        raise typer.BadParameter(f"'{source}' is neither native nor scapy", param_hint="--source")
    return source == "scapy"


def deliver(batch: Batch, monitor: Monitor, outputs: Sequence[Output]) -> None:
    """Gives a batch its meaning and hands it to every output."""
    for flow in batch.flows:
        sighting = monitor.sight(flow)
        for output in outputs:
            output.sighting(sighting)
    for record in batch.dns:
        for output in outputs:
            output.dns(record)
    for output in outputs:
        output.flush()
