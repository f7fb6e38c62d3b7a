"""What databases say differently: the few terms of queries that are not the SQL which they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MOST = (1 << 62) - 1
"""The most that a sum can be: two of them can still be added."""
_HALF = 1 << 32


@dataclass(frozen=True, slots=True)
class Dialect:
    """A database's way to say something."""

    is_correlated: bool
    """A subquery may name columns of the query around it, and finds a row by its key in no time."""
    join_from_left: str
    """Joins two tables so that rows of the left one lead to those of the right one."""
    counters: str
    """The views joined with their sections and counters, for which the next three terms stand."""
    section: str
    name: str
    value: str
    sieved: str
    """The packets in the document of a view that the kernel sieve dropped."""
    vendor: str
    """The vendor in the document of a judgement; NULL if there is none."""
    sum: Callable[[str], str]
    """The sum of a term over all rows, 0 without any. It is at most MOST, whatever a store holds."""


def _sum_of_halves(term: str) -> str:
    """SQLite fails if a sum does not fit into 64 bits, but calculates on with real numbers."""
    exact = f"sum({term} / {_HALF}) * {_HALF} + sum({term} % {_HALF})"
    return f"max(-{MOST}, min({MOST}, coalesce({exact}, 0)))"


def _sum_of_128_bits(term: str) -> str:
    """ClickHouse would begin again at the least number."""
    exact = f"coalesce(sum(toInt128({term})), toInt128(0))"
    return f"toInt64(greatest(toInt128(-{MOST}), least(toInt128({MOST}), {exact})))"


SQLITE = Dialect(
    is_correlated=True,
    join_from_left="CROSS JOIN",
    counters="views, json_each(document) AS section, json_each(section.value) AS counter",
    section="section.key",
    name="counter.key",
    value="counter.value",
    sieved="coalesce(json_extract(document, '$.view.sieved_packets'), 0)",
    vendor="json_extract(document, '$.vendor')",
    sum=_sum_of_halves,
)
CLICKHOUSE = Dialect(
    is_correlated=False,
    join_from_left="JOIN",
    counters=(
        "views ARRAY JOIN JSONExtractKeysAndValuesRaw(assumeNotNull(document)) AS section "
        "ARRAY JOIN JSONExtractKeysAndValues(section.2, 'Int64') AS counter"
    ),
    section="section.1",
    name="counter.1",
    value="counter.2",
    sieved="JSONExtract(assumeNotNull(document), 'view', 'sieved_packets', 'Int64')",
    vendor="JSONExtract(assumeNotNull(document), 'vendor', 'Nullable(String)')",
    sum=_sum_of_128_bits,
)
