"""The question of a report about DNS: what was asked at resolvers that a vendor's products fall back to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from netmon.store.period import period
from netmon.store.queries import Reader, Scope, read_judgement


class ResolverTotals(NamedTuple):
    """The DNS flows to one resolver with the same meaning."""

    server: str
    fallbacks: tuple[Mapping[str, Any], ...]  # as in the event: vendor, operator, kind of question
    flows: int
    sent_bytes: int
    received_bytes: int
    first_ns: int
    last_ns: int


def resolvers(reader: Reader, scope: Scope) -> Iterator[ResolverTotals]:
    """The sums by resolver and meaning, in the order of addresses; of every vendor."""
    columns = ("server", "judgement", "start_ns", "last_ns")
    of_flows = period(reader.dialect, columns, ("sent_bytes", "received_bytes"), kept="resolvers")
    total = reader.dialect.sum
    query = f"""WITH used AS (
  SELECT server, judgement, sum(is_first) AS flows, {total("new_sent_bytes")} AS sent,
    {total("new_received_bytes")} AS received, min(start_ns) AS first_ns, max(last_ns) AS latest_ns
  FROM (
{of_flows}) AS period GROUP BY server, judgement
)
SELECT server, judgement, document, flows, sent, received, first_ns, latest_ns
FROM used JOIN judgements ON id = judgement ORDER BY server, judgement"""
    for server, identifier, text, *numbers in reader.select(query, scope.values()):
        document = read_judgement(reader, identifier, text)
        yield ResolverTotals(server, tuple(document.get("fallback", ())), *numbers)
