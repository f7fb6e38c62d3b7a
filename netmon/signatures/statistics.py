"""How many names and networks a vendor has, by trust status and by the age of their sources."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netmon.signatures.checks import names_of
from netmon.signatures.model import STATUSES, Rule, Vendor
from netmon.signatures.source_dates import Age, age_of, known_date

Counts = Mapping[str, Counter[Age]]
"""Trust status → age → number of entries; every status is a key."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """The numbers of one vendor."""

    names: Counts
    networks: Counts
    sources: int
    undated: tuple[str, ...]  # keys of the sources whose date is not known


def count_entries(vendor: Vendor, today: datetime.date) -> Statistics:
    """Counts names and networks. The age of an entry is that of its newest source with a known date."""
    return Statistics(
        names=_count(vendor, names_of(vendor), today),
        networks=_count(vendor, vendor.networks, today),
        sources=len(vendor.sources),
        undated=tuple(key for key, source in vendor.sources.items() if known_date(source) is None),
    )


def _count(vendor: Vendor, rules: Iterable[Rule], today: datetime.date) -> Counts:
    counts: dict[str, Counter[Age]] = {status: Counter() for status in STATUSES}
    for rule in rules:
        counts[rule.status][age_of((vendor.sources[key] for key in rule.sources), today)] += 1
    return counts
