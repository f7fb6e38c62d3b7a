"""The fourth part of the chain: which source places the server where, and what the round trip excludes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netmon.countries import country_name
from netmon.explain.event import FlowEvent
from netmon.explain.matched import NOTE, source_lines
from netmon.signatures.model import SignatureSet, Vendor

_CONFIDENCE: Mapping[str, str] = {
    "agreed": "independent sources agree on the country",
    "disputed": "the sources contradict each other",
    "single": "one source alone says so",
    "unknown": "no source locates the address",
}


def tell_place(event: FlowEvent, signatures: SignatureSet) -> Iterator[str]:
    """Each source's statement with its provider and date, the steps from these to the place, and that."""
    vendor = signatures.vendors[event.vendor]
    votes = event["netmon.place.votes"]
    if not votes:
        yield "No source has the address."
    for vote in votes:
        yield _vote(vote)
        yield from _quoted(vote, vendor)
    sources = {vote["source"] for vote in votes}
    for step in event["netmon.place.steps"]:
        if not _repeats(step, sources):
            yield f"Step: {step}"
    if any("round trip" in step for step in event["netmon.place.steps"]):
        yield "A round trip can exclude a place, and never confirms one."
    excluded = event["netmon.place.excluded"] or event["netmon.place.not_in"]
    if excluded:
        cities = ", ".join(event["netmon.place.excluded"] or ()) or "no city of the signatures"
        countries = ", ".join(event["netmon.place.not_in"] or ()) or "no country"
        yield f"Excluded by the round trip: {cities}; {countries}."
    yield _result(event)


def _repeats(step: str, sources: set[str]) -> bool:
    """True for a step that only repeats what a source says."""
    return any(step.startswith(f"{source} (") or step.startswith(f"{source} on ") for source in sources)


def _vote(vote: Mapping[str, Any]) -> str:
    date = f"as of {vote['date']}" if vote.get("date") else "without a date"
    provider = f", published by {vote['provider']}" if vote.get("provider") else ""
    network = f" for {vote['network']}" if vote.get("network") else ""
    if vote.get("contradicts"):
        said = "has another country than the others, which its licence withholds"
    else:
        city = f"{vote['city']}, " if "city" in vote else ""
        said = f"says {city}{country_name(vote.get('country', 'nothing'))}"
    about = vote.get("about", "location")
    limit = "" if about == "location" else f"; that is about {about}, which does not locate the address"
    note = f" Note: {vote['note']}" if vote.get("note") else ""
    return f"{vote['source']} ({date}{provider}){network} {said}{limit}.{note}"


def _quoted(vote: Mapping[str, Any], vendor: Vendor) -> Iterator[str]:
    """The data set behind a vote that the signatures quote."""
    database = vendor.databases.get(vote["source"])
    if database is not None and database.date == vote.get("date"):
        yield f"{NOTE}It is quoted in the signatures from: {database.title}."
        yield from source_lines(database.sources, vendor)


def _result(event: FlowEvent) -> str:
    country, confidence = event["netmon.place.country"], event["netmon.place.confidence"]
    why = _CONFIDENCE.get(confidence, confidence)
    if confidence in ("unknown", "disputed"):
        return f"Result: the place is {confidence}: {why}."
    city = event["destination.geo.city_name"]
    return f"Result: {f'{city}, ' if city else ''}{country_name(country)} ({confidence}): {why}."
