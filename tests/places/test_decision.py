"""The decision that turns votes into a place."""

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import replace

from netmon.places.decision import Cities, decide
from netmon.places.providers import find_providers
from netmon.records import Vote
from netmon.signatures.model import Location

LOCATIONS = {
    "zurich": Location("zurich", "Zurich", "CH", 47.377, 8.542, ("Zürich", "Zuerich")),
    "bern": Location("bern", "Bern", "CH", 46.948, 7.447),
    "moscow": Location("moscow", "Moscow", "RU", 55.756, 37.617, ("Moskva",)),
}
CITIES = Cities(LOCATIONS)

VOTES = st.builds(
    Vote,
    source=st.sampled_from(["declared", "vendor", "alpha_db", "beta_db", "gamma_db"]),
    country=st.sampled_from(["CH", "RU", "DE", None]),
    city=st.sampled_from(["Zurich", "ZÜRICH", "Bern", "Moscow", "Moskva", "Frankfurt am Main", None]),
    about=st.sampled_from(["location", "registration", "anycast", "satellite", "as"]),
    date=st.sampled_from(["2026-06-05", "2026-06-17", None]),
    contradicts=st.booleans(),
)


def vote(source, where, about="location", **more):
    country, _, city = where.partition("/")
    provider = "".join(find_providers(source))
    return Vote(source, country or None, city or None, about, provider=provider, **more)


def place_of(*votes):
    place = decide(votes, CITIES)
    return place.confidence, place.country, place.location


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([], ("unknown", "unknown", "unknown")),
        ([vote("a", "CH", "registration")], ("unknown", "unknown", "unknown")),
        ([vote("a", "")], ("unknown", "unknown", "unknown")),
        ([vote("a", "CH/Zurich")], ("single", "CH", "zurich")),
        ([vote("a", "CH/Zurich"), vote("a", "CH")], ("single", "CH", "zurich")),
        ([vote("a", "CH/Zurich"), vote("b", "CH", "registration")], ("single", "CH", "zurich")),
        ([vote("a", "CH"), vote("b", "CH")], ("agreed", "CH", "unknown")),
        ([vote("a", "CH"), vote("b", "CH"), vote("c", "", contradicts=True)], ("disputed",) * 3),
        ([vote("declared", "CH"), vote("c", "", contradicts=True)], ("single", "CH", "unknown")),
        ([vote("a", "CH/ZÜRICH"), vote("b", "CH"), vote("c", "CH/Zuerich")], ("agreed", "CH", "zurich")),
        ([vote("a", "CH/Zurich"), vote("b", "CH/Bern")], ("agreed", "CH", "disputed")),
        ([vote("a", "CH/Zurich"), vote("b", "CH/Nowhere")], ("agreed", "CH", "disputed")),
        ([vote("a", "CH/Nowhere"), vote("b", "CH/nowhere")], ("agreed", "CH", "unknown")),
        ([vote("a", "RU/Zurich"), vote("b", "RU")], ("agreed", "RU", "unknown")),
        ([vote("a", "CH/Zurich"), vote("b", "RU/Moscow")], ("disputed", "disputed", "disputed")),
        (
            [vote("a", "CH"), vote("b", "CH"), vote("c", "CH"), vote("d", "RU")],
            ("disputed", "disputed", "disputed"),
        ),
        ([vote("declared", "CH/Zurich"), vote("b", "RU"), vote("c", "RU")], ("single", "CH", "zurich")),
        ([vote("a", "CH"), vote("b", "CH"), vote("c", "RU", "satellite")], ("agreed", "CH", "unknown")),
        ([vote("a", "CH", "satellite")], ("unknown", "unknown", "unknown")),
        ([vote("a", "CH"), vote("b", "", "as", note="AS64500")], ("single", "CH", "unknown")),
        ([vote("a", "CH"), vote("b", "CH"), vote("c", "CH", "anycast")], ("unknown", "unknown", "unknown")),
        ([vote("a", "", "anycast")], ("unknown", "unknown", "unknown")),
        ([vote("declared", "CH"), vote("c", "US", "anycast")], ("single", "CH", "unknown")),
        (
            [vote("a", "CH"), vote("b", "CH"), vote("r", "", "registration", contradicts=True)],
            ("agreed", "CH", "unknown"),
        ),
        ([vote("vendor", "CH/Zurich")], ("single", "CH", "zurich")),
        ([vote("vendor", "CH/Zurich"), vote("b", "RU")], ("disputed", "disputed", "disputed")),
    ],
)
def test_votes_become_a_place(votes, expected):
    """Each paragraph of the rule, with its edge cases."""
    assert expected == place_of(*votes)


OLD, NEW = "2026-06-05", "2026-09-21"
HERE, SHIPPED = "DBIP-City-Lite", "dbip"  # from one provider


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        # City and country editions of one provider are one source ...
        ([vote("GeoLite2-City", "CH/Bern"), vote("GeoLite2-Country", "CH")], ("single", "CH", "bern")),
        # ... that two others may agree with
        (
            [vote("GeoLite2-City", "CH"), vote("GeoLite2-Country", "CH"), vote(SHIPPED, "CH")],
            ("agreed", "CH", "unknown"),
        ),
        # A provider's votes in the signatures and its database on this machine are one source
        (
            [vote(HERE, "CH", date=NEW), vote(SHIPPED, "CH/Bern", date=OLD)],
            ("single", "CH", "bern"),
        ),
        # The newer build supersedes the country ...
        (
            [vote(HERE, "CH/Bern", date=NEW), vote(SHIPPED, "RU/Moscow", date=OLD)],
            ("single", "CH", "bern"),
        ),
        # ... and the city
        (
            [vote(HERE, "CH/Bern", date=NEW), vote(SHIPPED, "CH/Zurich", date=OLD)],
            ("single", "CH", "bern"),
        ),
        # An old database on this machine does not supersede votes in the signatures from a newer build
        (
            [vote(HERE, "CH/Bern", date=OLD), vote(SHIPPED, "RU/Moscow", date=NEW)],
            ("single", "RU", "moscow"),
        ),
        # An undated vote is older than any other
        ([vote(HERE, "CH", date=OLD), vote(SHIPPED, "RU")], ("single", "CH", "unknown")),
        # Builds of the same day that contradict each other are a dispute, even from one provider
        (
            [vote("GeoLite2-City", "CH", date=NEW), vote("GeoLite2-Country", "RU", date=NEW)],
            ("disputed",) * 3,
        ),
        # A vote whose country the licence withholds is superseded by the database itself
        (
            [
                vote("GeoLite2-City", "CH", date=OLD),
                vote(SHIPPED, "CH", date=OLD),
                vote("geolite2", "", date=OLD, contradicts=True),
            ],
            ("agreed", "CH", "unknown"),
        ),
        # A contradiction newer than the database on this machine still counts
        (
            [
                vote("GeoLite2-City", "CH", date=OLD),
                vote(SHIPPED, "CH", date=OLD),
                vote("geolite2", "", date=NEW, contradicts=True),
            ],
            ("disputed",) * 3,
        ),
        # No longer anycast
        (
            [vote("ipinfo lite", "CH", date=NEW), vote("IPinfo", "US", "anycast", date=OLD)],
            ("single", "CH", "unknown"),
        ),
    ],
)
def test_a_provider_is_one_source(votes, expected):
    """All databases of a provider count as one source with its latest votes, in any order."""
    assert expected == place_of(*votes) == place_of(*reversed(votes))


def test_steps_name_outdated_votes_and_common_providers():
    """Both are reasons why a vote does not count."""
    place = decide(
        [
            vote(HERE, "CH", date=NEW),
            vote("DBIP-Country-Lite", "CH", date=NEW),
            vote(SHIPPED, "RU", date=OLD),
        ],
        CITIES,
    )
    assert place.steps[3:] == (
        "dbip is outdated: DBIP-City-Lite, from the same provider, differs",
        "DBIP-City-Lite, DBIP-Country-Lite are from one provider: one source",
        "DBIP-City-Lite, DBIP-Country-Lite alone says CH: a single source",
        "no source names a city in CH: the location is unknown",
    )


def test_steps_say_which_votes_locate_nothing():
    """Each kind of vote has a text of its own."""
    place = decide(
        [
            vote("a", "US", "anycast"),
            vote("b", "US", "satellite"),
            vote("c", "", "as", note="AS64500 Acme"),
        ],
        CITIES,
    )
    assert place.steps == (
        "a: anycast, announced from several places, such as US",
        "b: US, but a satellite provider, which does not locate it",
        "c: the AS that announces it, which does not locate it [AS64500 Acme]",
        "a lists it as anycast, announced from several places: unknown",
    )


@given(st.lists(VOTES, max_size=6))
def test_a_source_that_agrees_weakens_nothing(votes):
    """Another provider with the same country keeps country and location, and the place becomes agreed."""
    confidence, country, location = place_of(*votes)
    if confidence in ("single", "agreed") and "declared" not in {vote.source for vote in votes}:
        more = vote("omega_db", country, date="2026-06-17")
        assert place_of(*votes, more) == ("agreed", country, location)


@given(st.lists(VOTES, max_size=6), VOTES)
def test_a_repeated_vote_of_a_provider_changes_nothing(votes, one):
    """The same vote from another database of the same provider is not a second source."""
    again = replace(one, source=f"{one.source}-Lite", provider=one.source)
    if "declared" not in {vote.source for vote in (*votes, one)}:
        assert place_of(*votes, one) == place_of(*votes, one, again)


def test_steps_explain_the_place():
    """Each vote and each decision is one line, with source, date, network and note."""
    place = decide(
        [
            vote("alpha_db", "CH/Zurich", date="2026-06-05", prefix="198.51.100.0/24"),
            vote("beta_db", "CH"),
            vote("gamma_as", "SE", "registration", note="country of the AS"),
        ],
        CITIES,
    )
    assert place.steps == (
        "alpha_db (2026-06-05) on 198.51.100.0/24: CH, Zurich",
        "beta_db: CH",
        "gamma_as: registered in SE, which does not locate it [country of the AS]",
        "2 sources agree on CH",
        "Zurich is the location 'zurich'",
    )


def test_a_dispute_names_both_sides():
    """The step names the sources for each country."""
    place = decide([vote("b", "RU"), vote("a", "RU"), vote("c", "CH")], CITIES)
    assert place.steps[-1] == "the sources disagree on the country (CH says c; RU says a, b): disputed"


@given(st.lists(VOTES, max_size=6))
def test_every_list_of_votes_has_a_place(votes):
    """Any votes give a place from the closed sets, with all votes and at least one more step."""
    place = decide(votes, CITIES)
    assert place.votes == tuple(votes)
    assert place.location in {*LOCATIONS, "unknown", "disputed"}
    assert place.confidence in {"agreed", "disputed", "single", "unknown"}
    assert (place.confidence == "disputed") == (place.country == "disputed")
    assert (place.confidence == "unknown") == (place.country == "unknown")
    if place.location in LOCATIONS:
        assert LOCATIONS[place.location].country == place.country
    assert len(place.steps) > len(votes)


@given(st.lists(VOTES, max_size=5), st.randoms())
def test_order_of_databases_does_not_matter(votes, random):
    """Databases have no ranking: any order gives the same place."""
    votes = [one for one in votes if one.source != "declared"]
    shuffled = list(votes)
    random.shuffle(shuffled)
    assert place_of(*votes) == place_of(*shuffled)


@given(st.lists(VOTES, max_size=5), st.sampled_from(["CH", "RU", "DE"]))
def test_a_registration_changes_nothing(votes, country):
    """Countries of registration never change the place."""
    assert place_of(*votes) == place_of(*votes, vote("registry", country, "registration"))


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        # A refuted vote is ignored, and the others decide.
        ([vote("a", "RU/Moscow")], ("unknown", "unknown", "unknown")),
        ([vote("a", "RU/Moscow"), vote("b", "RU/Moskva")], ("unknown", "unknown", "unknown")),
        ([vote("a", "CH/Zurich"), vote("b", "RU/Moscow")], ("single", "CH", "zurich")),
        ([vote("a", "CH/Zurich"), vote("b", "RU/Moscow"), vote("c", "CH")], ("agreed", "CH", "zurich")),
        ([vote("a", "CH"), vote("b", "RU/Moscow"), vote("c", "DE")], ("disputed",) * 3),
        ([vote("vendor", "RU/Moscow"), vote("b", "CH")], ("single", "CH", "unknown")),
        # A vote for a country alone is not refuted, because parts of it may be near enough.
        ([vote("a", "RU"), vote("b", "CH")], ("disputed",) * 3),
        ([vote("a", "RU"), vote("b", "RU")], ("agreed", "RU", "unknown")),
        # But if a vote for a city in that country is refuted, the other votes for it are in doubt.
        ([vote("a", "RU"), vote("b", "RU/Moscow")], ("disputed",) * 3),
        ([vote("a", "RU"), vote("b", "RU/Moscow"), vote("c", "RU")], ("disputed",) * 3),
        # A provider is one source: the vote of its country edition is refuted with that of its city edition.
        (
            [vote("dbip_city", "RU/Moscow"), vote("dbip_country", "RU"), vote("c", "CH")],
            ("single", "CH", "unknown"),
        ),
        # Unless they name another city, which may be near enough even if it is unknown.
        ([vote("a", "RU/Pskov"), vote("b", "RU/Moscow"), vote("c", "RU")], ("agreed", "RU", "unknown")),
        # A vote that contradicts without naming a country cannot be refuted.
        ([vote("a", "CH"), vote("b", "RU/Moscow"), vote("c", "", contradicts=True)], ("disputed",) * 3),
        # The declaration and the sensor's position come from the same user, so one of them is wrong.
        ([vote("declared", "RU/Moscow"), vote("b", "CH"), vote("c", "CH")], ("disputed",) * 3),
        ([vote("declared", "CH/Zurich"), vote("b", "RU/Moscow")], ("single", "CH", "zurich")),
    ],
)
def test_moscow_is_excluded(votes, expected):
    """The place that the votes give once the round trip has ruled out Moscow."""
    place = decide(votes, CITIES, excluded={"moscow"})
    assert (place.confidence, place.country, place.location) == expected


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([vote("a", "RU")], ("unknown",) * 3),
        ([vote("a", "RU/Moscow"), vote("b", "RU")], ("unknown",) * 3),
        ([vote("a", "RU/Pskov"), vote("b", "RU"), vote("c", "CH")], ("single", "CH", "unknown")),
        ([vote("a", "CH/Zurich"), vote("b", "RU"), vote("c", "CH")], ("agreed", "CH", "zurich")),
        ([vote("a", "CH"), vote("b", "RU"), vote("c", "DE")], ("disputed",) * 3),
        # A source that withholds its country may mean Russia, or another one.
        ([vote("a", "CH"), vote("b", "CH"), vote("c", "", contradicts=True)], ("disputed",) * 3),
        # A merged source whose vote may be more than a registration casts doubt only if it can be right.
        ([vote("geo_whois_asn", "RU"), vote("b", "CH"), vote("c", "CH")], ("agreed", "CH", "unknown")),
        ([vote("geo_whois_asn", "DE"), vote("b", "CH"), vote("c", "CH")], ("disputed",) * 3),
        ([vote("declared", "RU/Pskov"), vote("b", "CH"), vote("c", "CH")], ("disputed",) * 3),
        # A newer vote is refuted, and the older one of the same provider does not return.
        (
            [vote(HERE, "RU", date=NEW), vote(SHIPPED, "CH", date=OLD), vote("b", "CH")],
            ("single", "CH", "unknown"),
        ),
    ],
)
def test_russia_is_excluded(votes, expected):
    """Every vote for the country is refuted, whatever city it names, and does not count."""
    place = decide(votes, CITIES, not_in={"RU"})
    assert (place.confidence, place.country, place.location) == expected
    assert "RU" not in place.claims


def test_the_step_of_a_refuted_vote_says_what_is_too_far_away():
    """The country, the city, or the city that another database of the provider names."""
    votes = [vote("a", "RU/Pskov"), vote("b", "CH/Zurich"), vote("b", "CH")]
    steps = decide(votes, CITIES, {"zurich"}, {"RU"}).steps
    assert steps[-4:-1] == (
        "a is refuted: Russia is too far away",
        "b is refuted: Zurich is too far away",
        "b is refuted: the city given by its provider is too far away",
    )


def test_a_refuted_vote_stays_in_the_evidence_with_its_step():
    """A refuted vote is still listed, and a step says that it is refuted."""
    votes = [vote("a", "CH/Zurich"), vote("b", "RU/Moskva")]
    place = decide(votes, CITIES, excluded={"moscow"})
    assert place.votes == tuple(votes)
    assert place.steps[2:4] == ("b is refuted: Moskva is too far away", "a alone says CH: a single source")


EXCLUDED = st.sets(st.sampled_from([*LOCATIONS, "london"]))


@given(st.lists(VOTES, max_size=6), EXCLUDED)
def test_an_excluded_location_is_never_the_place(votes, excluded):
    """No combination of votes gives an excluded location."""
    place = decide(votes, CITIES, excluded)
    assert place.location not in excluded
    assert place.votes == tuple(votes)


NOT_IN = st.sets(st.sampled_from(["CH", "RU", "DE", "US"]))


@given(st.lists(VOTES, max_size=6), EXCLUDED, NOT_IN)
def test_an_excluded_country_is_never_the_place(votes, excluded, not_in):
    """No combination of votes gives a place in an excluded country, nor claims one."""
    place = decide(votes, CITIES, excluded, not_in)
    assert place.country not in not_in
    assert not not_in.intersection(place.claims)
    assert place.location not in excluded


@given(st.lists(VOTES, max_size=6), EXCLUDED)
def test_excluding_proves_nothing(votes, excluded):
    """An agreement still needs two sources that name the country."""
    place = decide(votes, CITIES, excluded)
    for_it = {one.source for one in votes if one.country == place.country and one.about == "location"}
    if place.confidence == "agreed":
        assert len(for_it) >= 2


@given(st.lists(VOTES, max_size=6), EXCLUDED)
def test_excluding_a_location_without_votes_changes_nothing(votes, excluded):
    """Excluding a location that no vote names has no effect."""
    named = {
        location.id for one in votes if one.city and (location := CITIES.find(one.country or "", one.city))
    }
    assert decide(votes, CITIES, excluded - named) == decide(votes, CITIES)
