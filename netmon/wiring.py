"""A configuration → signatures, databases and a monitor; batches → the monitor → outputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from netmon.config import Config, Mention
from netmon.destinations.memory import Destinations
from netmon.errors import ConfigError
from netmon.monitor import Monitor
from netmon.outputs import Output
from netmon.places.databases import Databases, default_folders
from netmon.places.locator import Locator
from netmon.places.round_trips import SmallestRoundTrips
from netmon.privacy import Privacy, read_key
from netmon.signatures.load import default_folder, load_folder
from netmon.signatures.model import SignatureSet
from netmon.sources import Batch
from netmon.yaml_nodes import nearest


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
    """What the policy names and the signatures do not have, in a line; None: they have it."""
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


def open_databases(config: Config, warn: Callable[[str], None]) -> Databases:
    """The location databases. Those that the configuration names must be usable: raises ConfigError.

    One in the usual folders that is not is left out, with a line for `warn`.
    """
    if config.databases is None:
        databases = Databases(default_folders(os.environ))
    else:
        databases = Databases(config.databases, required=True)
    databases.refresh()
    problems = databases.take_problems()
    if problems and config.databases is not None:
        raise ConfigError("\n".join(f"places.databases: {problem}" for problem in problems))
    for problem in problems:
        warn(problem)
    return databases


def make_locator(config: Config, signatures: SignatureSet, databases: Databases | None = None) -> Locator:
    """The locator of places: declarations, location databases, signatures, and the sensor's position."""
    return Locator(signatures, config.declarations, databases, position=config.position)


def make_monitor(
    config: Config,
    signatures: SignatureSet,
    trips: SmallestRoundTrips | None = None,
    databases: Databases | None = None,
    destinations: Destinations | None = None,
) -> Monitor:
    """Signatures, places, promises and policy, joined; with the round trips and destinations known so far."""
    locator = make_locator(config, signatures, databases)
    return Monitor(signatures, locator, config.policy, config.subject, trips, destinations)


def make_privacy(config: Config, level: int) -> Privacy:
    """What is shown of clients. Raises ConfigError for a key file that cannot be used."""
    return Privacy(level, read_key(config.privacy_key))


def deliver(batch: Batch, monitor: Monitor, outputs: Sequence[Output]) -> None:
    """Gives a batch its meaning and hands it to every output."""
    for flow in batch.flows:
        classified = monitor.classify(flow)
        for output in outputs:
            output.flow(classified)
    for record in batch.dns:
        for output in outputs:
            output.dns(record)
    for output in outputs:
        output.flush()
