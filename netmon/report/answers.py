"""The answer for each vendor: the statement about each country of concern, and the shares of the bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from netmon.records import STANDINGS, UNCOUNTED, Standing, Uncounted
from netmon.report.facts import Amount, Group
from netmon.report.model import (
    Answer,
    ClientsOfPeriod,
    ConcernStatement,
    Conclusion,
    StandingSum,
    Sum,
    UncountedSum,
)
from netmon.report.sums import add_up, as_sum, ratio, share_sums, total_of
from netmon.store.machines import Machines

WORST_FIRST: Sequence[Conclusion] = (
    "located",
    "open",
    "partly_excluded",
    "excluded",
    "uncounted",
    "no_data",
    "no_concern",
    "nothing",
)
_NONE: Mapping[str, Machines] = {}


def answer(
    vendor: str,
    title: str,
    groups: Sequence[Group],
    machines: Machines | None,
    countries: Iterable[str],
    looked_up: int = 0,
    located: Mapping[str, Machines] = _NONE,
) -> Answer:
    """The answer for a vendor from its groups; `countries` are of concern, also if nothing was seen.

    `located`: the machines whose connections ended in a country of concern.
    """
    total = total_of(group.amount for group in groups)
    found = {one.country for group in groups for one in group.meaning.concerns}
    statements = tuple(
        _statement(country, groups, located.get(country)) for country in sorted(found | set(countries))
    )
    conclusion = min((one.conclusion for one in statements), key=WORST_FIRST.index, default=None)
    return Answer(
        vendor,
        title,
        conclusion or ("no_concern" if groups else "nothing"),
        as_sum(total, total.total_bytes),
        machines.at_least if machines else None,
        machines.at_most if machines else None,
        machines.is_exact if machines else False,
        tuple(ClientsOfPeriod(*one) for one in machines.periods) if machines else (),
        statements,
        share_sums(groups),
        looked_up,
    )


def alarm_of(one: Answer) -> tuple[int, str]:
    """The order of answers: the worst first."""
    return WORST_FIRST.index(one.conclusion), one.vendor


def _statement(country: str, groups: Sequence[Group], located: Machines | None) -> ConcernStatement:
    def standing(group: Group) -> Standing | None:
        if group.meaning.uncounted is not None:
            return None
        return next((one.standing for one in group.meaning.concerns if one.country == country), None)

    def uncounted(group: Group) -> Uncounted | None:
        # A flow that does not count has no standing, and is said of each country.
        return group.meaning.uncounted

    standings: dict[Standing, Amount] = add_up(groups, standing)
    left_out: dict[Uncounted, Amount] = add_up(groups, uncounted)
    counted = total_of(standings.values())
    is_open = total_of(amount for one, amount in standings.items() if one not in ("located", "excluded"))
    return ConcernStatement(
        country,
        _conclude(standings, left_out),
        as_sum(counted, counted.total_bytes),
        _part(is_open, counted),
        tuple(StandingSum(one, _part(standings[one], counted)) for one in STANDINGS if one in standings),
        tuple(UncountedSum(one, as_sum(left_out[one])) for one in UNCOUNTED if one in left_out),
        located.at_least if located else None,
        located.at_most if located else None,
        located.is_exact if located else False,
    )


def _part(amount: Amount, counted: Amount) -> Sum:
    """A part of the counted connections; its share is that of the connections."""
    return replace(as_sum(amount), share=ratio(amount.flows, counted.flows))


def _conclude(standings: Mapping[Standing, Amount], left_out: Mapping[Uncounted, Amount]) -> Conclusion:
    if not standings:
        if set(left_out) <= {"no_data"}:
            return "no_data" if left_out else "nothing"
        return "uncounted"
    if "located" in standings:
        return "located"
    if "excluded" not in standings:
        return "open"
    return "excluded" if len(standings) == 1 else "partly_excluded"
