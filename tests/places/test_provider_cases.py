"""Verdicts on the shipped networks with databases of the user, as their publishers write them."""

import ipaddress

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import replace

from netmon.places.databases import Databases
from netmon.places.decision import Cities, decide
from netmon.places.labels import DatabaseLabel
from netmon.places.locator import Locator
from netmon.records import Vote
from netmon.verdict.judgement import judge
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from tests.places.mmdb import DAY_S, JUNE_S, nested, write_database, write_flat
from tests.places.test_shipped_networks import SEPTEMBER_15_2026, SIGNATURES
from tests.verdict_cases import make_case

ZURICH, MOSCOW, TORONTO = "82.202.184.0/24", "77.74.181.0/24", "2a03:2480:8032::/48"
LATER_S = JUNE_S + 90 * DAY_S


def flat(name, network, where, **more):
    return lambda folder: write_flat(folder / f"{name}.mmdb", {network: where}, **more)


def typed(name, kind, network, country, city=None, **more):
    record = nested(country, city)
    return lambda folder: write_database(folder / f"{name}.mmdb", {network: record}, kind, **more)


CASES = {
    # Files of the user → country, confidence, verdict on shared files for a client in Germany
    "nothing but the shipped votes": (ZURICH, [], ("CH", "single", "undecided")),
    "the same provider as the shipped vote": (
        ZURICH,
        [flat("dbip-city-ipv4", ZURICH, "CH/Zurich")],
        ("CH", "single", "undecided"),
    ),
    "three editions of the same provider": (
        ZURICH,
        [
            flat("dbip-city-ipv4", ZURICH, "CH/Zurich"),
            flat("dbip-country", ZURICH, "CH"),
            typed("x", "DBIP-Country-Lite", ZURICH, "CH"),
        ],
        ("CH", "single", "undecided"),
    ),
    "another provider, known by its file name": (
        ZURICH,
        [flat("geolite2-country-ipv4", ZURICH, "CH")],
        ("CH", "agreed", "expected"),
    ),
    "another provider, known by its type": (
        ZURICH,
        [typed("a", "IP2LITE-City", ZURICH, "CH", "Zurich")],
        ("CH", "agreed", "expected"),
    ),
    "an unknown provider, which may be the same": (
        ZURICH,
        [flat("city", ZURICH, "CH/Zurich")],
        ("CH", "single", "undecided"),
    ),
    "the type of another provider as a note on compatibility": (
        ZURICH,
        [typed("a", "DBIP-City-Lite (compat=GeoLite2-City)", ZURICH, "CH", "Zurich")],
        ("CH", "single", "undecided"),
    ),
    "registrations": (
        ZURICH,
        [flat("iptoasn-country", ZURICH, "CH"), flat("asn-country-ipv4", ZURICH, "CH")],
        ("CH", "single", "undecided"),
    ),
    "a holder's registration": (
        ZURICH,
        [typed("a", "GeoOpen-Country", ZURICH, "CH")],
        ("CH", "single", "undecided"),
    ),
    "a merged source that repeats the AS": (
        ZURICH,
        [flat("geo-whois-asn-country", ZURICH, "CH")],
        ("CH", "single", "undecided"),
    ),
    "a data set that contains the shipped provider's data": (
        ZURICH,
        [flat("dbip-geo-whois-asn-country", ZURICH, "CH")],
        ("CH", "single", "undecided"),
    ),
    "a newer build that contradicts the shipped vote": (
        ZURICH,
        [flat("dbip-city-ipv4", ZURICH, "RU/Moscow", built_s=LATER_S)],
        ("RU", "single", "undecided"),
    ),
    "a newer build that contradicts the shipped vote, with another provider": (
        ZURICH,
        [
            flat("dbip-city-ipv4", ZURICH, "RU/Moscow", built_s=LATER_S),
            flat("geolite2-city-ipv4", ZURICH, "RU/Moscow"),
        ],
        ("RU", "agreed", "unexpected"),
    ),
    "an older build, which the shipped vote supersedes": (
        ZURICH,
        [flat("dbip-city-ipv4", ZURICH, "RU/Moscow", built_s=JUNE_S - 90 * DAY_S)],
        ("CH", "single", "undecided"),
    ),
    "Moscow by the shipped votes": (MOSCOW, [], ("RU", "agreed", "unexpected")),
    "the newer merged source repeats the AS": (
        MOSCOW,
        [flat("geo-whois-asn-country", MOSCOW, "CH", built_s=LATER_S)],
        ("RU", "single", "undecided"),
    ),
    "the AS has moved to the network's country": (
        MOSCOW,
        [flat("iptoasn-country", MOSCOW, "RU", built_s=LATER_S)],
        ("RU", "single", "undecided"),
    ),
    "a data set that contains both shipped sources": (
        MOSCOW,
        [flat("dbip-geo-whois-asn-country-ipv4", MOSCOW, "RU")],
        ("RU", "agreed", "unexpected"),
    ),
    "an IPv6 network, and a file of another provider": (
        TORONTO,
        [flat("geolite2-city-ipv6", TORONTO, "CA/Toronto")],
        ("CA", "agreed", "unexpected"),
    ),
    "an IPv6 network, and IPv4 and IPv6 files of the shipped provider": (
        TORONTO,
        [flat("dbip-city-ipv6", TORONTO, "CA/Toronto"), flat("dbip-city-ipv4", ZURICH, "CH/Zurich")],
        ("CA", "single", "undecided"),
    ),
}


def judge_with(folder, network, labels=None):
    """The place of an address in the network, and the verdict on reputation traffic, with these databases."""
    databases = Databases([folder], labels=labels or {})
    databases.refresh()
    address = str(ipaddress.ip_network(network)[10])
    place = Locator(SIGNATURES, databases=databases).locate(address, SEPTEMBER_15_2026)
    return place.country, place.confidence, outcome_of(place)


def outcome_of(place):
    """The verdict on reputation traffic of a client in Germany to a place."""
    vendor = SIGNATURES.vendors["kaspersky"]
    case = make_case(
        vendor,
        "reputation",
        "official",
        place,
        (),
        SEPTEMBER_15_2026,
        SIGNATURES.locations,
        holder_shown=True,
    )
    return judge(case, Policy(), Subject("DE")).outcome


@pytest.mark.parametrize("name", CASES)
def test_a_verdict_needs_independent_sources(tmp_path, name):
    """What each combination of files gives."""
    network, files, expected = CASES[name]
    for write in files:
        write(tmp_path)
    assert judge_with(tmp_path, network) == expected


def test_a_label_makes_a_file_a_source_of_its_own(tmp_path):
    """An unnamed file counts once the user says who publishes it, and as the same source if it is DB-IP's."""
    write_flat(tmp_path / "city.mmdb", {ZURICH: "CH/Zurich"})
    verdicts = {
        provider: judge_with(tmp_path, ZURICH, {tmp_path: DatabaseLabel(provider)})[2]
        for provider in (None, "Acme", "MaxMind", "DB-IP", "dbip", "IPtoASN")
    }
    assert verdicts == {
        None: "undecided",
        "Acme": "expected",
        "MaxMind": "expected",
        "DB-IP": "undecided",
        "dbip": "undecided",
        "IPtoASN": "undecided",
    }


@pytest.mark.parametrize("name", CASES)
def test_a_copy_of_every_file_changes_nothing(tmp_path, name):
    """The same data once more, under another name and from the same provider, is no other source."""
    network, files, expected = CASES[name]
    for write in files:
        write(tmp_path)
    originals = Databases([tmp_path])
    originals.refresh()
    labels = {}
    for one in originals.current:
        copy = tmp_path / f"copy {one.path.name}"
        copy.write_bytes(one.path.read_bytes())
        labels[copy] = DatabaseLabel(one.provider)
    assert judge_with(tmp_path, network, labels) == expected


CITIES = Cities(SIGNATURES.locations)
PROVIDERS = ("dbip", "maxmind", "ipinfo", "geo-whois-asn", "dbip-geo-whois-asn", "unknown", "acme")
DATES = st.sampled_from(["2026-06-05", "2026-06-17"])
LOCATED = st.builds(
    Vote,
    source=st.sampled_from(["first", "second"]),
    country=st.sampled_from(["CH", "RU"]),
    city=st.sampled_from(["Zürich", "Moscow", None]),
    date=DATES,
    provider=st.sampled_from(PROVIDERS),
)
REGISTERED = st.builds(
    Vote,
    source=st.just("iptoasn"),
    country=st.sampled_from(["CH", "RU"]),
    city=st.none(),
    about=st.just("registration"),
    provider=st.just("iptoasn"),
)
VOTES = st.lists(st.one_of(LOCATED, REGISTERED), max_size=6)


@given(VOTES, st.data())
def test_a_source_that_repeats_its_provider_never_changes_a_verdict(votes, data):
    """Whatever the votes are: one of them again, from another database of its provider, is no evidence."""
    before = outcome_of(decide(votes, CITIES))
    if votes:
        again = replace(data.draw(st.sampled_from(votes)), source="again")
        assert outcome_of(decide([*votes, again], CITIES)) == before


@given(VOTES, st.sampled_from(PROVIDERS), DATES)
def test_evidence_for_the_same_place_never_weakens_a_verdict(votes, provider, date):
    """Another vote for the place, whoever gives it, leaves the verdict as it is, or ends an "undecided"."""
    place = decide(votes, CITIES)
    before = outcome_of(place)
    if place.confidence in ("single", "agreed"):
        more = Vote("more", place.country, place.city, date=date, provider=provider)
        after = outcome_of(decide([*votes, more], CITIES))
        assert before in (after, "undecided")
