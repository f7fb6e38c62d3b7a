"""Verdicts against the truth: networks of the vendor, what sources say of them, sensors, and true places.

The round trips follow a model: cables are half as long again as the great circle, light needs 5 µs for a
kilometre of fibre, and routers and the server take half a millisecond together. What is measured is the
greater of two samples, of which none is delayed: the worst case for whoever excludes too much.

`truth_table.txt` has the shares; `--update-golden` writes it, and the table of docs/places.md.
"""

import ipaddress
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from msgspec.structs import replace

from netmon.places.decision import Cities, decide
from netmon.places.declared import Position
from netmon.places.locator import Locator
from netmon.places.physics import DistanceCheck
from netmon.places.sphere import distance_km
from netmon.records import Place, RoundTrip, Verdict, Vote
from netmon.verdict.countries_that_matter import countries_that_matter
from netmon.verdict.judgement import judge
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from tests.places.test_shipped_networks import NETWORKS, SEPTEMBER_15_2026, SIGNATURES
from tests.verdict_cases import make_case

OWN_TABLE = Path(__file__).parent / "truth_table.txt"
PAGE = Path(__file__).parents[2] / "docs" / "places.md"
INTRODUCTION = """\
Verdicts on reputation traffic of a client in Germany to the {v4} IPv4 and {v6} IPv6 networks of the vendor,
by the sensor's site and the true place of the server, for {sets} sets of sources each. Shares in percent:
decided (expected or unexpected), before without borders and without `nowhere_promised`, and of all cases
those that are wrong; undecided with Russia excluded; open. Written by
`pytest tests/places/test_truth_table.py --update-golden`; review every difference.

"""
HEAD = """\
| sensor | server in | decided before | now | wrong before | now | undecided, not in Russia | open |
|---|---|---|---|---|---|---|---|
"""
SITES = {
    "none": None,
    "Zürich": Position(47.377, 8.542, 10),
    "Munich": Position(48.137, 11.575, 10),
    "Frankfurt": Position(50.111, 8.682, 10),
    "Berlin": Position(52.520, 13.405, 10),
    "Vienna": Position(48.208, 16.373, 10),
}
TRUTHS = {"Zürich": "zurich", "Frankfurt": "frankfurt", "Moscow": "moscow"}
PROMISED = "zurich"
MAKERS = ("dbip", "geo_whois_asn", "right", "wrong")
DETOUR, FIBRE_KM_PER_MS, OVERHEAD_MS = 1.5, 200.0, 0.5
SOURCE_SETS = {
    "shipped": None,
    **{
        " and ".join(chosen): frozenset(chosen)
        for count in (1, 2, 4)
        for chosen in combinations(MAKERS, count)
    },
}
CITIES = Cities(SIGNATURES.locations)
OF_VENDOR = {prefix: rule for prefix, rule in NETWORKS.items() if rule.role != "carrier"}
COUNTRIES = countries_that_matter(SIGNATURES, Policy())


@dataclass(frozen=True)
class Cell:
    """One case of the table, and its verdicts: `before` without borders, and without those on a dispute."""

    truth: str
    place: Place
    before: Verdict
    found: Verdict

    @property
    def country(self):
        """The country in which the server is."""
        return SIGNATURES.locations[TRUTHS[self.truth]].country

    def is_wrong(self, verdict):
        """Expected elsewhere than promised, or unexpected in the promised place."""
        return verdict.outcome != ("expected" if TRUTHS[self.truth] == PROMISED else "unexpected")


def rtt_ns(site, truth):
    """The round trip by the model."""
    there = SIGNATURES.locations[TRUTHS[truth]]
    position = SITES[site]
    km = distance_km(position.latitude, position.longitude, there.latitude, there.longitude)
    return round((2 * km * DETOUR / FIBRE_KM_PER_MS + OVERHEAD_MS) * 1e6)


@cache
def shipped_votes(prefix):
    network = ipaddress.ip_network(prefix)
    address = str(network[network.num_addresses // 2])
    return Locator(SIGNATURES).locate(address, SEPTEMBER_15_2026).votes


def votes_of(prefix, makers, truth):
    """What the makers say of a network: two as shipped, one always the truth, and one never the country.

    Registrations remain, because they show what the merged source is worth. Its votes that the locator judged
    to be registrations are locations again, as in the signatures.
    """
    merged = [replace(vote, about="location") if vote.source == "geo_whois_asn" else vote
              for vote in shipped_votes(prefix)]  # fmt: skip
    if makers is None:
        return merged
    there = SIGNATURES.locations[TRUTHS[truth]]
    elsewhere = SIGNATURES.locations["zurich" if truth == "Moscow" else "moscow"]
    crafted = {
        "right": Vote("right", there.country, there.city),
        "wrong": Vote("wrong", elsewhere.country, None),
    }
    said = [vote for vote in merged if vote.source in makers or vote.about == "registration"]
    return [*said, *(vote for name, vote in crafted.items() if name in makers)]


def judged(prefix, place):
    rule = NETWORKS[prefix]
    vendor = SIGNATURES.vendors[rule.vendor]
    case = make_case(
        *(vendor, "reputation", "official", place, (), SEPTEMBER_15_2026, SIGNATURES.locations),
        holder_shown=True,
    )
    return judge(case, Policy(), Subject("DE"))


@cache
def cells(site):
    """All cases of a sensor's site."""
    check = DistanceCheck(SITES[site], SIGNATURES.locations)
    found = []
    for truth in TRUTHS:
        for makers in SOURCE_SETS.values():
            for prefix in OF_VENDOR:
                votes = votes_of(prefix, makers, truth)
                countries = COUNTRIES.union(vote.country for vote in votes if vote.country)
                excluded, not_in = (), ()
                if SITES[site] is not None:
                    trip = RoundTrip(rtt_ns(site, truth), 1, SEPTEMBER_15_2026, "unlikely")
                    bound = check.bound(trip, countries)
                    excluded, not_in = bound.excluded, bound.not_in
                before = replace(decide(votes, CITIES, excluded), excluded=excluded)
                if before.confidence == "disputed":
                    before = replace(before, claims=())
                place = replace(decide(votes, CITIES, excluded, not_in), excluded=excluded, not_in=not_in)
                found.append(Cell(truth, place, judged(prefix, before), judged(prefix, place)))
    return found


ALL_SITES = pytest.mark.parametrize("site", SITES)


@ALL_SITES
def test_what_is_true_is_never_excluded(site):
    """Neither the country nor the city in which the server is."""
    for cell in cells(site):
        assert cell.country not in cell.place.not_in
        assert TRUTHS[cell.truth] not in cell.place.excluded


@ALL_SITES
def test_no_verdict_is_wrong_where_a_source_that_agrees_is_right(site):
    """If one of the sources on which a verdict rests names the true country, the verdict is right."""
    decided = [cell for cell in cells(site) if cell.found.outcome != "undecided"]
    assert decided
    for cell in decided:
        assert cell.place.claims
        assert cell.country not in cell.place.claims or not cell.is_wrong(cell.found), cell


@ALL_SITES
def test_no_verdict_rests_on_an_excluded_country(site):
    """Whatever the sources say: neither the place nor a country that they claim can be excluded."""
    for cell in cells(site):
        if cell.found.outcome != "undecided":
            assert cell.place.country not in cell.place.not_in
            assert not set(cell.place.claims) & set(cell.place.not_in)
            assert cell.place.location not in cell.place.excluded


def test_borders_refute_accusations():
    """Some accusations without borders are undecided with them; no verdict turns into its contrary."""
    changed = Counter()
    for site in SITES:
        for cell in cells(site):
            if cell.before.outcome != cell.found.outcome:
                changed[cell.before.outcome, cell.found.outcome] += 1
    assert changed["unexpected", "undecided"] > 0
    assert changed["expected", "unexpected"] == changed["unexpected", "expected"] == 0


def rows():
    for site in SITES:
        for truth in TRUTHS:
            here = [cell for cell in cells(site) if cell.truth == truth]
            decided, before = (
                [cell for cell in here if getattr(cell, name).outcome != "undecided"]
                for name in ("found", "before")
            )
            excluded = [
                cell for cell in here if cell.found.outcome == "undecided" and "RU" in cell.place.not_in
            ]
            counts = (
                len(before),
                len(decided),
                sum(cell.is_wrong(cell.before) for cell in before),
                sum(cell.is_wrong(cell.found) for cell in decided),
                len(excluded),
                len(here) - len(decided) - len(excluded),
            )
            shares = " | ".join(f"{100 * count / len(here):.1f}" for count in counts)
            yield f"| {site} | {truth} | {shares} |\n"


def test_the_shares_are_documented(request, capsys):
    """The table beside this file and that of docs/places.md are what is measured."""
    table = HEAD + "".join(rows())
    v4 = sum("." in prefix for prefix in OF_VENDOR)
    text = INTRODUCTION.format(v4=v4, v6=len(OF_VENDOR) - v4, sets=len(SOURCE_SETS)) + table
    with capsys.disabled():
        print(f"\n{text}")
    if request.config.getoption("--update-golden"):
        OWN_TABLE.write_text(text, encoding="utf-8")
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(HEAD)
        after = rest.partition("\n\n")[2]
        PAGE.write_text(f"{before}{table}\n{after}", encoding="utf-8")
    assert text == OWN_TABLE.read_text(encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    assert f"{table}\n" in page
    assert f"{v4} IPv4 and {len(OF_VENDOR) - v4} IPv6 networks" in page
    assert f"of {len(OF_VENDOR) * len(SOURCE_SETS)} cases a row" in page
