"""Sums of traffic, grouped by what a caller asks for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from netmon.report.facts import Amount, Group
from netmon.report.model import ShareSum, Sum
from netmon.report.shares import BAD, SHARES, Share, share_of

Key = TypeVar("Key", bound=Hashable)


def add_up(groups: Iterable[Group], key: Callable[[Group], Key | None]) -> dict[Key, Amount]:
    """The amount of the groups for each key; groups whose key is None are left out."""
    totals: dict[Key, Amount] = {}
    for group in groups:
        one = key(group)
        if one is not None:
            totals[one] = totals.get(one, Amount()) + group.amount
    return totals


def total_of(amounts: Iterable[Amount]) -> Amount:
    """The sum of amounts."""
    return sum(amounts, Amount())


def as_sum(amount: Amount, whole: int | None = None) -> Sum:
    """An amount as the report has it; `whole` is what its bytes are a share of."""
    share = None if whole is None else ratio(amount.total_bytes, whole)
    return Sum(amount.flows, amount.sent_bytes, amount.received_bytes, amount.total_bytes, share)


def ratio(part: int, whole: int) -> float:
    """A part of a whole in millionths: 0 and 1 only if it is nothing or all of it."""
    if not 0 < part < whole:
        return float(part > 0)
    return min(max(round(part / whole, 6), 1e-6), 1 - 1e-6)


def share_sums(groups: Iterable[Group]) -> tuple[ShareSum, ...]:
    """The shares of the bytes of these groups; those without a connection are left out."""
    found = add_up(groups, lambda group: share_of(group.meaning))
    whole = total_of(found.values()).total_bytes
    return tuple(ShareSum(share, as_sum(found[share], whole)) for share in SHARES if share in found)


def leading_share(shares: Iterable[ShareSum]) -> Share:
    """The share that stands for several: the worst one if there is a bad one, else that with most bytes."""
    present = {one.share: one.sum.total_bytes for one in shares}
    bad = [share for share in BAD if share in present]
    return bad[0] if bad else max(present, key=lambda share: (present[share], -SHARES.index(share)))
