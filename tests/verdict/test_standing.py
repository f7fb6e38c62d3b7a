"""Whether a flow ended in a country of concern: what is stated, and what never is."""

from itertools import product

import pytest
from msgspec.structs import replace

from netmon.places.decision import Cities, decide, is_sure
from netmon.records import CONTACTS, GROUNDS, STANDINGS, Place, Vote
from netmon.verdict.place_facts import place_facts
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from netmon.verdict.standing import find_standing, find_standings, find_uncounted
from tests.verdict_cases import GERMAN, JUNE_17, MOSCOW, SILENT, WORRYING, ZURICH, case, place

WITHHELD = Vote("dbx", None, None, contradicts=True)
IPTOASN = "iptoasn RU registration"
REGISTERED = Vote("dbx", "RU", None, about="registration")


def not_in(where, *countries):
    return replace(where, not_in=countries)


def located(*votes):
    """A place from votes such as "dbip DE" or "maxmind RU anycast"."""
    parts = [(*one.split(), "location")[:3] for one in votes]
    return decide([Vote(of, country, None, about, provider=of) for of, country, about in parts], Cities({}))


def with_vote(where, vote):
    return replace(where, votes=(*where.votes, vote))


@pytest.mark.parametrize(
    ("where", "standing"),
    [
        (MOSCOW, "located"),
        (place("RU", "RU"), "located"),
        (place("!RU"), "located"),
        (place("RU/Moscow"), "possible"),  # one source
        (place("RU", "CH"), "possible"),
        (place("CH", "CH", "CH", "RU"), "possible"),  # no majority
        (place("!CH", "RU"), "possible"),  # a declaration decides the place, and refutes no source
        (place("RU/Moscow", "CH", excluded=["moscow"]), "possible"),  # not Moscow is not yet not Russia
        (ZURICH, "unknown"),  # two sources agree, and both may be wrong
        (place("!CH"), "unknown"),
        (place("CH"), "unknown"),
        (place("CH", "DE"), "unknown"),
        (place(), "unknown"),
        (with_vote(ZURICH, WITHHELD), "unknown"),
        (with_vote(place(), REGISTERED), "unknown"),
        (not_in(ZURICH, "RU"), "excluded"),
        (not_in(place(), "RU"), "excluded"),
        (not_in(place(), "CN", "RU", "US"), "excluded"),
        (not_in(place("RU/Moscow"), "RU"), "excluded"),  # light is faster than no database
        (not_in(place("RU", "CH"), "RU"), "excluded"),
        (not_in(ZURICH, "CN"), "unknown"),
        (not_in(MOSCOW, "RU"), "possible"),  # the evidence contradicts itself
        (not_in(place("!RU"), "RU"), "possible"),
        (not_in(MOSCOW, "CH"), "located"),
    ],
)
def test_the_standing_of_a_place(where, standing):
    """Only a settled place is located, only a round trip excludes, and both together say nothing."""
    assert find_standing(place_facts(where), "RU") == standing


@pytest.mark.parametrize(
    ("votes", "standing"),
    [
        # Nothing, or no agreement, on where the AS is registered: the merged source may locate the address
        (["dbip DE", "maxmind DE", "geo-whois-asn RU"], "possible"),
        (["dbip DE", "geo-whois-asn RU"], "possible"),
        (["geo-whois-asn RU"], "possible"),
        (["declared DE", "geo-whois-asn RU"], "possible"),
        (
            ["dbip DE", "geo-whois-asn RU", "iptoasn RU registration", "asn-country DE registration"],
            "possible",
        ),
        # It repeats the registration of the AS, or names another country
        (["dbip DE", "maxmind DE", "geo-whois-asn RU", IPTOASN], "unknown"),
        (["dbip DE", "geo-whois-asn CH"], "unknown"),
        # It differs from the registration of the AS: a location
        (["dbip DE", "geo-whois-asn RU", "iptoasn DE registration"], "possible"),
        # One of several places is in the country
        (["maxmind RU anycast"], "possible"),
        (["maxmind RU anycast", "dbip DE", "ipinfo DE"], "possible"),
        (["maxmind DE anycast"], "unknown"),
        # Neither says where the server is
        (["maxmind RU satellite"], "unknown"),
        (["maxmind RU registration", IPTOASN, "dbip DE"], "unknown"),
    ],
)
def test_a_source_that_names_the_country_is_never_passed_over(votes, standing):
    """What may be a location names the country; a registration, or that of a satellite provider, does not."""
    assert find_standing(place_facts(located(*votes)), "RU") == standing


SHAPES = ["RU", "RU/Moscow", "CH", "CH/Zurich", "!RU", "!CH"]


def test_nothing_is_claimed_beyond_its_evidence():
    """Over all places of up to three votes: "located" is sure, "excluded" is in `not_in`, never both."""
    found = set()
    for votes in product(["", *SHAPES], repeat=3):
        for excluded in ((), ("RU",), ("CH",)):
            where = not_in(place(*filter(None, votes)), *excluded)
            standing = find_standing(place_facts(where), "RU")
            found.add(standing)
            settled = where.country == "RU" and is_sure(where)
            assert (standing == "located") == (settled and "RU" not in excluded)
            assert (standing == "excluded") == ("RU" in excluded and not settled)
    assert found == set(STANDINGS)


@pytest.mark.parametrize(
    ("policy", "subject", "time_ns", "countries"),
    [
        (SILENT, GERMAN, JUNE_17, ["RU"]),
        (SILENT, Subject(None), JUNE_17, ["RU"]),  # netmon's default: for anyone
        (SILENT, GERMAN, 0, []),  # before the warning
        (Policy(concerns={"acme": frozenset()}), GERMAN, JUNE_17, []),
        (Policy(concerns={"acme": frozenset({"RU", "CN", "BY"})}), GERMAN, JUNE_17, ["BY", "CN", "RU"]),
        (Policy(concerns={"other": frozenset({"CN"})}), GERMAN, JUNE_17, ["RU"]),
        (Policy(allowed={"acme": {"*": frozenset({"RU"})}}), GERMAN, JUNE_17, ["RU"]),  # a fact all the same
        (Policy(forbidden_vendors=frozenset({"acme"})), GERMAN, JUNE_17, ["RU"]),
    ],
)
def test_one_standing_for_each_country_of_concern(policy, subject, time_ns, countries):
    """Those that apply to vendor, subject and day; whether the policy allows the place changes no fact."""
    one = replace(case(MOSCOW, "updates", time_ns=time_ns), vendor=WORRYING)
    found = find_standings(one, policy, subject)
    assert [each.country for each in found] == countries
    assert all((each.standing == "located") == (each.country == "RU") for each in found)


def test_behind_a_proxy_nothing_is_known():
    """The place is the proxy's, so neither its votes nor its round trip say anything."""
    for where in (MOSCOW, not_in(ZURICH, "RU"), Place("unknown", "unknown", None, "unknown")):
        one = replace(case(where, view=("proxied",)), vendor=WORRYING)
        assert [each.standing for each in find_standings(one, SILENT, GERMAN)] == ["unknown"]


def test_which_flows_count():
    """Those with data that are shown to be the vendor's, and not redirected; the first reason is given."""
    for contact, grounds, sinkholed, status in product(
        CONTACTS, GROUNDS, (False, True), ("official", "unverified")
    ):
        one = replace(case(), contact=contact, grounds=grounds, sinkholed=sinkholed, status=status)
        is_shown = grounds in ("own", "holder") and status != "unverified"
        expected = None if contact == "data" else "no_data"
        if sinkholed:
            expected = "redirected"
        assert find_uncounted(one) == (expected if is_shown else "not_shown")


def test_a_flow_without_the_clients_packets_or_its_start_is_said_to_be_unseen():
    """The server's packets alone never count; without a start, data of both sides does."""
    for contact, client_seen, view in product(CONTACTS, (False, True), ((), ("no_start",), ("one_way",))):
        one = replace(case(view=view), contact=contact, client_seen=client_seen)
        if client_seen and contact == "data":
            assert find_uncounted(one) is None
        else:
            is_half = contact == "answered" and "one_way" in view
            is_known = client_seen and "no_start" not in view and not is_half
            assert find_uncounted(one) == ("no_data" if is_known else "unseen")
