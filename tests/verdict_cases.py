"""A vendor, places and policies for tests of verdicts: ACME promises Zürich to users in Germany."""

from __future__ import annotations

from ipaddress import ip_network

from msgspec.structs import replace

from netmon.days import iso_day
from netmon.places.decision import Cities, decide
from netmon.records import Vote
from netmon.signatures.model import Component, Concern, Expectation, Location, Promise, Vendor
from netmon.verdict.judgement import Case, judge
from netmon.verdict.place_facts import place_facts
from netmon.verdict.policy import Policy, PolicyException
from netmon.verdict.promises import Subject

LOCATIONS = {
    "zurich": Location("zurich", "Zurich", "CH", 47.377, 8.542),
    "bern": Location("bern", "Bern", "CH", 46.948, 7.447),
    "moscow": Location("moscow", "Moscow", "RU", 55.756, 37.617),
}
CITIES = Cities(LOCATIONS)
DAY_NS = 86_400_000_000_000
JUNE_17 = 1_781_654_400_000_000_000  # 2026-06-17 00:00 UTC
GERMAN = Subject("DE")
SILENT = Policy()


def promise(
    name, *, subjects=("DE", "AT"), locations=("zurich",), start="2018-11-13", end=None, status="official"
):
    return Promise(name, "acme", "", frozenset(subjects), "files", start, end, locations, status=status)


def component(name, *promises, possible=()):
    expectations = tuple(Expectation("promise", one, (), None, ()) for one in promises)
    expectations += tuple(Expectation("promise", one, (), None, (), "possible") for one in possible)
    observed = Expectation("observed", None, ("moscow",), None, ())
    return Component("acme", name, "", "", "", "cloud", (), (), (), (*expectations, observed), None, ())


def by_id(*things):
    return {one.id: one for one in things}


PROMISES = by_id(
    promise("files_de"),
    promise("files_all", subjects=()),
    promise("later", start="2026-11"),
    promise("over", end="2026-06-16"),
    promise("no_place", locations=()),
    promise("from_the_press", subjects=(), status="press"),
    promise("announced", subjects=(), start=None),
    promise("berne", locations=("bern",)),
    promise("files_fr", subjects=("FR",)),
    replace(promise("off", subjects=("FR",), locations=(), start="2024-09-10"), ends=("files_fr",)),
)
COMPONENTS = by_id(
    component("files", "no_place", "over", "files_de"),
    component("statistics", "files_all"),
    component("analysis", "files_de", "berne"),
    component("soon", "later", "announced", "from_the_press"),
    component("updates"),
    component("usage", possible=("files_de",)),
    component("mixed", "files_de", possible=("berne",)),
    component("closed", "files_fr"),
)
VENDOR = Vendor("acme", "ACME", COMPONENTS, (), PROMISES, (), (), {}, {}, (), "")


CONCERN = Concern(
    "RU",
    "a warning of 2022",
    "the product",
    "2022-03-15",
    None,
    "archived",
    frozenset({"DE"}),
    frozenset(),
    (),
)
WORRYING = replace(VENDOR, concerns=(CONCERN,))
"""The same vendor, with Russia as a country of concern."""


def place(*votes, excluded=()):
    """A place from votes such as "CH/Zurich", each by another database; "!CH" is the user's declaration."""
    sources = [
        Vote("declared" if one[0] == "!" else f"db{n}", *place_parts(one)) for n, one in enumerate(votes)
    ]
    return replace(decide(sources, CITIES, excluded), excluded=tuple(excluded))


def place_parts(text):
    country, _, city = text.lstrip("!").partition("/")
    return country, city or None


ZURICH = place("CH/Zurich", "CH")
MOSCOW = place("RU/Moscow", "RU")
NOT_ZURICH = place("CH/Zurich", "CH/Zurich", excluded=["zurich"])


def case(
    where=ZURICH,
    what="files",
    status="official",
    view=(),
    time_ns=JUNE_17,
    client="192.0.2.10",
    holder_shown=True,
):
    return make_case(VENDOR, what, status, where, view, time_ns, LOCATIONS, client, holder_shown)


def make_case(vendor, component, status, where, view, time_ns, *rest, **further):
    """A case of a flow to a place, at a time."""
    return Case(vendor, component, status, place_facts(where), view, iso_day(time_ns), *rest, **further)


def verdict(one, policy=SILENT, subject=GERMAN):
    found = judge(one, policy, subject)
    return found.outcome, found.reason


def allow(*places, on="*"):
    return Policy(allowed={"acme": {on: frozenset(places)}})


FORBID = Policy(forbidden_vendors=frozenset({"acme"}))
EXCEPTION = PolicyException("acme", None, ip_network("192.0.2.0/28"), "2026-06-17", "J. Doe", "a test")


PLACE_EXCEPTION = replace(EXCEPTION, lifts="place")


def excepting(policy, *exceptions):
    """The policy with exceptions; without any, with one that lifts contact."""
    return replace(policy, exceptions=exceptions or (EXCEPTION,))
