"""The countries in which it matters whether a server can be: promised, allowed or of concern."""

from __future__ import annotations

from collections.abc import Iterator

from netmon.signatures.model import SignatureSet
from netmon.verdict.policy import Policy


def countries_that_matter(signatures: SignatureSet, policy: Policy) -> frozenset[str]:
    """The countries of the places that any vendor promises or the policy allows, and those of concern."""
    places = {*_promised(signatures), *_allowed(policy)}
    located = {signatures.locations[one].country if one in signatures.locations else one for one in places}
    return frozenset(located.union(_of_concern(signatures, policy)))


def _promised(signatures: SignatureSet) -> Iterator[str]:
    for vendor in signatures.vendors.values():
        for promise in vendor.promises.values():
            yield from promise.locations


def _allowed(policy: Policy) -> Iterator[str]:
    for components in policy.allowed.values():
        for places in components.values():
            yield from places


def _of_concern(signatures: SignatureSet, policy: Policy) -> Iterator[str]:
    for vendor in signatures.vendors.values():
        chosen = policy.concerns.get(vendor.id)
        yield from (one.country for one in vendor.concerns) if chosen is None else chosen
