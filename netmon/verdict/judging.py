"""Judges flows, those that are alike once: what is known about a flow is judged by pure functions.

Most flows of a vendor differ from an earlier one only in what no verdict looks at. A `Case` is everything
that verdicts look at, and the key under which what was judged is kept. So there is no input that the key
lacks.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from netmon.records import ConcernStanding, Uncounted, Verdict
from netmon.verdict.judgement import Case, judge
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from netmon.verdict.standing import find_standings, find_uncounted

KEPT = 16_384
"""Cases whose judgement is kept; the one used least recently is evicted first."""


class CaseJudgement(Struct, frozen=True):
    """All that is judged about a flow."""

    verdict: Verdict
    standings: tuple[ConcernStanding, ...]
    uncounted: Uncounted | None


class Judging:
    """Judges by one policy."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._of_client = policy.tells_clients_apart
        self.judge = lru_cache(KEPT)(self._judge)
        """The judgement on a case of a subject."""

    def client_of(self, client: str) -> str | None:
        """A client's address for a case; None if the policy has the same to say about all clients."""
        return client if self._of_client else None

    def _judge(self, case: Case, subject: Subject) -> CaseJudgement:
        verdict = judge(case, self._policy, subject)
        return CaseJudgement(verdict, find_standings(case, self._policy, subject), find_uncounted(case))
