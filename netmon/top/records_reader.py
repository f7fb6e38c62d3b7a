"""Reads what the store of the sensor has: findings with their clients and names, and today's clients."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from netmon.errors import StoreError
from netmon.language.marking import _
from netmon.store.latest import StoredFinding, clients_today, latest_findings, running_run
from netmon.store.opening import opened_by_name
from netmon.top.glance import Glance
from netmon.top.state import FindingLine, Records

MAX_FINDINGS = 500
"""Flows with a finding that are read; equal ones are one line."""
NO_STORE = _("no store of this sensor was found here; name it with --store")
NOT_READABLE = _("this user may not read it; run netmon top as the sensor's user, or as root")
OTHER_STORE = _("the store has no run of this sensor")
BROKEN = _("the store cannot be read")


def read_records(places: Iterable[str], glance: Glance, *, with_clients: bool) -> Records:
    """What the first of these stores has that knows the sensor's run."""
    why = NO_STORE
    for place in places:
        if "://" not in place:
            if not _exists(Path(place)):
                continue
            if not os.access(place, os.R_OK):
                why = NOT_READABLE
                continue
        try:
            found = _read(place, glance, with_clients)
        except StoreError:
            why = BROKEN
            continue
        if found is not None:
            return found
        why = OTHER_STORE
    return Records(why_none=why)


def _exists(path: Path) -> bool:
    """True also for a file in a folder that this user may not enter: it may be there."""
    try:
        return path.exists()
    except PermissionError:
        return True


def _read(place: str, glance: Glance, with_clients: bool) -> Records | None:
    with opened_by_name(place, is_read_only=True) as store:
        run = running_run(store, glance.sensor, int(glance.started_s * 1e9))
        if run is None:
            return None
        findings = latest_findings(store, glance.sensor, run, MAX_FINDINGS)
        clients = clients_today(store, glance.sensor, int(glance.at_s * 1e9)) if with_clients else []
    return Records(as_lines(findings), clients)


def as_lines(findings: Sequence[StoredFinding]) -> list[FindingLine]:
    """Findings, the latest first; those that differ in nothing but their time and bytes are one line."""
    lines: dict[tuple[object, ...], FindingLine] = {}
    for one in findings:
        what = f"{one.name} ({one.server})" if one.name else f"{one.server} ({one.vendor}, {one.component})"
        key = (one.outcome, one.severity, one.client, what, one.location, one.country)
        known = lines.get(key)
        lines[key] = FindingLine(
            last_s=max(one.last_ns / 1e9, known.last_s if known else 0),
            outcome=one.outcome,
            severity=one.severity,
            who=one.client,
            what=what,
            location=one.location,
            country=one.country,
            city=one.city,
            flows=known.flows + 1 if known else 1,
        )
    return sorted(lines.values(), key=lambda line: -line.last_s)
