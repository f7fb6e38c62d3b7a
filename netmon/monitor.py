"""Engine facts → sightings: whose a flow is, where it ended, how that is judged. All on one screen."""

from __future__ import annotations

from netmon.places.locator import Locator
from netmon.records import FlowRecord, Sighting
from netmon.signatures.model import SignatureSet
from netmon.verdict import Case, Policy, Subject, binding_promise, judge


class Monitor:
    """Gives flows their meaning by signatures, places, promises and policy. Keeps no state of its own."""

    def __init__(self, signatures: SignatureSet, locator: Locator, policy: Policy, subject: Subject) -> None:
        self.signatures = signatures
        self._locator = locator
        self._policy = policy
        self._subject = subject
        self._countries = {
            (vendor.id, promise.id): frozenset(
                signatures.locations[place].country for place in promise.locations
            )
            for vendor in signatures.vendors.values()
            for promise in vendor.promises.values()
        }

    def sight(self, flow: FlowRecord) -> Sighting:
        """The flow with its meaning; of no vendor, if no signature matched."""
        if flow.entry is None:
            return Sighting(flow)
        rule = self.signatures.entries[flow.entry]
        component = self.signatures.component(rule)
        place = self._locator.locate(flow.server, flow.start_ns)
        promises = self.signatures.vendors[rule.vendor].promises
        promise = binding_promise(component, promises, self._subject, flow.start_ns)
        case = Case(
            vendor=rule.vendor,
            component=rule.component,
            status=rule.status,
            place=place,
            promise=promise,
            promised_countries=self._countries[rule.vendor, promise.id] if promise else frozenset(),
            policy=self._policy,
        )
        return Sighting(flow, rule.vendor, rule.component, rule.status, place, judge(case))
