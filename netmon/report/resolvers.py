"""DNS to resolvers that a vendor's products fall back to, by resolver and kind of question."""

from __future__ import annotations

from collections.abc import Iterator

from netmon.outputs.ecs import timestamp
from netmon.records import QUESTIONS
from netmon.report.facts import PeriodFacts, ResolverFact
from netmon.report.model import ResolverUse
from netmon.report.sums import as_sum, total_of


def resolvers_of(facts: PeriodFacts) -> Iterator[ResolverUse]:
    """Each use: the strongest evidence first, then the resolvers with most connections."""
    found: dict[tuple[str, str, str, str], list[ResolverFact]] = {}
    for one in facts.resolvers:
        found.setdefault((one.vendor, one.operator, one.server, one.question), []).append(one)
    uses = [
        ResolverUse(
            *key,
            components=tuple(sorted({one.component for one in members if one.component is not None})),
            sum=as_sum(total_of(one.amount for one in members)),
            first=timestamp(min(one.first_ns for one in members)),
            last=timestamp(max(one.last_ns for one in members)),
        )
        for key, members in found.items()
    ]
    yield from sorted(
        uses, key=lambda one: (QUESTIONS.index(one.question), -one.sum.flows, one.vendor, one.server)
    )
