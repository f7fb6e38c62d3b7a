"""What a verdict means for a flow, and what it does not, in plain sentences (`Verdict.meaning`).

The sensor sees the first hop. A promise is about processing, so a place says something about a promise, and
never shows alone that it was kept or broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from netmon.countries import country_in_text
from netmon.language.marking import _
from netmon.language.sentences import Names, Sentence
from netmon.records import Contact, Verdict
from netmon.signatures.model import Location
from netmon.verdict import concerns
from netmon.verdict.concerns import ActiveConcern, explain
from netmon.verdict.place_facts import PlaceFacts
from netmon.verdict.promises import Subject
from netmon.verdict.table import REASONS, Facts

MEANINGS: Mapping[str, str] = {
    "unverified_signature": _(
        "Only a signature that no good source confirms links this flow to the vendor. It may be another's."
    ),
    "sinkholed": _(
        "The address is one that a DNS filter gives instead of the server's. "
        "Nothing shows that data left for the Internet."
    ),
    "no_contact": _("The client tried to reach the vendor. No exchange of data was seen."),
    "name_unsolicited": _(
        "Only a DNS answer that no query was seen for links this flow to the vendor. "
        "Such an answer can be forged."
    ),
    "name_unproven": _(
        "The name comes from a look-up that is not known to be this client's, or only "
        "the server showed it. "
        "The address may serve other names, so the flow may be another's."
    ),
    "subject_unknown": _(
        "A promise was made to users in certain countries, and the client's country is not "
        "known. Whether the place is as promised cannot be said."
    ),
    "no_promise": _(
        "Nothing that applies was promised about this component, so no place is as promised, and "
        "none breaks a promise. That does not mean that the place is acceptable to you."
    ),
    "service_ended": _(
        "The vendor says that it has ended this service for your users, so its promise no "
        "longer applies. Why there is traffic all the same cannot be seen from here."
    ),
    "coverage_possible": _(
        "A promise may cover what this component sends, and may not. "
        "The flow shows neither that it was kept nor that it was broken."
    ),
    "behind_proxy": _(
        "The address is that of a proxy. Where the proxy sent the data cannot be seen from here."
    ),
    "rtt_excludes_promise": _(
        "The server answered too soon to be in the promised or allowed place. It is "
        "elsewhere, or something near the sensor answered in its name, or the sensor's position is wrong."
    ),
    "databases_disagree": _(
        "The sources name different countries, and the place may be a promised or allowed "
        "one. The flow shows neither that it is nor that it is not."
    ),
    "no_location": _("No source says where the server is. That says nothing for or against any country."),
    "single_source": _(
        "One source says where the server is. Sources are often wrong, so one alone does not decide."
    ),
    "city_unproven": _(
        "The country is right. Whether the city is cannot be said, because sources are least "
        "reliable about cities."
    ),
    "holder_unproven": _(
        "The place is right, but a name in a client's hello shows nothing about who answered. "
        "It may not have been the vendor."
    ),
    "insufficient_view": _(
        "The place is right, but packets of the flow were not seen. What was seen contradicts nothing."
    ),
}
"""What the reasons of undecided flows mean, and what they do not."""

_UNHEARD = _("Only packets from the server were seen. What the client sent, if anything, is not known.")
_ACKNOWLEDGED = _(
    "Only packets from the server were seen. They acknowledge data of the client, which was not seen."
)
_UNANSWERED = _(
    "Only packets from the client were seen. They are more than an attempt, and what was exchanged is not "
    "known."
)
_UNSTARTED = _(
    "The connection began before the sensor saw it, and no data of both sides was seen. What was sent before "
    "is not known."
)
_UNSEEN = _("What was sent, and where it went after that, cannot be seen from here.")
_NOT_ALLOWED = _(
    "The sources disagree on the first hop: {hop}. None of them names a place that is allowed by your policy "
    "({right}), so it is elsewhere."
)
_NOT_PROMISED = _(
    "The sources disagree on the first hop: {hop}. None of them names a place that is promised for "
    "processing ({right}), so it is elsewhere."
)
_ELSEWHERE = _(
    "The first hop is in {hop}. {right} was promised for processing; whether that was kept cannot be seen "
    "from here."
)
_ALLOWED = _(
    "The first hop is in {hop}, as your policy allows; where the data is processed after that cannot be seen "
    "from here."
)
_PROMISED = _(
    "The first hop is in {hop}, as promised for processing; where the data is processed after that cannot be "
    "seen from here."
)
_VENDOR_FORBIDDEN = _("Your policy forbids any contact with this vendor, wherever it ends.")
_COMPONENT_FORBIDDEN = _("Your policy forbids any contact with this component, wherever it ends.")
_RELAY_BYPASSED = _("Your policy names relays for this, and the client contacted the vendor itself.")
_EXCEPTED = _("Your policy makes an exception until {until}. Without it, {lifted}.")
_EACH_OF_CONCERN = _("Each of the countries named is one of concern.")
_FORBIDDEN_PLACE = _("The first hop is in {hop}. Your policy allows {right} only.")
_VISIT = _("It is a visit to web pages, which does not show that a product is in use.")
_TOLERATED = _("Your policy tolerates this country, so it is no alarm.")

SENTENCES = (
    *MEANINGS.values(),
    *(_UNHEARD, _ACKNOWLEDGED, _UNANSWERED, _UNSTARTED, _UNSEEN),
    *(_NOT_ALLOWED, _NOT_PROMISED, _ELSEWHERE, _ALLOWED, _PROMISED, _FORBIDDEN_PLACE),
    *(_VENDOR_FORBIDDEN, _COMPONENT_FORBIDDEN, _RELAY_BYPASSED, _EXCEPTED),
    *(_EACH_OF_CONCERN, _VISIT, _TOLERATED),
    *concerns.SENTENCES,
)
"""All of which an explanation may consist."""


class Words(Struct, frozen=True):
    """What the sentences about one flow need to know besides its verdict."""

    facts: Facts
    place: PlaceFacts
    wanted: frozenset[str]  # the places that are promised or allowed: ISO countries and location ids
    locations: Mapping[str, Location]
    concerns: tuple[ActiveConcern, ...]  # about the countries that the sources name
    subject: Subject
    contact: Contact
    client_seen: bool  # a packet of the client was seen
    start_seen: bool  # the start of the connection was seen, if it has one

    @property
    def hop(self) -> Names:
        """Where the first hop is: the city, if it is known, else the country or what the sources name."""
        if self.place.confidence == "disputed":
            return self._either(self.place.claims)
        place = self.place
        return self._either([place.location if place.location in self.locations else place.country])

    @property
    def right(self) -> Names:
        """The places that are promised or allowed."""
        return self._either(sorted(self.wanted, key=lambda place: self._term(place)[1]))

    def _either(self, places: Iterable[str]) -> Names:
        return Names(tuple(map(self._term, places)), "or")

    def _term(self, place: str) -> tuple[str, str]:
        """The name of a location or a country."""
        if place in self.locations:
            return "city", self.locations[place].city
        return "in country", country_in_text(place)


def explain_verdict(verdict: Verdict, words: Words) -> Iterator[Sentence]:
    """What the verdict means for this flow, and what it does not."""
    facts = words.facts
    match verdict.reason:
        case "country_of_concern":
            yield from _concern(words)
        case "policy_forbids_vendor":
            yield Sentence(_VENDOR_FORBIDDEN)
            yield Sentence(_UNSEEN)
            yield from _concern(words) if facts.is_of_concern else ()
        case "policy_forbids_component":
            yield Sentence(_COMPONENT_FORBIDDEN)
            yield Sentence(_UNSEEN)
            yield from _concern(words) if facts.is_of_concern else ()
        case "bypasses_relay":
            yield Sentence(_RELAY_BYPASSED)
            yield Sentence(_UNSEEN)
        case "policy_exception":
            lifted = Sentence(REASONS[verdict.lifts or verdict.reason])
            values = (("until", verdict.until or ""), ("lifted", lifted))
            yield Sentence(_EXCEPTED, values)
        case reason if reason in MEANINGS:
            yield Sentence(_unseen(words) if reason == "insufficient_view" else MEANINGS[reason])
        case _:
            yield from _by_place(verdict, words)
    yield from _why_a_notice(verdict, facts)


def _unseen(words: Words) -> str:
    """What is not known because packets were not seen."""
    if words.facts.exchange == "seen":
        return MEANINGS["insufficient_view"]
    if words.client_seen:
        return _UNANSWERED if words.start_seen else _UNSTARTED
    return _ACKNOWLEDGED if words.contact == "data" else _UNHEARD


def _by_place(verdict: Verdict, words: Words) -> Iterator[Sentence]:
    """What a verdict means that the place of the first hop gives."""
    hop, right = ("hop", words.hop), ("right", words.right)
    match verdict.reason:
        case "nowhere_promised":
            by_policy = words.facts.reference == "policy"
            yield Sentence(_NOT_ALLOWED if by_policy else _NOT_PROMISED, (hop, right))
            yield Sentence(_UNSEEN)
            if words.facts.concern:
                yield Sentence(_EACH_OF_CONCERN)
        case "policy_forbids":
            yield Sentence(_FORBIDDEN_PLACE, (hop, right))
            yield Sentence(_UNSEEN)
        case "place_elsewhere":
            yield Sentence(_ELSEWHERE, (hop, right))
        case "policy_allows":
            yield Sentence(_ALLOWED, (hop,))
        case "place_as_promised":
            yield Sentence(_PROMISED, (hop,))
        case reason:
            raise KeyError(reason)


def _concern(words: Words) -> Iterator[Sentence]:
    declared = words.place.confidence != "agreed"
    for concern in words.concerns:
        yield from explain(concern, words.subject, declared=declared)


def _why_a_notice(verdict: Verdict, facts: Facts) -> Iterator[Sentence]:
    if verdict.severity != "notice":
        return
    if facts.visited:
        yield Sentence(_VISIT)
    elif facts.tolerated and not facts.is_forbidden:
        yield Sentence(_TOLERATED)
