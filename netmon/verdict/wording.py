"""What a verdict means for a flow, and what it does not, in plain sentences (`Verdict.explanation`).

The sensor sees the first hop. A promise is about processing, so a place says something about a promise, and
never shows alone that it was kept or broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from netmon.countries import country_in_text
from netmon.records import Contact, Place, Verdict
from netmon.signatures.model import Location
from netmon.verdict.concerns import ActiveConcern, explain
from netmon.verdict.promises import Subject
from netmon.verdict.table import REASONS, Facts

MEANINGS: Mapping[str, str] = {
    "unverified_signature": "Only a signature that no good source confirms links this flow to the vendor. "
    "It may be another's.",
    "sinkholed": "The address is one that a DNS filter gives instead of the server's. "
    "Nothing shows that data left for the Internet.",
    "no_contact": "The client tried to reach the vendor. No exchange of data was seen.",
    "name_unsolicited": "Only a DNS answer that no query was seen for links this flow to the vendor. "
    "Such an answer can be forged.",
    "name_unproven": "The name comes from a look-up that is not known to be this client's, or only "
    "the server showed it. "
    "The address may serve other names, so the flow may be another's.",
    "subject_unknown": "A promise was made to users in certain countries, and the client's country is not "
    "known. Whether the place is as promised cannot be said.",
    "no_promise": "Nothing that applies was promised about this component, so no place is as promised, and "
    "none breaks a promise. That does not mean that the place is acceptable to you.",
    "service_ended": "The vendor says that it has ended this service for your users, so its promise no "
    "longer applies. Why there is traffic all the same cannot be seen from here.",
    "coverage_possible": "A promise may cover what this component sends, and may not. "
    "The flow shows neither that it was kept nor that it was broken.",
    "behind_proxy": "The address is that of a proxy. Where the proxy sent the data cannot be seen from here.",
    "rtt_excludes_promise": "The server answered too soon to be in the promised or allowed place. It is "
    "elsewhere, or something near the sensor answered in its name, or the sensor's position is wrong.",
    "databases_disagree": "The sources name different countries, and the place may be a promised or allowed "
    "one. The flow shows neither that it is nor that it is not.",
    "no_location": "No source says where the server is. That says nothing for or against any country.",
    "single_source": "One source says where the server is. Sources are often wrong, so one alone does not "
    "decide.",
    "city_unproven": "The country is right. Whether the city is cannot be said, because sources are least "
    "reliable about cities.",
    "holder_unproven": "The place is right, but a name in a client's hello shows nothing about who answered. "
    "It may not have been the vendor.",
    "insufficient_view": "The place is right, but packets of the flow were not seen. "
    "What was seen contradicts nothing.",
}
"""What the reasons of undecided flows mean, and what they do not."""

_UNHEARD = "Only packets from the server were seen. What the client sent, if anything, is not known."
_ACKNOWLEDGED = (
    "Only packets from the server were seen. They acknowledge data of the client, which was not seen."
)
_UNSTARTED = (
    "The connection began before the sensor saw it, and no data of both sides was seen. What was sent before "
    "is not known."
)
_UNSEEN = "What was sent, and where it went after that, cannot be seen from here."


@dataclass(frozen=True, slots=True)
class Words:
    """What the sentences about one flow need to know besides its verdict."""

    facts: Facts
    place: Place
    wanted: frozenset[str]  # the places that are promised or allowed: ISO countries and location ids
    locations: Mapping[str, Location]
    concerns: tuple[ActiveConcern, ...]  # about the countries that the sources name
    subject: Subject
    contact: Contact
    client_seen: bool  # a packet of the client was seen

    @property
    def hop(self) -> str:
        """Where the first hop is: the city, if it is known, else the country or what the sources name."""
        if self.place.confidence == "disputed":
            return _either(map(country_in_text, self.place.claims))
        return self.name(self.place.location if self.place.location in self.locations else self.place.country)

    @property
    def right(self) -> str:
        """The places that are promised or allowed."""
        return _either(sorted(map(self.name, self.wanted)))

    def name(self, place: str) -> str:
        """The name of a location or a country."""
        return self.locations[place].city if place in self.locations else country_in_text(place)


def explain_verdict(verdict: Verdict, words: Words) -> str:
    """What the verdict means for this flow, and what it does not."""
    return " ".join(_sentences(verdict, words))


def _sentences(verdict: Verdict, words: Words) -> Iterator[str]:
    facts = words.facts
    match verdict.reason:
        case "country_of_concern":
            yield from _concern(words)
        case "policy_forbids_vendor" | "policy_forbids_component":
            what = "vendor" if verdict.reason == "policy_forbids_vendor" else "component"
            yield f"Your policy forbids any contact with this {what}, wherever it ends. {_UNSEEN}"
            if facts.is_of_concern:
                yield from _concern(words)
        case "bypasses_relay":
            yield f"Your policy names relays for this, and the client contacted the vendor itself. {_UNSEEN}"
        case "nowhere_promised":
            basis = "allowed by your policy" if facts.reference == "policy" else "promised for processing"
            yield f"The sources disagree on the first hop: {words.hop}. None of them names a place that is"
            yield f"{basis} ({words.right}), so it is elsewhere. {_UNSEEN}"
            if facts.concern:
                yield "Each of the countries named is one of concern."
        case "policy_forbids":
            yield f"The first hop is in {words.hop}. Your policy allows {words.right} only. {_UNSEEN}"
        case "place_elsewhere":
            yield f"The first hop is in {words.hop}. {words.right} was promised for processing;"
            yield "whether that was kept cannot be seen from here."
        case "policy_allows":
            yield f"The first hop is in {words.hop}, as your policy allows;"
            yield "where the data is processed after that cannot be seen from here."
        case "place_as_promised":
            yield f"The first hop is in {words.hop}, as promised for processing;"
            yield "where the data is processed after that cannot be seen from here."
        case "policy_exception":
            lifted = REASONS[verdict.lifts or verdict.reason]
            yield f"Your policy makes an exception until {verdict.until}. Without it, {lifted}."
        case reason:
            yield _unclear(words) if reason == "insufficient_view" else MEANINGS[reason]
    yield from _why_a_notice(verdict, facts)


def _concern(words: Words) -> Iterator[str]:
    declared = words.place.confidence != "agreed"
    for concern in words.concerns:
        yield explain(concern, words.subject, declared=declared)


def _unclear(words: Words) -> str:
    """What is not known because packets were not seen."""
    if words.facts.exchange == "seen":
        return MEANINGS["insufficient_view"]
    if words.client_seen:
        return _UNSTARTED
    return _ACKNOWLEDGED if words.contact == "data" else _UNHEARD


def _why_a_notice(verdict: Verdict, facts: Facts) -> Iterator[str]:
    if verdict.severity != "notice":
        return
    if facts.visited:
        yield "It is a visit to web pages, which does not show that a product is in use."
    elif facts.tolerated and not facts.is_forbidden:
        yield "Your policy tolerates this country, so it is no alarm."


def _either(names: Iterable[str]) -> str:
    """Names as alternatives: "A", "A or B", "A, B or C"."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
