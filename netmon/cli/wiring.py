"""What several commands put together in the same way."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from netmon.config import Config, find_file, load
from netmon.errors import ConfigError
from netmon.monitor import Monitor
from netmon.outputs import Output
from netmon.places.databases import Databases, usual_folders
from netmon.places.locator import Locator
from netmon.places.round_trips import RoundTrips
from netmon.privacy import Privacy, read_key
from netmon.signatures.load import default_folder, load_folder
from netmon.signatures.model import SignatureSet
from netmon.sources import Batch
from netmon.verdict import Policy, Subject

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
        help="scapy: portable and slow; needs the extra netmon-egress[scapy].",
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
        if len(country) != 2 or not country.isalpha():
            raise ConfigError(f"--country {country}: two letters (ISO 3166-1) are wanted, for example DE")
        config = replace(config, subject=Subject(country.upper()))
    return config


def load_signatures(config: Config) -> SignatureSet:
    """The configured signatures; the policy must name vendors and components that exist in them.

    Raises SignatureError and ConfigError.
    """
    signatures = load_folder(config.signatures or default_folder())
    check_policy(config.policy, signatures, config.file)
    return signatures


def check_policy(policy: Policy, signatures: SignatureSet, file: Path | None) -> None:
    """Raises ConfigError for a vendor, component or place that the policy names and nobody knows."""
    where = file or "policy"
    for vendor in (*policy.forbidden_vendors, *policy.allowed):
        if vendor not in signatures.vendors:
            known = ", ".join(sorted(signatures.vendors))
            raise ConfigError(f"{where}: policy names the vendor '{vendor}'; the signatures know {known}")
    for vendor, components in policy.allowed.items():
        for component, places in components.items():
            if component not in {*signatures.vendors[vendor].components, "*", "network"}:
                raise ConfigError(f"{where}: policy names '{component}', no component of {vendor}")
            for place in places:
                if place not in signatures.locations and not (len(place) == 2 and place.isupper()):
                    raise ConfigError(
                        f"{where}: policy names the place '{place}', neither a location of the signatures "
                        f"nor a country in two capital letters"
                    )


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
        print(f"netmon: {problem}", file=sys.stderr)
    return databases


def make_locator(config: Config, signatures: SignatureSet, databases: Databases | None = None) -> Locator:
    """What tells places: declarations, location databases, signatures, and the sensor's position."""
    return Locator(signatures, config.overrides, databases, position=config.position)


def make_monitor(
    config: Config,
    signatures: SignatureSet,
    trips: RoundTrips | None = None,
    databases: Databases | None = None,
) -> Monitor:
    """Signatures, places, promises and policy, joined; with the round trips known so far."""
    locator = make_locator(config, signatures, databases)
    return Monitor(signatures, locator, config.policy, config.subject, trips)


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


def make_console(*, stderr: bool = False) -> Console:
    """A terminal as it is; 120 columns where the output goes to a file. rich honours NO_COLOR."""
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(stderr=stderr, highlight=False, width=120)
    return console
