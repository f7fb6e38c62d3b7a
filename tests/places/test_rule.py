"""From votes to a place."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.places.rule import Cities, decide
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
    about=st.sampled_from(["location", "registration"]),
)


def vote(source, where, about="location", **more):
    country, _, city = where.partition("/")
    return Vote(source, country or None, city or None, about, **more)


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
        ([vote("vendor", "CH/Zurich")], ("single", "CH", "zurich")),
        ([vote("vendor", "CH/Zurich"), vote("b", "RU")], ("disputed", "disputed", "disputed")),
    ],
)
def test_votes_become_a_place(votes, expected):
    """Each line of the rule, with its edges."""
    assert expected == place_of(*votes)


def test_steps_tell_how_it_came_about():
    """Each vote and each decision is one plain line, with source, date, network and note."""
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
        "gamma_as: registered in SE, which locates nothing [country of the AS]",
        "2 sources agree on CH",
        "Zurich is the location 'zurich'",
    )


def test_a_dispute_names_both_sides():
    """Whoever reads "disputed" learns who said what."""
    place = decide([vote("b", "RU"), vote("a", "RU"), vote("c", "CH")], CITIES)
    assert place.steps[-1] == "the sources disagree on the country (CH says c; RU says a, b): disputed"


@given(st.lists(VOTES, max_size=6))
def test_every_list_of_votes_has_a_place(votes):
    """Any votes give a place of the closed sets, keep every vote, and explain themselves."""
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
    """Databases have no rank: any order gives the same place."""
    votes = [one for one in votes if one.source != "declared"]
    shuffled = list(votes)
    random.shuffle(shuffled)
    assert place_of(*votes) == place_of(*shuffled)


@given(st.lists(VOTES, max_size=5), st.sampled_from(["CH", "RU", "DE"]))
def test_a_registration_changes_nothing(votes, country):
    """However many sources tell where the holder is registered, the place stays."""
    assert place_of(*votes) == place_of(*votes, vote("registry", country, "registration"))


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        # The refuted vote is set aside, and the rest decide as if it had not been there.
        ([vote("a", "RU/Moscow")], ("unknown", "unknown", "unknown")),
        ([vote("a", "RU/Moscow"), vote("b", "RU/Moskva")], ("unknown", "unknown", "unknown")),
        ([vote("a", "CH/Zurich"), vote("b", "RU/Moscow")], ("single", "CH", "zurich")),
        ([vote("a", "CH/Zurich"), vote("b", "RU/Moscow"), vote("c", "CH")], ("agreed", "CH", "zurich")),
        ([vote("a", "CH"), vote("b", "RU/Moscow"), vote("c", "DE")], ("disputed",) * 3),
        ([vote("vendor", "RU/Moscow"), vote("b", "CH")], ("single", "CH", "unknown")),
        # A vote for a country alone is not refuted: not every place in it is too far.
        ([vote("a", "RU"), vote("b", "CH")], ("disputed",) * 3),
        ([vote("a", "RU"), vote("b", "RU")], ("agreed", "RU", "unknown")),
        # But if somebody names a city in it and that is refuted, what the others mean is in doubt.
        ([vote("a", "RU"), vote("b", "RU/Moscow")], ("disputed",) * 3),
        ([vote("a", "RU"), vote("b", "RU/Moscow"), vote("c", "RU")], ("disputed",) * 3),
        # Unless they name another city, which may be near enough, known or not.
        ([vote("a", "RU/Pskov"), vote("b", "RU/Moscow"), vote("c", "RU")], ("agreed", "RU", "unknown")),
        # What contradicts without saying more cannot be refuted.
        ([vote("a", "CH"), vote("b", "RU/Moscow"), vote("c", "", contradicts=True)], ("disputed",) * 3),
        # The declaration and the sensor's position come from the same user.
        ([vote("declared", "RU/Moscow"), vote("b", "CH"), vote("c", "CH")], ("disputed",) * 3),
        ([vote("declared", "CH/Zurich"), vote("b", "RU/Moscow")], ("single", "CH", "zurich")),
    ],
)
def test_moscow_is_excluded(votes, expected):
    """What the votes amount to once the round trip has ruled Moscow out."""
    place = decide(votes, CITIES, excluded={"moscow"})
    assert (place.confidence, place.country, place.location) == expected


def test_a_refuted_vote_stays_in_the_evidence_with_its_step():
    """Nothing is hidden: the vote, that it is refuted, and what is left."""
    votes = [vote("a", "CH/Zurich"), vote("b", "RU/Moskva")]
    place = decide(votes, CITIES, excluded={"moscow"})
    assert place.votes == tuple(votes)
    assert place.steps[2:4] == ("b is refuted: Moskva is too far away", "a alone says CH: a single source")


EXCLUDED = st.sets(st.sampled_from([*LOCATIONS, "london"]))


@given(st.lists(VOTES, max_size=6), EXCLUDED)
def test_an_excluded_location_is_never_the_place(votes, excluded):
    """Whatever is said about it, by whomever."""
    place = decide(votes, CITIES, excluded)
    assert place.location not in excluded
    assert place.votes == tuple(votes)


@given(st.lists(VOTES, max_size=6), EXCLUDED)
def test_excluding_proves_nothing(votes, excluded):
    """Every source that an agreement rests on names the country itself, and there are two of them."""
    place = decide(votes, CITIES, excluded)
    for_it = {one.source for one in votes if one.country == place.country and one.about == "location"}
    if place.confidence == "agreed":
        assert len(for_it) >= 2


@given(st.lists(VOTES, max_size=6), EXCLUDED)
def test_excluding_what_nobody_names_changes_nothing(votes, excluded):
    """A location that no vote means can be ruled out without consequence."""
    named = {
        location.id for one in votes if one.city and (location := CITIES.find(one.country or "", one.city))
    }
    assert decide(votes, CITIES, excluded - named) == decide(votes, CITIES)
