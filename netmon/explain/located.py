"""The fourth part of the chain: which source places the server where, and what the round trip excludes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netmon.explain.event import FlowEvent
from netmon.explain.matched import NOTE, source_lines
from netmon.language.language import Language
from netmon.language.marking import _
from netmon.language.recorded import ALONE, Recorded
from netmon.language.words import CONFIDENCE
from netmon.places.wording import STEPS
from netmon.signatures.model import SignatureSet, Vendor

_CONFIDENCE: Mapping[str, str] = {
    "agreed": _("independent sources agree on the country"),
    "disputed": _("the sources contradict each other"),
    "single": _("one source alone says so"),
    "unknown": _("no source locates the address"),
}


def tell_place(event: FlowEvent, signatures: SignatureSet, language: Language) -> Iterator[str]:
    """Each source's statement with its provider and date, the steps from these to the place, and that."""
    say, vendor = language.say, signatures.vendors[event.vendor]
    votes = event["netmon.place.votes"]
    if not votes:
        yield say("No source has the address.")
    for vote in votes:
        yield _vote(vote, language)
        yield from _quoted(vote, vendor, language)
    sources = {vote["source"] for vote in votes}
    steps = Recorded(STEPS, language, ALONE)
    for step in event["netmon.place.steps"]:
        if not _repeats(step, sources):
            yield say("Step: {step}", step=steps.say(step))
    if any("round trip" in step for step in event["netmon.place.steps"]):
        yield say("A round trip can exclude a place, and never confirms one.")
    excluded = event["netmon.place.excluded"] or event["netmon.place.not_in"]
    if excluded:
        yield say(
            "Excluded by the round trip: {cities}; {countries}.",
            cities=", ".join(event["netmon.place.excluded"] or ()) or say("no city of the signatures"),
            countries=", ".join(event["netmon.place.not_in"] or ()) or say("no country"),
        )
    yield _result(event, language)


def _repeats(step: str, sources: set[str]) -> bool:
    """True for a step that only repeats what a source says."""
    return any(step.startswith(f"{source} (") or step.startswith(f"{source} on ") for source in sources)


def _vote(vote: Mapping[str, Any], language: Language) -> str:
    say = language.say
    date = say("as of {date}", date=vote["date"]) if vote.get("date") else say("without a date")
    provider = say(", published by {provider}", provider=vote["provider"]) if vote.get("provider") else ""
    network = say(" for {network}", network=vote["network"]) if vote.get("network") else ""
    told = f"{vote['source']} ({date}{provider}){network} {_said(vote, language)}"
    about = vote.get("about", "location")
    if about == "unclear":
        told += say("; that may be where the server is, or where its network or AS is registered")
    elif about != "location":
        told += say("; that is about {about}, which does not locate the address", about=about)
    return f"{told}.{say(' Note: {note}', note=vote['note']) if vote.get('note') else ''}"


def _said(vote: Mapping[str, Any], language: Language) -> str:
    if vote.get("contradicts"):
        return language.say("has another country than the others, which its licence withholds")
    country = language.country(vote["country"]) if "country" in vote else language.say("nothing")
    return language.say("says {where}", where=f"{vote['city']}, {country}" if "city" in vote else country)


def _quoted(vote: Mapping[str, Any], vendor: Vendor, language: Language) -> Iterator[str]:
    """The data set behind a vote that the signatures quote."""
    database = vendor.databases.get(vote["source"])
    if database is not None and database.date == vote.get("date"):
        yield NOTE + language.say("It is quoted in the signatures from: {title}.", title=database.title)
        yield from source_lines(database.sources, vendor, language)


def _result(event: FlowEvent, language: Language) -> str:
    say, confidence = language.say, event["netmon.place.confidence"]
    why = say(_CONFIDENCE.get(confidence, confidence))
    if confidence in ("unknown", "disputed"):
        return say(
            "Result: the place is {confidence}: {why}.",
            confidence=say(CONFIDENCE.get(confidence, confidence)),
            why=why,
        )
    city, country = event["destination.geo.city_name"], language.country(event["netmon.place.country"])
    return say(
        "Result: {where} ({confidence}): {why}.",
        where=f"{city}, {country}" if city else country,
        confidence=say(CONFIDENCE.get(confidence, confidence)),
        why=why,
    )
