"""Countries of concern: which apply to whom and when, what overrides them, and how they are worded."""

import pytest
from msgspec.structs import replace

from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.verdict.concerns import find_concern
from netmon.verdict.judgement import judge
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from tests.verdict_cases import (
    CONCERN,
    EXCEPTION,
    FORBID,
    GERMAN,
    MOSCOW,
    PLACE_EXCEPTION,
    SILENT,
    WORRYING,
    ZURICH,
    allow,
    case,
    excepting,
    place,
)

SHIPPED = load_folder(default_folder()).vendors["kaspersky"]
OFF = Policy(concerns={"acme": frozenset()})
CHINA = Policy(concerns={"acme": frozenset({"CN"})})
RUSSIA = Policy(concerns={"acme": frozenset({"RU"})})


def verdict(policy=SILENT, subject=GERMAN, vendor=WORRYING, place=MOSCOW, **changes):
    found = judge(replace(case(place, "updates"), vendor=vendor, **changes), policy, subject)
    return found.outcome, found.reason


CONCERNED = ("unexpected", "country_of_concern")


@pytest.mark.parametrize(
    ("changes", "policy", "found"),
    [
        ({}, SILENT, CONCERNED),
        ({"component": "files"}, SILENT, CONCERNED),  # a promise of Zürich does not allow Moscow
        ({"component": "network"}, SILENT, CONCERNED),
        ({"view": ("one_way",)}, SILENT, CONCERNED),
        ({"holder_shown": False}, SILENT, CONCERNED),
        ({"place": place("RU", "RU")}, SILENT, CONCERNED),
        ({"place": place("!RU")}, SILENT, CONCERNED),
        ({"place": place("RU")}, SILENT, ("undecided", "no_promise")),
        ({"place": place("RU", "CH")}, SILENT, ("undecided", "no_promise")),
        ({"place": place("RU/Moscow", "RU", excluded=["moscow"])}, SILENT, ("undecided", "no_promise")),
        ({"place": place()}, SILENT, ("undecided", "no_promise")),
        ({"place": ZURICH}, SILENT, ("undecided", "no_promise")),
        ({"view": ("proxied",)}, SILENT, ("undecided", "no_promise")),
        ({"status": "unverified"}, SILENT, ("undecided", "unverified_signature")),
        # Before it: forbidden and allowed.
        ({}, FORBID, ("forbidden", "policy_forbids_vendor")),
        ({}, allow("RU"), ("expected", "policy_allows")),
        ({}, allow("moscow"), ("expected", "policy_allows")),
        ({"place": place("RU", "RU")}, allow("moscow"), ("undecided", "city_unproven")),
        ({}, allow("CH"), CONCERNED),
        ({}, allow(), ("forbidden", "policy_forbids_component")),
        # No exception lifts it.
        ({}, excepting(SILENT, PLACE_EXCEPTION), CONCERNED),
        ({}, excepting(SILENT, EXCEPTION), CONCERNED),
        ({}, excepting(FORBID, EXCEPTION, PLACE_EXCEPTION), CONCERNED),
        # The policy adjusts it or switches it off.
        ({}, OFF, ("undecided", "no_promise")),
        ({"component": "files"}, OFF, ("unexpected", "place_elsewhere")),
        ({}, CHINA, ("undecided", "no_promise")),
        ({"place": place("CN", "CN")}, CHINA, CONCERNED),
        ({"place": place("CN", "CN")}, SILENT, ("undecided", "no_promise")),
        ({}, RUSSIA, CONCERNED),
        ({}, Policy(concerns={"other": frozenset()}), CONCERNED),
    ],
)
def test_precedence(changes, policy, found):
    """Forbidden, allowed, concern, promise; and only a place that is established is of concern."""
    assert verdict(policy, **changes) == found


def test_a_promise_of_the_country_allows_it():
    """What the vendor itself promises to be in a country of concern is not a finding there."""
    promises = WORRYING.promises | {"files_de": replace(WORRYING.promises["files_de"], locations=("moscow",))}
    vendor = replace(WORRYING, promises=promises)
    assert verdict(vendor=vendor, component="files") == ("expected", "place_as_promised")


@pytest.mark.parametrize(
    ("changes", "country", "day", "applies"),
    [
        ({}, "DE", "2022-03-14", False),
        ({}, "DE", "2022-03-15", True),
        ({}, "US", "2026-06-17", True),
        ({}, None, "2026-06-17", True),
        ({"status": "in force"}, "DE", "2026-06-17", True),
        ({"status": "withdrawn"}, "DE", "2026-06-17", False),
        ({"status": "withdrawn", "until": "2023-01-31"}, "DE", "2023-01-31", True),
        ({"status": "withdrawn", "until": "2023-01-31"}, "DE", "2023-02-01", False),
        ({"until": "2023-01-31"}, "DE", "2023-02-01", False),
        ({"subjects": frozenset({"DE"})}, "DE", "2026-06-17", True),
        ({"subjects": frozenset({"DE"})}, "AT", "2026-06-17", False),
        ({"subjects": frozenset({"DE"})}, None, "2026-06-17", False),
        ({"country": "CN"}, "DE", "2026-06-17", False),
    ],
)
def test_for_whom_and_when(changes, country, day, applies):
    """Within its days, for its subjects or anyone; one that was withdrawn, only until its last day."""
    vendor = replace(WORRYING, concerns=(replace(CONCERN, **changes),))
    assert (find_concern(vendor, SILENT, Subject(country), "RU", day) is not None) == applies


def test_the_policys_concern_has_no_first_day():
    """A country that the policy lists is one of concern on any day, by the policy alone."""
    found = find_concern(WORRYING, RUSSIA, GERMAN, "RU", "2019-01-20")
    assert found is not None
    assert found.concern is None


NOT_BROKEN = " No promise is shown to be broken."
REASON = (
    "netmon treats Russia as a country of concern because of the BSI's warning of 2022, which was "
    "addressed to users in Germany and is about the product, not about this server."
)


@pytest.mark.parametrize(
    ("where", "country", "policy", "text"),
    [
        (MOSCOW, "DE", SILENT, f"Located in Russia by two sources. {REASON}"),
        (place("!RU"), "DE", SILENT, f"Located in Russia by your own declaration. {REASON}"),
        (
            MOSCOW,
            "AT",
            SILENT,
            f"Located in Russia by two sources. {REASON} "
            "That it is applied to users in Austria is netmon's default.",
        ),
        (
            MOSCOW,
            None,
            SILENT,
            f"Located in Russia by two sources. {REASON} "
            "That it is applied to users whose country is not configured is netmon's default.",
        ),
        (
            place("CN", "CN"),
            "DE",
            Policy(concerns={"kaspersky": frozenset({"CN"})}),
            "Located in China by two sources. "
            "Your policy treats China as a country of concern for this vendor.",
        ),
    ],
)
def test_the_words_say_what_it_means_and_what_not(where, country, policy, text):
    """Who located it, on what basis, to whom that was addressed, and what is not shown."""
    found = judge(replace(case(where, "updates"), vendor=SHIPPED), policy, Subject(country))
    assert found.explanation == text + NOT_BROKEN


def test_the_shipped_concern_is_sourced():
    """Russia, by the BSI's warning, for anyone, with its legal status and its addressees."""
    [concern] = SHIPPED.concerns
    assert (concern.country, concern.since, concern.until) == ("RU", "2022-03-15", None)
    assert (concern.status, concern.addressed_to, concern.subjects) == ("archived", {"DE"}, frozenset())
    assert [SHIPPED.sources[one].trust for one in concern.sources] == ["official", "press"]
