"""Merged sources: what they say is a location only where it differs from the registration of the AS.

A merged source, such as geo-whois-asn-country, has the country of a geofeed or of the network's registration
where there is one, and the country of the AS everywhere else, without saying which. So its votes are judged
by what other sources say about the registration of the AS that announces the address:

- The AS is registered in another country: the vote is about the network, and counts as a location.
- The AS is registered in the same country: the vote is a registration, which locates nothing.
- No other source says where the AS is registered, or they contradict each other: the vote may be either. It
  does not support a place, but casts doubt on a place in another country ("unclear").

A country that is not the AS's may still be that of the holder of the network. This is why it counts as one
source, which needs another one to agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from netmon.places import wording
from netmon.places.providers import content_of
from netmon.records import About, Vote


class Judged(Struct, frozen=True):
    """The votes, with those of merged sources judged, and the reasons."""

    votes: tuple[Vote, ...]
    steps: tuple[str, ...] = ()
    unlocating: tuple[Vote, ...] = ()  # those of merged sources that locate nothing


def judge_merged(votes: Sequence[Vote]) -> Judged:
    """The votes, with those of merged sources about "location", "registration" or "unclear"."""
    if not any(map(_is_merged, votes)):
        return Judged(tuple(votes))
    by_country = _as_registrations(votes)
    judged, steps, unlocating = [], [], []
    for vote in votes:
        if _is_merged(vote):
            about, step = _judge(vote, by_country)
            steps.append(step)
            judged.append(replace(vote, about=about))
            if about != "location":
                unlocating.append(judged[-1])
        else:
            judged.append(vote)
    return Judged(tuple(judged), tuple(steps), tuple(unlocating))


def _as_registrations(votes: Sequence[Vote]) -> Mapping[str, set[str]]:
    """Where the AS is registered: country → sources, of each provider only those of the latest date."""
    said = [vote for vote in votes if vote.country and content_of(vote.provider) == "as_registration"]
    latest: dict[str, str] = {}
    for vote in said:
        latest[vote.provider] = max(latest.get(vote.provider, ""), vote.date or "")
    by_country: dict[str, set[str]] = {}
    for vote in said:
        if (vote.date or "") == latest[vote.provider] and vote.country:
            by_country.setdefault(vote.country, set()).add(vote.source)
    return by_country


def _judge(vote: Vote, by_country: Mapping[str, set[str]]) -> tuple[About, str]:
    """What a merged source's vote is about, and the reason in one line."""
    others = ", ".join(sorted({source for sources in by_country.values() for source in sources}))
    if not by_country:
        why = wording.NO_REGISTRATION
    elif vote.country not in by_country:
        return "location", wording.MERGED_LOCATES.format(source=vote.source, others=others)
    elif len(by_country) > 1:
        why = wording.REGISTRATIONS_DISAGREE.format(others=others)
    else:
        why = wording.REPEATS_REGISTRATION.format(others=others)
        return "registration", wording.MERGED.format(source=vote.source, why=why)
    return "unclear", wording.UNCLEAR.format(source=vote.source, why=why)


def _is_merged(vote: Vote) -> bool:
    return vote.about == "location" and vote.country is not None and content_of(vote.provider) == "merged"
