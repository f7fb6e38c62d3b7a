"""Sources that differ on the country, and agree that it is none that is promised or allowed."""

from itertools import product

import pytest
from msgspec.structs import replace

from netmon.places.decision import decide
from netmon.records import Vote
from netmon.verdict.judgement import judge
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from tests.verdict_cases import (
    CITIES,
    EXCEPTION,
    FORBID,
    GERMAN,
    PLACE_EXCEPTION,
    SILENT,
    WORRYING,
    allow,
    case,
    excepting,
    place,
)

RU_OR_NL = place("RU", "NL")
NOWHERE = ("unexpected", "nowhere_promised")
DISAGREE = ("undecided", "databases_disagree")


def withheld(*votes):
    """The place with one more source, which has another country than the others and withholds it."""
    others = place(*votes).votes
    return decide([*others, Vote("secret_db", None, None, contradicts=True)], CITIES)


def from_providers(*votes):
    """The place by votes such as "a RU": provider and country."""
    said = (one.split() for one in votes)
    return decide([Vote(f"db{n}", there, None, provider=who) for n, (who, there) in enumerate(said)], CITIES)


@pytest.mark.parametrize(
    ("where", "policy", "found"),
    [
        (RU_OR_NL, SILENT, NOWHERE),
        (place("RU/Moscow", "NL", "DE"), SILENT, NOWHERE),
        (place("RU", "NL", "NL", "NL"), SILENT, NOWHERE),
        (RU_OR_NL, allow("CH"), NOWHERE),
        (RU_OR_NL, allow("zurich", "DE"), NOWHERE),
        # One of them names a right country, by policy or promise, or its city.
        (place("RU", "NL", "CH"), SILENT, DISAGREE),
        (place("RU", "CH/Bern"), SILENT, DISAGREE),
        (RU_OR_NL, allow("NL"), DISAGREE),
        (RU_OR_NL, allow("moscow"), DISAGREE),
        # A source that withholds its country may mean the right one.
        (withheld("RU", "NL"), SILENT, DISAGREE),
        (withheld("RU"), SILENT, DISAGREE),
        # Refuted votes do not count, for or against.
        (place("CH/Zurich", "RU", "NL", excluded=["zurich"]), SILENT, NOWHERE),
        (place("RU/Moscow", "NL", "DE", excluded=["moscow"]), SILENT, NOWHERE),
        (place("RU/Moscow", "NL", excluded=["moscow"]), SILENT, ("undecided", "single_source")),
        # A vote for the country of a refuted city may mean the city, or may not.
        (place("RU/Moscow", "RU", "NL", excluded=["moscow"]), SILENT, DISAGREE),
        (place("CH/Zurich", "CH", "RU", "NL", excluded=["zurich"]), allow("CH"), DISAGREE),
        # At least two sources that are known to be independent.
        (from_providers("dbip RU", "dbip NL"), SILENT, DISAGREE),
        (from_providers("unknown RU", "dbip NL"), SILENT, DISAGREE),
        (from_providers("unknown RU", "dbip NL", "maxmind NL"), SILENT, NOWHERE),
        (from_providers("unknown CH", "dbip RU", "maxmind NL"), SILENT, DISAGREE),
        # What the user declares decides alone.
        (place("!CH/Zurich", "RU", "NL"), SILENT, ("expected", "place_as_promised")),
    ],
)
def test_elsewhere_without_agreement_on_where(where, policy, found):
    """At least two sources are left, and no vote that is left names a promised or allowed country."""
    verdict = judge(case(where), policy, GERMAN)
    assert (verdict.outcome, verdict.reason) == found


@pytest.mark.parametrize(
    ("one", "policy", "found"),
    [
        (case(RU_OR_NL, "updates"), SILENT, ("undecided", "no_promise")),
        (case(RU_OR_NL, "usage"), SILENT, ("undecided", "coverage_possible")),
        (case(RU_OR_NL, "mixed"), SILENT, NOWHERE),
        (case(RU_OR_NL, "closed"), SILENT, ("undecided", "no_promise")),
        (case(RU_OR_NL, view=("proxied",)), SILENT, ("undecided", "behind_proxy")),
        (case(RU_OR_NL, view=("one_way", "gap")), SILENT, NOWHERE),
        (case(RU_OR_NL, holder_shown=False), SILENT, NOWHERE),
        (case(RU_OR_NL, status="unverified"), SILENT, ("undecided", "unverified_signature")),
        (replace(case(RU_OR_NL), contact="refused"), SILENT, ("undecided", "no_contact")),
        (replace(case(RU_OR_NL), grounds="hearsay"), SILENT, ("undecided", "name_unproven")),
        (case(RU_OR_NL), FORBID, ("forbidden", "policy_forbids_vendor")),
        (case(RU_OR_NL), excepting(SILENT, PLACE_EXCEPTION), ("expected", "policy_exception")),
        (case(RU_OR_NL), excepting(SILENT, EXCEPTION), NOWHERE),
    ],
)
def test_what_else_it_takes(one, policy, found):
    """A policy, or a promise that certainly covers the component; contact; and the client's own name."""
    verdict = judge(one, policy, GERMAN)
    assert (verdict.outcome, verdict.reason) == found


@pytest.mark.parametrize(
    ("where", "policy", "severity"),
    [
        (RU_OR_NL, Policy(), "warning"),
        (place("RU", "BY"), Policy(concerns={"acme": frozenset({"RU", "BY"})}), "critical"),
        (place("RU", "BY"), Policy(), "warning"),  # the signatures' concern is Russia alone
        (place("DE", "NL"), Policy(tolerated={"*": frozenset({"DE", "NL"})}), "notice"),
        (place("DE", "NL"), Policy(tolerated={"*": frozenset({"DE"})}), "warning"),
        (RU_OR_NL, Policy(tolerated={"*": frozenset({"RU", "NL"})}), "warning"),
        (
            place("RU", "BY"),
            Policy(concerns={"acme": frozenset({"RU", "BY"})}, tolerated={"*": frozenset({"RU", "BY"})}),
            "critical",
        ),
    ],
)
def test_severity_by_every_country_that_is_left(where, policy, severity):
    """Critical only if all are of concern, a notice only if all are tolerated and none is of concern."""
    found = judge(replace(case(where), vendor=WORRYING), policy, GERMAN)
    assert (found.reason, found.severity) == ("nowhere_promised", severity)


@pytest.mark.parametrize(
    ("where", "concerns", "found"),
    [
        (RU_OR_NL, {}, ("unexpected", "nowhere_promised", "warning", None)),
        (place("RU", "BY"), {"acme": {"RU", "BY"}}, ("unexpected", "nowhere_promised", "critical", None)),
        (place("DE", "NL"), {}, ("expected", "policy_exception", None, "nowhere_promised")),
        (RU_OR_NL, {"acme": set()}, ("expected", "policy_exception", None, "nowhere_promised")),
    ],
)
def test_no_exception_lifts_what_may_be_of_concern(where, concerns, found):
    """An exception that lifts the place changes nothing if a source names a country of concern."""
    policy = excepting(Policy(concerns=concerns), PLACE_EXCEPTION)
    verdict = judge(replace(case(where), vendor=WORRYING), policy, GERMAN)
    assert (verdict.outcome, verdict.reason, verdict.severity, verdict.lifts) == found


@pytest.mark.parametrize(("component", "severity"), [("files", "critical"), ("usage", "notice")])
def test_a_promise_that_possibly_covers_it_makes_no_forbidden_contact_worse(component, severity):
    """That the flow ended elsewhere is known only if a promise certainly covers the component."""
    both = frozenset({"RU", "BY"})
    policy = replace(FORBID, concerns={"acme": both}, forbidden_severity="notice")
    found = judge(replace(case(place("RU", "BY"), component), vendor=WORRYING), policy, GERMAN)
    assert (found.reason, found.severity) == ("policy_forbids_vendor", severity)


SAID = (None, "CH", "CH/Zurich", "RU", "RU/Moscow", "NL", "?")
EXCLUDED = ((), ("zurich",), ("moscow",), ("zurich", "moscow"))
RIGHT = [(SILENT, "CH"), (allow("CH"), "CH"), (allow("zurich"), "CH"), (allow("RU"), "RU")]


def vote(source, text):
    if text == "?":
        return Vote(source, None, None, contradicts=True)
    country, _, city = text.partition("/")
    return Vote(source, country, city or None)


def is_refuted(one, excluded):
    return bool(one.city) and one.city.casefold() in excluded


def test_no_source_that_is_left_names_a_right_country():
    """Over all votes of three sources: every one that counts names another country than the right one."""
    found = 0
    for said, excluded in product(product(SAID, repeat=3), EXCLUDED):
        votes = [vote(f"db{n}", text) for n, text in enumerate(said) if text]
        where = replace(decide(votes, CITIES, excluded), excluded=excluded)
        left = [one for one in votes if not is_refuted(one, excluded)]
        for policy, right in RIGHT:
            if judge(case(where), policy, GERMAN).reason == "nowhere_promised":
                found += 1
                assert len(left) >= 2
                assert right not in {one.country for one in left}
                assert not any(one.contradicts for one in left)
                assert len({one.country for one in left}) >= 2
    assert found > 100


@pytest.mark.parametrize("said", [("RU", "NL"), ("RU/Moscow", "NL", "DE"), ("DE", "NL", "NL")])
@pytest.mark.parametrize("policy", [SILENT, allow("CH"), Policy(tolerated={"*": frozenset({"NL", "DE"})})])
def test_a_source_that_says_the_same_changes_nothing(said, policy):
    """One more vote for a country that is named already leaves verdict and severity as they are."""
    before = judge(case(place(*said)), policy, GERMAN)
    assert before.reason == "nowhere_promised"
    for more in said:
        after = judge(case(place(*said, more)), policy, GERMAN)
        assert (after.outcome, after.reason, after.severity) == (
            before.outcome,
            before.reason,
            before.severity,
        )


def test_the_words_name_every_country():
    """The explanation names what the sources say, what would be right, and what is not known."""
    found = judge(case(RU_OR_NL), SILENT, Subject("DE"))
    assert found.explanation == (
        "The sources disagree on the first hop: the Netherlands or Russia. None of them names a place that "
        "is promised for processing (Zurich), so it is elsewhere. What was sent, and where it went after "
        "that, cannot be seen from here."
    )
