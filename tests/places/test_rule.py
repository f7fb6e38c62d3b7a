"""From votes to a place."""

from dataclasses import replace

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
    about=st.sampled_from(["location", "registration", "anycast", "satellite", "as"]),
    date=st.sampled_from(["2026-06-05", "2026-06-17", None]),
    contradicts=st.booleans(),
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
    """Each line of the rule, with its edges."""
    assert expected == place_of(*votes)


OLD, NEW = "2026-06-05", "2026-09-21"
HERE, SHIPPED = "DBIP-City-Lite", "dbip"  # of one maker


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        # City and country editions of one maker are one source ...
        ([vote("GeoLite2-City", "CH/Bern"), vote("GeoLite2-Country", "CH")], ("single", "CH", "bern")),
        # ... that two others may agree with
        (
            [vote("GeoLite2-City", "CH"), vote("GeoLite2-Country", "CH"), vote(SHIPPED, "CH")],
            ("agreed", "CH", "unknown"),
        ),
        # What the signatures quote of a maker and its database here are one source
        (
            [vote(HERE, "CH", date=NEW), vote(SHIPPED, "CH/Bern", date=OLD)],
            ("single", "CH", "bern"),
        ),
        # The newer build takes back the country ...
        (
            [vote(HERE, "CH/Bern", date=NEW), vote(SHIPPED, "RU/Moscow", date=OLD)],
            ("single", "CH", "bern"),
        ),
        # ... and the city
        (
            [vote(HERE, "CH/Bern", date=NEW), vote(SHIPPED, "CH/Zurich", date=OLD)],
            ("single", "CH", "bern"),
        ),
        # A stale database on this machine does not overrule what the signatures have from a newer build
        (
            [vote(HERE, "CH/Bern", date=OLD), vote(SHIPPED, "RU/Moscow", date=NEW)],
            ("single", "RU", "moscow"),
        ),
        # An undated vote is older than any other
        ([vote(HERE, "CH", date=OLD), vote(SHIPPED, "RU")], ("single", "CH", "unknown")),
        # Builds of one day that contradict each other are a dispute, also within one maker
        (
            [vote("GeoLite2-City", "CH", date=NEW), vote("GeoLite2-Country", "RU", date=NEW)],
            ("disputed",) * 3,
        ),
        # Where a licence keeps the country, the database itself tells it
        (
            [
                vote("GeoLite2-City", "CH", date=OLD),
                vote(SHIPPED, "CH", date=OLD),
                vote("geolite2", "", date=OLD, contradicts=True),
            ],
            ("agreed", "CH", "unknown"),
        ),
        # A newer contradiction than the database here still stands
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
def test_a_maker_is_one_voice(votes, expected):
    """However many files it publishes; its latest word counts. In any order."""
    assert expected == place_of(*votes) == place_of(*reversed(votes))


def test_steps_tell_what_is_outdated_and_who_is_one():
    """Both are reasons that a vote does not count."""
    place = decide(
        [
            vote(HERE, "CH", date=NEW),
            vote("DBIP-Country-Lite", "CH", date=NEW),
            vote(SHIPPED, "RU", date=OLD),
        ],
        CITIES,
    )
    assert place.steps[3:] == (
        "dbip is outdated: DBIP-City-Lite, of the same maker, says otherwise",
        "DBIP-City-Lite, DBIP-Country-Lite come from one maker: one source",
        "DBIP-City-Lite, DBIP-Country-Lite alone says CH: a single source",
        "no source names a city in CH: the location is unknown",
    )


def test_steps_tell_what_locates_nothing():
    """Each kind of vote in its own words."""
    place = decide(
        [
            vote("a", "US", "anycast"),
            vote("b", "US", "satellite"),
            vote("c", "", "as", note="AS64500 Acme"),
        ],
        CITIES,
    )
    assert place.steps == (
        "a: anycast, in many places at once; one of them: US",
        "b: US, but of a satellite provider, which locates nothing",
        "c: the AS that announces it, which locates nothing [AS64500 Acme]",
        "a knows it as anycast, in many places at once: unknown",
    )


@given(st.lists(VOTES, max_size=6))
def test_a_source_that_agrees_weakens_nothing(votes):
    """One more maker that says the same country leaves country and location, and makes the place agreed."""
    confidence, country, location = place_of(*votes)
    if confidence in ("single", "agreed") and "declared" not in {vote.source for vote in votes}:
        more = vote("omega_db", country, date="2026-06-17")
        assert place_of(*votes, more) == ("agreed", country, location)


@given(st.lists(VOTES, max_size=6), VOTES)
def test_what_a_maker_repeats_changes_nothing(votes, one):
    """The same word once more, under another name of the same maker, makes no second source."""
    again = replace(one, source=f"{one.source}-Lite")
    if "declared" not in {vote.source for vote in (*votes, one)}:
        assert place_of(*votes, one) == place_of(*votes, one, again)


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
        # A maker is one voice: what its country edition says falls with its city edition.
        (
            [vote("dbip_city", "RU/Moscow"), vote("dbip_country", "RU"), vote("c", "CH")],
            ("single", "CH", "unknown"),
        ),
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
