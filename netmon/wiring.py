"""Builds signatures, databases and a monitor from a configuration, and passes batches on to the outputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from netmon.config.settings import Config, Mention
from netmon.errors import ConfigError, nearest
from netmon.monitor import Monitor
from netmon.outputs import Output
from netmon.places.databases import Databases, default_folders
from netmon.places.locator import Locator
from netmon.places.round_trips import SmallestRoundTrips
from netmon.privacy import Privacy
from netmon.privacy.key_file import read_key
from netmon.signatures.cached import load_cached
from netmon.signatures.folder import ReportCount, default_folder, signature_bytes
from netmon.signatures.model import NETWORK, SignatureSet
from netmon.sources import Batch
from netmon.verdict.countries_that_matter import countries_that_matter

if TYPE_CHECKING:
    from netmon.destinations.memory import Destinations
    from netmon.outputs.events import Events

LARGE_BYTES = 2 << 20
"""The size of signatures whose loading takes long enough to be announced."""


def load_signatures(
    config: Config,
    log: Callable[[str], None] | None = None,
    progress: ReportCount | None = None,
    cache: Path | None = None,
) -> SignatureSet:
    """The configured signatures, after a check that they contain everything named in the policy.

    `log` is called with a line before and after large ones are read, and `progress` with the number of names
    and networks read so far. With a folder for a `cache`, signatures that it has are not read again. Raises
    SignatureError and ConfigError.
    """
    folder = config.signatures or default_folder()
    size = signature_bytes(folder)
    note = log if log is not None and size >= LARGE_BYTES else lambda _line: None
    note(f"reading {size / 1e6:.0f} MB of signatures in {folder}")
    signatures = load_cached(folder, cache, progress)
    note(f"read {len(signatures.rules):,} names and networks")
    problems = list(dict.fromkeys(filter(None, (_find_unknown(one, signatures) for one in config.mentions))))
    if problems:
        raise ConfigError("\n".join(problems))
    return signatures


def require_vendor(vendor: str, signatures: SignatureSet) -> None:
    """Raises ConfigError if the signatures lack a vendor that the command line names."""
    if vendor not in signatures.vendors:
        near = nearest(vendor, signatures.vendors)
        raise ConfigError(f"--vendor: no vendor '{vendor}' in the signatures{near}")


def _find_unknown(mention: Mention, signatures: SignatureSet) -> str | None:
    """A line about what the policy names and the signatures lack; None if they have it."""
    vendor, component, place = mention.vendor, mention.component, mention.place
    if mention.group is not None and mention.group not in signatures.groups:
        near = nearest(mention.group, signatures.groups)
        return f"{mention.where}: no group of countries '{mention.group}' in the signatures{near}"
    if vendor is None:
        return None
    if vendor not in signatures.vendors:
        return f"{mention.where}: no vendor '{vendor}' in the signatures{nearest(vendor, signatures.vendors)}"
    components = {*signatures.vendors[vendor].components, "*", NETWORK}
    if component is not None and component not in components:
        return f"{mention.where}: no component '{component}' of {vendor}{nearest(component, components)}"
    if place is not None and place not in signatures.locations and not place.isupper():
        return (
            f"{mention.where}: no location '{place}' in the signatures{nearest(place, signatures.locations)}"
        )
    return None


def open_databases(config: Config, warn: Callable[[str], None]) -> Databases:
    """The location databases. Raises ConfigError if one that the configuration names is not usable.

    An unusable file in the default folders is skipped, with a line for `warn`.
    """
    if config.databases is None:
        databases = Databases(default_folders(os.environ))
    else:
        databases = Databases(config.databases, required=True, labels=config.labels)
    databases.refresh()
    problems = databases.take_problems()
    if problems and config.databases is not None:
        raise ConfigError("\n".join(f"places.databases: {problem}" for problem in problems))
    for problem in problems:
        warn(problem)
    return databases


def make_locator(config: Config, signatures: SignatureSet, databases: Databases | None = None) -> Locator:
    """A locator with the declarations, the databases, the signatures and the sensor's position."""
    countries = countries_that_matter(signatures, config.policy)
    return Locator(signatures, config.declarations, databases, position=config.position, countries=countries)


def make_monitor(
    config: Config,
    signatures: SignatureSet,
    trips: SmallestRoundTrips | None = None,
    databases: Databases | None = None,
    destinations: Destinations | None = None,
) -> Monitor:
    """A monitor for the configuration, with the round trips and destinations known so far."""
    locator = make_locator(config, signatures, databases)
    return Monitor(signatures, locator, config.policy, config.subjects, trips, destinations)


def make_privacy(config: Config) -> Privacy:
    """The level of detail shown about clients. Raises ConfigError for an unusable key file."""
    return Privacy(config.privacy_level, read_key(config.privacy_key), config.count_period)


def deliver(batch: Batch, monitor: Monitor, outputs: Sequence[Output], events: Events | None = None) -> None:
    """Classifies the flows of a batch and passes all records to every output.

    `events` is the output whose lines the engine has written in part.
    """
    written = dict(batch.written)
    for number, flow in enumerate(batch.flows):
        if events is not None and number in written:
            events.write(written.pop(number))
        classified = monitor.classify(flow)
        for output in outputs:
            output.flow(classified)
    if events is not None:
        for lines in (*written.values(), batch.messages):
            events.write(lines)
    for record in batch.dns:
        for output in outputs:
            output.dns(record)
    for output in outputs:
        output.flush()
