"""The privacy level at which a store holds the clients of a period."""

from __future__ import annotations

from netmon.privacy.levels import ADDRESS, CLIENT, NETWORK, NOTHING, PSEUDONYM
from netmon.store.period import MAY_BE_IN
from netmon.store.queries import Reader, Scope
from netmon.store.runs import runs_of


def lowest_level(reader: Reader, scope: Scope) -> int:
    """The level of the clients that are hidden least; NOTHING if there are none."""
    runs = runs_of(reader, scope)
    recorded = [one.row["privacy"] for one in runs.inside]
    levels = [int(level) for level in recorded if level is not None]
    if runs.unrecorded or len(levels) < len(recorded):
        levels.append(_of_flows(reader, scope))
    return min(levels, default=NOTHING)


def _of_flows(reader: Reader, scope: Scope) -> int:
    """What the clients themselves look like: events of flows do not say the level."""
    query = f"""SELECT coalesce(min(CASE WHEN client LIKE '{CLIENT}%' THEN {PSEUDONYM}
    WHEN client LIKE '%/%' THEN {NETWORK} ELSE {ADDRESS} END), {NOTHING})
FROM flows WHERE client IS NOT NULL AND (:sensor IS NULL OR sensor = :sensor) AND {MAY_BE_IN}"""
    [(level,)] = reader.select(query, scope.values())
    return int(level)
