"""The countries in which it matters whether a server can be."""

import pytest
from msgspec.structs import replace

from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.signatures.model import Concern
from netmon.verdict.countries_that_matter import countries_that_matter
from netmon.verdict.policy import Policy
from tests.verdict_cases import allow

SIGNATURES = load_folder(default_folder())
VENDOR = next(iter(SIGNATURES.vendors.values()))


def test_shipped_signatures_promise_zurich_and_are_concerned_about_russia():
    """The countries of promised places, and those of concern."""
    assert countries_that_matter(SIGNATURES, Policy()) == {"CH", "RU"}


@pytest.mark.parametrize(
    ("policy", "countries"),
    [
        (allow("JP", "frankfurt"), {"CH", "DE", "JP", "RU"}),
        (allow("zurich", on="files"), {"CH", "RU"}),
        (Policy(concerns={VENDOR.id: frozenset({"CN", "IR"})}), {"CH", "CN", "IR"}),
        (Policy(concerns={VENDOR.id: frozenset()}), {"CH"}),
        (Policy(concerns={"other": frozenset({"CN"})}), {"CH", "RU"}),
    ],
)
def test_the_policy_adds_what_it_allows_and_replaces_concerns(policy, countries):
    """A location counts as its country; a vendor's list of concerns replaces that of the signatures."""
    assert countries_that_matter(SIGNATURES, policy) == countries


def test_concerns_of_every_vendor_count():
    """One set serves all vendors: it only decides what is worth saying."""
    [concern] = VENDOR.concerns
    assert isinstance(concern, Concern)
    other = replace(VENDOR, id="other", concerns=(replace(concern, country="KP"),), promises={})
    both = replace(SIGNATURES, vendors={**SIGNATURES.vendors, "other": other})
    assert countries_that_matter(both, Policy()) == {"CH", "KP", "RU"}
