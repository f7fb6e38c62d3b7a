"""Which steps of a decision are told, and when a place is sure."""

import math

import pytest

from netmon.places.decision import DECLARED, Cities, decide, is_sure
from netmon.places.declared import Position
from netmon.places.physics import DistanceCheck, max_distance_km
from netmon.records import Place, RoundTrip, Vote
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder

LOCATIONS = load_folder(default_folder()).locations
CITIES = Cities(LOCATIONS)


def vote(source: str, country: str | None, city: str | None = None, **more: object) -> Vote:
    """A vote on the location."""
    return Vote(source=source, country=country, city=city, **more)


def test_a_declaration_decides_alone() -> None:
    """One step says so, the first declaration counts, and no source is weighed with it."""
    votes = [vote("db", "RU"), vote(DECLARED, "CH"), vote(DECLARED, "DE"), vote("other", "RU")]
    place = decide(votes, CITIES)
    assert (place.country, place.confidence) == ("CH", "single")
    assert place.steps.count("the user's declaration takes precedence") == 1
    assert not any("agree" in step or "alone says" in step for step in place.steps)
    assert "the user's declaration takes precedence" not in decide([vote("db", "RU")], CITIES).steps


def test_a_declaration_that_the_position_contradicts_is_disputed() -> None:
    """The step names the contradiction, whatever other sources say, and no claim remains."""
    votes = [vote(DECLARED, "CH"), vote("a", "DE"), vote("b", "DE")]
    place = decide(votes, CITIES, not_in=("CH",))
    assert place.steps[-1] == "the declaration contradicts the sensor's position: disputed"
    assert (place.country, place.confidence, place.claims) == ("disputed", "disputed", ())
    refuted = decide([vote("a", "CH"), vote("b", "DE")], CITIES, not_in=("CH",))
    assert "contradicts the sensor's position" not in " ".join(refuted.steps)


def test_the_latest_vote_of_a_provider_is_named() -> None:
    """An outdated source is told with the newest that differs from it, and with no other."""
    votes = [
        vote("old", "RU", provider="p", date="2024-01-01"),
        vote("middle", "DE", provider="p", date="2025-01-01"),
        vote("new", "CH", provider="p", date="2026-01-01"),
    ]
    place = decide(votes, CITIES)
    assert place.country == "CH"
    for source in ("old", "middle"):
        assert f"{source} is outdated: new, from the same provider, differs" in place.steps
    assert not any(step.startswith("new is outdated") for step in place.steps)


@pytest.mark.parametrize(
    ("confidence", "source", "expected"),
    [
        ("agreed", "db", True),
        ("agreed", DECLARED, True),
        ("single", DECLARED, True),
        ("single", "db", False),
        ("disputed", DECLARED, False),
        ("unknown", DECLARED, False),
        ("disputed", "db", False),
    ],
)
def test_a_place_is_sure_if_sources_agree_or_the_user_declared_it(
    confidence: str, source: str, *, expected: bool
) -> None:
    """A declaration counts only while nothing contradicts it."""
    place = Place("zurich", "CH", None, confidence, (vote(source, "CH"),))
    assert is_sure(place) is expected


def test_light_in_fibre_has_two_thirds_of_its_speed() -> None:
    """A country is implausible up to a round trip in which light in fibre gets as far as at the limit."""
    check = DistanceCheck(Position(50.111, 8.682, 0), LOCATIONS)
    bounds = {
        rtt_ns: check.bound(RoundTrip(rtt_ns, 1, 0, "unlikely"), frozenset({"RU"}))
        for rtt_ns in range(1_000_000, 60_000_000, 10_000)
    }
    excluded = max(rtt_ns for rtt_ns, bound in bounds.items() if "RU" in bound.not_in)
    implausible = max(rtt_ns for rtt_ns, bound in bounds.items() if "RU" in bound.implausible)
    assert math.isclose(max_distance_km(implausible) * 2 / 3, max_distance_km(excluded), rel_tol=0.001)
