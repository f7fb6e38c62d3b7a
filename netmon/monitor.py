"""Engine facts → classified flows: the vendor of a flow, its place and its verdict, on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

from netmon.days import iso_day
from netmon.places.decision import is_anycast
from netmon.places.locator import Locator
from netmon.places.round_trips import SmallestRoundTrips, own_round_trip
from netmon.places.sinkhole import is_sinkholed
from netmon.places.wording import OF_PROXY
from netmon.records import ClassifiedFlow, Fallback, FlowRecord, Place, Question, Trips
from netmon.signatures.model import NETWORK, Rule, SignatureSet
from netmon.verdict.holders import Holders
from netmon.verdict.judgement import Case
from netmon.verdict.judging import Judging
from netmon.verdict.place_facts import place_facts
from netmon.verdict.policy import Policy
from netmon.verdict.subjects import Subjects

if TYPE_CHECKING:
    from netmon.destinations.memory import Destinations

MOST_EXPECTED = 2_000
"""Networks of a vendor whose places are looked up for series that do not exist yet."""

BEHIND_PROXY = Place(
    "unknown",
    "unknown",
    None,
    "unknown",
    steps=(OF_PROXY,),
)
"""The place of flows to a proxy."""
_NO_TRIPS = Trips()


class Monitor:
    """Classifies flows by signatures, places, promises and policy, for each client's subject.

    Its only state is passed in, and survives a reload of the signatures: `trips`, the smallest round trips,
    and `destinations`, where vendors were reached. Without `destinations` no destination is reported as new.
    """

    def __init__(
        self,
        signatures: SignatureSet,
        locator: Locator,
        policy: Policy,
        subjects: Subjects,
        trips: SmallestRoundTrips | None = None,
        destinations: Destinations | None = None,
    ) -> None:
        self.signatures = signatures
        self._locator = locator
        self._holders = Holders(signatures)
        self._judging = Judging(policy)
        self._subjects = subjects
        self._trips = SmallestRoundTrips() if trips is None else trips
        self._destinations = destinations

    def classify(self, flow: FlowRecord) -> ClassifiedFlow:
        """The classified flow; without a vendor if no signature matched."""
        entries = self.signatures.resolvers.entries
        resolver = None if flow.resolver is None else entries[flow.resolver].id
        fallbacks = tuple(self._fallbacks(flow)) if flow.fallback else ()
        if flow.signature is None:
            return ClassifiedFlow(flow, resolver=resolver, fallbacks=fallbacks)
        rule = self.signatures.rules[flow.signature]
        # In a network of the vendor, a name that is hearsay says nothing about the component.
        component = NETWORK if flow.grounds == "holder" else rule.component
        address = flow.destination
        if "proxied" in flow.view:
            place, trips = BEHIND_PROXY, _NO_TRIPS
        else:
            own = own_round_trip(flow)
            smallest = self._trips.record(flow, own)
            place, trips = self._locator.locate_by(address, flow.start_ns, own, smallest)
            if is_anycast(place):
                self._trips.forget(address)
        case = Case(
            vendor=self.signatures.vendors[rule.vendor],
            component=component,
            status=rule.status,
            place=place_facts(place),
            view=flow.view,
            day=iso_day(flow.start_ns),
            locations=self.signatures.locations,
            client=self._judging.client_of(flow.client),
            holder_shown=self._holders.is_shown(flow, rule.vendor),
            contact=flow.contact,
            client_seen=flow.sent_packets > 0,
            grounds=flow.grounds,
            sinkholed=place is not BEHIND_PROXY and is_sinkholed(address, place),
            groups=self.signatures.groups,
        )
        judged = self._judging.judge(case, self._subjects.find(flow.client))
        is_certain = case.grounds in ("own", "holder") and not case.sinkholed
        new = self._find_new(flow, rule, place) if is_certain else ()
        return ClassifiedFlow(
            flow,
            rule.vendor,
            component,
            rule.status,
            place,
            judged.verdict,
            resolver,
            fallbacks,
            new,
            edge=self._holders.find(address, rule.vendor, case.day).edge,
            signature=_where(rule),
            concerns=judged.standings,
            uncounted=judged.uncounted,
            trips=trips,
        )

    def _find_new(self, flow: FlowRecord, rule: Rule, place: Place) -> tuple[str, ...]:
        if self._destinations is None or rule.status == "unverified":
            return ()
        return self._destinations.record(
            flow, rule.vendor, place, lambda: self._locator.network(flow.destination, flow.start_ns)
        )

    def _fallbacks(self, flow: FlowRecord) -> Iterator[Fallback]:
        """For each vendor whose products fall back to the flow's server: what kind of name was queried."""
        rule = None if flow.queried_signature is None else self.signatures.rules[flow.queried_signature]
        for vendor in self.signatures.vendors.values():
            component = rule.component if rule is not None and rule.vendor == vendor.id else None
            clear: Question = "other" if component is None else "vendor"
            question: Question = clear if flow.encrypted_dns is None else "unknown"
            for one in vendor.resolvers:
                if one.address == flow.destination:
                    yield Fallback(vendor.id, one.operator, question, component, one.status)

    def expected_series(self, when_ns: int) -> Iterator[tuple[str, str, str, str, str, str]]:
        """Labels of the series that the signatures make likely, so that they exist before their first flow.

        Vendor, component, location, country, verdict, severity: each component at each place where the
        vendor has a network.
        """
        for vendor in self.signatures.vendors.values():
            every = 1 + len(vendor.networks) // MOST_EXPECTED
            networks = {rule.prefix.split("/")[0] for rule in vendor.networks[::every]}
            places = {self._locator.locate(address, when_ns) for address in networks}
            rules: list[Rule] = [*vendor.networks[:1]]
            rules += [component.names[0] for component in vendor.components.values() if component.names]
            for rule in rules:
                for place, subject in product(places, self._subjects.distinct()):
                    verdict = self._judging.judge(self._expected(rule, place, when_ns), subject).verdict
                    where = (rule.vendor, rule.component, place.location, place.country)
                    yield *where, verdict.outcome, verdict.severity or "none"

    def _expected(self, rule: Rule, place: Place, when_ns: int) -> Case:
        """A flow to the vendor at a time that matched the rule, seen completely."""
        return Case(
            vendor=self.signatures.vendors[rule.vendor],
            component=rule.component,
            status=rule.status,
            place=place_facts(place),
            view=(),
            day=iso_day(when_ns),
            locations=self.signatures.locations,
            holder_shown=True,
            groups=self.signatures.groups,
        )


def _where(rule: Rule) -> str:
    """File and line of a signature: "acme.yaml:12"."""
    return f"{rule.file.rpartition('/')[2]}:{rule.line}"
