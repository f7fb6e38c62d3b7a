"""Whether a flow ended in a country of concern: the statement that an auditor signs, which needs no promise.

Each flow of a vendor has one standing for each country of concern. "excluded" rests on physics alone: that
sources agree on another country does not show that a server cannot be in this one. "located" needs a settled
place. Where both hold, the evidence contradicts itself, and neither is stated: "possible".

Only flows that are shown to be the vendor's and that exchanged data count. Of the others it is said how many
there are, and why they do not count (`find_uncounted`).
"""

from __future__ import annotations

from collections.abc import Mapping

from netmon.records import ConcernStanding, Standing, Uncounted
from netmon.verdict.concerns import find_concerns
from netmon.verdict.judgement import Case, find_exchange
from netmon.verdict.place_facts import PlaceFacts
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from netmon.verdict.table import Exchange

_BY_EXCHANGE: Mapping[Exchange, Uncounted | None] = {"seen": None, "unclear": "unseen", "none": "no_data"}


def find_standings(case: Case, policy: Policy, subject: Subject) -> tuple[ConcernStanding, ...]:
    """The standing of a flow for each country of concern that applies to its vendor, subject and day."""
    concerns = find_concerns(case.vendor, policy, subject, case.day)
    is_proxied = "proxied" in case.view
    return tuple(
        ConcernStanding(one.country, "unknown" if is_proxied else find_standing(case.place, one.country))
        for one in concerns
    )


def find_standing(place: PlaceFacts, country: str) -> Standing:
    """Whether a place is in a country."""
    is_located = place.country == country and place.is_sure
    is_excluded = country in place.not_in
    if is_located and not is_excluded:
        return "located"
    if is_excluded and not is_located:
        return "excluded"
    return "possible" if is_located or country in place.named else "unknown"


def find_uncounted(case: Case) -> Uncounted | None:
    """Why a flow does not count in the statement about a country of concern; None if it counts."""
    if case.status == "unverified" or case.grounds in ("hearsay", "unsolicited"):
        return "not_shown"
    if case.sinkholed:
        return "redirected"
    return _BY_EXCHANGE[find_exchange(case)]
