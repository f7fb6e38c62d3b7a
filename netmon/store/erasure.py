"""Erases what a store has of clients, and leaves a tombstone: when, why and how much, not of whom."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import NamedTuple

from netmon.days import DAY_NS
from netmon.store.sqlite import SqliteStore

_CLIENTS = "client IN (SELECT value FROM json_each(:clients))"
_OF_CLIENTS = f"SELECT DISTINCT sensor, run, flow FROM flows WHERE {_CLIENTS}"


class Erased(NamedTuple):
    """How much was erased."""

    flows: int
    findings: int
    counted: int  # records by which machines are counted
    evidence: list[str]  # files of evidence, which the caller removes
    is_purged: bool  # nothing is left in the write-ahead log; False while another process reads the store


class Erasure(NamedTuple):
    """What is left of clients that were erased."""

    time_ns: int
    reason: str
    flows: int
    findings: int


def days_of_flows(store: SqliteStore) -> list[int]:
    """The UTC days on which flows began: the days of their pseudonyms."""
    return [day for (day,) in store.select(f"SELECT DISTINCT start_ns / {DAY_NS} FROM flows ORDER BY 1")]


def counting_periods(store: SqliteStore) -> list[str]:
    """The counting periods in which machines were counted: those of their pseudonyms."""
    return [period for (period,) in store.select("SELECT DISTINCT period FROM counted ORDER BY 1")]


def erase_clients(store: SqliteStore, clients: Collection[str], time_ns: int, reason: str) -> Erased:
    """Removes the flows of clients, as the store shows them, with their findings. Raises sqlite3.Error."""
    values = {"clients": json.dumps(sorted(clients))}
    store.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
    store.execute("BEGIN IMMEDIATE")
    try:
        [flows] = [count for (count,) in store.select(f"SELECT count(*) FROM ({_OF_CLIENTS})", values)]
        files = store.select(
            f"SELECT file FROM evidence WHERE (sensor, run, flow) IN ({_OF_CLIENTS}) ORDER BY file", values
        )
        evidence = [file for (file,) in files]
        findings = store.execute(f"DELETE FROM findings WHERE (sensor, run, flow) IN ({_OF_CLIENTS})", values)
        store.execute(f"DELETE FROM evidence WHERE (sensor, run, flow) IN ({_OF_CLIENTS})", values)
        store.execute(f"DELETE FROM flows WHERE {_CLIENTS}", values)
        counted = store.execute(f"DELETE FROM counted WHERE {_CLIENTS}", values)
        store.execute(
            "DELETE FROM judgements WHERE id NOT IN (SELECT judgement FROM flows WHERE judgement IS NOT NULL)"
        )
        if flows or counted:
            store.execute("INSERT INTO erasures VALUES (?, ?, ?, ?)", (time_ns, reason, flows, findings))
        store.execute("COMMIT")
    except BaseException:
        store.execute("ROLLBACK")
        raise
    [(is_busy, *_)] = store.select("PRAGMA wal_checkpoint(TRUNCATE)")
    return Erased(flows, findings, counted, evidence, not is_busy)


def erasures(store: SqliteStore) -> Iterator[Erasure]:
    """All erasures, the oldest first."""
    query = "SELECT time_ns, reason, flows, findings FROM erasures ORDER BY time_ns"
    yield from (Erasure(*row) for row in store.select(query))
