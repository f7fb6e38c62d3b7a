"""Erases what a store has of clients, and leaves a tombstone: when, why and how much, not of whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from netmon.days import DAY_NS
from netmon.store.queries import Reader
from netmon.store.tables import ERASURES, StoreTable

_UNUSED = " AND ".join(
    f"id NOT IN (SELECT judgement FROM {table} WHERE judgement IS NOT NULL)"
    for table in ("flows", "findings")
)
"""The condition for judgements that no row refers to."""


class ErasableStore(Reader, Protocol):
    """A store from which clients can be erased."""

    def erasing(self) -> AbstractContextManager[None]:
        """What happens in it happens completely or not at all, if the database can do that."""
        ...

    def among(self, name: str, values: Collection[str]) -> tuple[str, dict[str, Any]]:
        """The condition that a column has one of some values, and what the condition names."""
        ...

    def delete(self, table: str, condition: str, values: Mapping[str, Any], /) -> int:
        """Deletes rows; returns how many there were."""
        ...

    def put(self, table: StoreTable, values: Sequence[Any], /) -> None:
        """Adds a row."""
        ...

    def purge(self) -> bool:
        """Whether nothing of what was deleted is left in the files."""
        ...


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


def days_of_flows(store: Reader) -> list[int]:
    """The UTC days on which flows began: the days of their pseudonyms."""
    query = f"SELECT DISTINCT start_ns - start_ns % {DAY_NS} FROM flows ORDER BY 1"
    return [start_ns // DAY_NS for (start_ns,) in store.select(query, {})]


def counting_periods(store: Reader) -> list[str]:
    """The counting periods in which machines were counted: those of their pseudonyms."""
    return [period for (period,) in store.select("SELECT DISTINCT period FROM counted ORDER BY 1", {})]


def erase_clients(store: ErasableStore, clients: Collection[str], time_ns: int, reason: str) -> Erased:
    """Removes the flows of clients, as the store shows them, with their findings.

    Raises the errors of the store. An erasure that failed half way can be repeated: flows go last.
    """
    of_clients, values = store.among("client", clients)
    of_flows = f"(sensor, run, flow) IN (SELECT sensor, run, flow FROM flows WHERE {of_clients})"
    with store.erasing():
        query = (
            f"SELECT count(*) FROM (SELECT DISTINCT sensor, run, flow FROM flows WHERE {of_clients}) AS one"
        )
        [flows] = [count for (count,) in store.select(query, values)]
        files = store.select(f"SELECT file FROM evidence WHERE {of_flows} ORDER BY file", values)
        evidence = [file for (file,) in files]
        findings = store.delete("findings", of_flows, values)
        store.delete("evidence", of_flows, values)
        counted = store.delete("counted", of_clients, values)
        store.delete("flows", of_clients, values)
        store.delete("judgements", _UNUSED, {})
        if flows or counted:
            stone = {"time_ns": time_ns, "reason": reason, "flows": flows, "findings": findings}
            store.put(ERASURES, [stone[name] for name in ERASURES.names])
    return Erased(flows, findings, counted, evidence, store.purge())


def erasures(store: Reader) -> Iterator[Erasure]:
    """All erasures, the oldest first."""
    query = "SELECT time_ns, reason, flows, findings FROM erasures ORDER BY time_ns"
    yield from (Erasure(*row) for row in store.select(query, {}))


def erased_flows(store: Reader, since_ns: int) -> int:
    """How many flows were erased after a period began: some may have been of it, and no record says which."""
    return sum(one.flows for one in erasures(store) if one.time_ns > since_ns)
