"""The table of verdicts (`ROWS`), read from top to bottom: the first row whose condition holds decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from msgspec import Struct

from netmon.records import Grounds, Lack, Outcome

REASONS: Mapping[str, str] = {
    "unverified_signature": "the signature is unverified, so the flow may not be the vendor's",
    "sinkholed": "the address is not reachable over the Internet, so the flow was probably redirected",
    "no_contact": "no data was exchanged with the server",
    "name_unsolicited": "only a DNS answer that no query was seen for gives the vendor's name",
    "name_unproven": "DNS does not show that this client meant the vendor's name",
    "country_of_concern": "the place is in a country of concern, which neither policy nor a promise allows",
    "bypasses_relay": "the policy names relays for this, and the client is none of them",
    "policy_exception": "the policy has an exception for this client until a certain day",
    "policy_forbids_vendor": "the policy forbids any contact with this vendor",
    "policy_forbids_component": "the policy forbids any contact with this component",
    "subject_unknown": "promises apply to certain countries, and the client's is not known",
    "no_promise": "no promise applies",
    "service_ended": "the vendor says that it has ended this service for our users",
    "coverage_possible": "a promise possibly covers this, and no source shows that it does",
    "behind_proxy": "the flow goes to a proxy, and the destination behind it is not visible",
    "rtt_excludes_promise": "the server answered faster than light could return from the promised place",
    "databases_disagree": "the sources contradict each other on the country",
    "no_location": "no source locates the address",
    "single_source": "only one source locates the address",
    "nowhere_promised": "the sources name different countries, and none that was promised or allowed",
    "policy_forbids": "the policy does not allow this place",
    "place_elsewhere": "the sources agree on a country other than the promised one",
    "city_unproven": "the country is right, but the sources do not confirm the city",
    "holder_unproven": "the place is right, but nothing shows that the vendor answers at this address",
    "insufficient_view": "the sensor saw too little of the flow",
    "policy_allows": "the policy allows this place",
    "place_as_promised": "the sources agree on the place that the vendor promised",
}
"""The reasons for verdicts and their meanings: a closed set, used as a metric label."""

_WITHOUT_EVIDENCE = frozenset(
    {
        "unverified_signature",
        "sinkholed",
        "no_contact",
        "name_unsolicited",
        "name_unproven",
        "holder_unproven",
        "insufficient_view",
    }
)
_WITHOUT_PROMISE = frozenset({"subject_unknown", "no_promise", "service_ended", "coverage_possible"})


Kind = Literal["policy", "promise", "subject_unknown", "ended", "none"]
Fit = Literal["inside", "city_unproven", "elsewhere"]
Forbidden = Literal["no", "component", "vendor"]
Exchange = Literal["seen", "unclear", "none"]


class Facts(Struct, frozen=True):
    """A case in the terms of the table."""

    unverified: bool
    sinkholed: bool
    exchange: Exchange  # of data with the server; unclear: too little was seen to say that there was none
    grounds: Grounds
    forbidden: Forbidden
    visited: bool  # the client is known to have meant a component that people visit with a browser
    concern: bool  # the countries of the place are of concern for this vendor and subject on this day
    tolerated: bool  # the organisation tolerates them
    contact_excepted: bool  # an exception of the policy lifts the contact for this client on this day
    place_excepted: bool  # another one lifts the place, and no source names a country of concern
    bypassing: bool  # the policy names relays for this component, and the client is none of them
    reference: Kind
    doubtful: bool  # no promise that certainly covers it applies, or only another one has this place
    proxied: bool
    refuted: bool  # the round trip excludes every place of the reference
    disputed: bool
    nowhere: bool  # disputed, but at least two independent sources name countries, and none of the reference
    unknown: bool
    single: bool  # one source, which is not the organisation's own declaration
    fit: Fit
    holder_shown: bool
    limited: bool

    @property
    def met(self) -> bool:
        """Data was exchanged with the server."""
        return self.exchange == "seen"

    @property
    def is_forbidden(self) -> bool:
        """The policy forbids the contact, and no exception lifts that."""
        return self.forbidden != "no" and not self.contact_excepted

    @property
    def is_bypassing(self) -> bool:
        """The client bypasses the relay, and no exception lifts that."""
        return self.bypassing and not self.contact_excepted

    @property
    def settled_elsewhere(self) -> bool:
        """Two sources agree on another country, or the organisation declared one."""
        return self.fit == "elsewhere" and not (self.disputed or self.unknown or self.single)

    @property
    def ended_elsewhere(self) -> bool:
        """The flow is known to have ended outside the reference, though perhaps not where."""
        return (self.settled_elsewhere or self.nowhere) and not self.proxied

    @property
    def is_of_concern(self) -> bool:
        """The place is settled, and in a country of concern that neither policy nor a promise allows."""
        return self.concern and self.settled_elsewhere and not self.proxied

    @property
    def is_named_and_forbidden(self) -> bool:
        """The policy forbids this very component, and no exception lifts that."""
        return self.is_forbidden and self.forbidden == "component"


class Row(Struct, frozen=True):
    """One line of the table. The first row whose condition holds gives the verdict."""

    when: str  # the condition in words
    holds: Callable[[Facts], bool]
    outcome: Outcome
    reason: str


ROWS = (
    # The flow may not be the vendor's, so it is not judged at all.
    Row(
        "the signature that matched is unverified",
        lambda case: case.unverified,
        "undecided",
        "unverified_signature",
    ),
    # Nothing reached the vendor.
    Row(
        "the address is not global, and no source locates it",
        lambda case: case.sinkholed,
        "undecided",
        "sinkholed",
    ),
    # What reached the vendor is not known, and anyone may send in the server's name.
    Row(
        "what was seen shows neither data nor that there was none: packets of the server alone, of the "
        "client alone beyond an attempt, or of a connection that began before",
        lambda case: case.exchange == "unclear",
        "undecided",
        "insufficient_view",
    ),
    Row("no data was exchanged", lambda case: not case.met, "undecided", "no_contact"),
    # What these flows rest on can be forged, or is about another client.
    Row(
        "only an unsolicited DNS answer gives the name",
        lambda case: case.grounds == "unsolicited",
        "undecided",
        "name_unsolicited",
    ),
    Row(
        "DNS does not show that this client meant the name",
        lambda case: case.grounds == "hearsay",
        "undecided",
        "name_unproven",
    ),
    # Vendor or component must not be contacted at all: the place is irrelevant.
    Row(
        "the policy forbids the component, without an exception that lifts the contact for this client",
        lambda case: case.is_named_and_forbidden,
        "forbidden",
        "policy_forbids_component",
    ),
    Row(
        "the policy forbids the vendor, without an exception that lifts the contact for this client",
        lambda case: case.is_forbidden,
        "forbidden",
        "policy_forbids_vendor",
    ),
    # A country of concern needs no promise. No exception lifts it; a policy that allows the country does.
    Row(
        "the place is in a country of concern, which neither policy nor a promise allows",
        lambda case: case.is_of_concern,
        "unexpected",
        "country_of_concern",
    ),
    # The client should have gone through a relay: the place is irrelevant.
    Row(
        "the client bypasses the relay, without an exception that lifts the contact",
        lambda case: case.is_bypassing,
        "unexpected",
        "bypasses_relay",
    ),
    # Without a reference there is nothing to compare the place with.
    Row(
        "no place is allowed by policy; one is promised, to some countries, and the client's is not known",
        lambda case: case.reference == "subject_unknown",
        "undecided",
        "subject_unknown",
    ),
    Row(
        "no place is allowed by policy, and no promise applies to this component, country and day",
        lambda case: case.reference == "none",
        "undecided",
        "no_promise",
    ),
    Row(
        "the vendor has ended the service that was promised a place, for users in our country",
        lambda case: case.reference == "ended",
        "undecided",
        "service_ended",
    ),
    # A promise that may not cover the component is neither kept nor broken by a flow.
    Row(
        "the signatures say only of a promise that it possibly covers this component",
        lambda case: case.reference == "promise" and case.doubtful,
        "undecided",
        "coverage_possible",
    ),
    # The address is that of the proxy, so the place is not known.
    Row("the flow goes to a proxy", lambda case: case.proxied, "undecided", "behind_proxy"),
    # A round trip refutes a place but proves none, and it relies on the configured position and on no
    # middlebox answering for the server: reported, but not an alarm.
    Row(
        "round trips exclude every place that is allowed or promised, and no two sources show that the flow "
        "ended elsewhere",
        lambda case: case.refuted and not (case.settled_elsewhere or case.nowhere),
        "undecided",
        "rtt_excludes_promise",
    ),
    # No alarm without a place on which two sources agree, or which the organisation declared. Sources that
    # differ on the country may still agree that it is none of the reference.
    Row(
        "the sources contradict each other on the country, and one may have a promised or allowed one",
        lambda case: case.disputed and not case.nowhere,
        "undecided",
        "databases_disagree",
    ),
    Row("no source locates the address", lambda case: case.unknown, "undecided", "no_location"),
    Row(
        "one source alone locates it, and it is not your declaration",
        lambda case: case.single,
        "undecided",
        "single_source",
    ),
    # In another country. A limited view does not matter: the packets that were seen went there.
    Row(
        "the place is in another country, with an exception that lifts the place for this client that day",
        lambda case: case.fit == "elsewhere" and case.place_excepted,
        "expected",
        "policy_exception",
    ),
    Row(
        "the sources name different countries, and none is promised or allowed",
        lambda case: case.nowhere,
        "unexpected",
        "nowhere_promised",
    ),
    Row(
        "the place is in another country than the policy allows",
        lambda case: case.fit == "elsewhere" and case.reference == "policy",
        "unexpected",
        "policy_forbids",
    ),
    Row(
        "the place is in another country than was promised",
        lambda case: case.fit == "elsewhere",
        "unexpected",
        "place_elsewhere",
    ),
    # In the right country, but the city is not confirmed. Databases are least reliable for cities: no alarm.
    Row(
        "the country is right, and the sources do not show that the city is",
        lambda case: case.fit == "city_unproven",
        "undecided",
        "city_unproven",
    ),
    # In the right place. Only a flow to the vendor, and one that was seen completely, is expected.
    Row(
        "the place is right, and nothing shows that the vendor answers there",
        lambda case: not case.holder_shown,
        "undecided",
        "holder_unproven",
    ),
    Row(
        "the place is right, and packets of the flow were not seen (`one_way`, `gap`, `unseen`)",
        lambda case: case.limited,
        "undecided",
        "insufficient_view",
    ),
    Row(
        "the place is right, and the policy forbids the contact, with an exception that lifts it",
        lambda case: case.forbidden != "no",
        "expected",
        "policy_exception",
    ),
    Row(
        "the place is right, and the client bypasses the relay, with an exception that lifts the contact",
        lambda case: case.bypassing,
        "expected",
        "policy_exception",
    ),
    Row(
        "the place is one that the policy allows",
        lambda case: case.reference == "policy",
        "expected",
        "policy_allows",
    ),
    Row("the place is one that was promised", lambda _case: True, "expected", "place_as_promised"),
)


def find_row(facts: Facts) -> Row:
    """The first row whose condition holds."""
    return next(row for row in ROWS if row.holds(facts))


def find_lack(facts: Facts) -> Lack | None:
    """What is missing for a decision; None if there is one.

    "We do not know where" is another finding than "we know where, but nothing was promised": a flow without a
    promise lacks the promise only if its place is known.
    """
    row = find_row(facts)
    if row.outcome != "undecided":
        return None
    if row.reason in _WITHOUT_EVIDENCE:
        return "evidence"
    is_placed = not (facts.proxied or facts.disputed or facts.unknown or facts.single)
    return "promise" if is_placed and row.reason in _WITHOUT_PROMISE else "place"
