"""What a verdict means, and what it does not, in words."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from netmon.verdict.judgement import judge
from netmon.verdict.policy import Policy
from netmon.verdict.table import REASONS
from netmon.verdict.wording import MEANINGS, SENTENCES
from tests.verdict_cases import (
    EXCEPTION,
    FORBID,
    GERMAN,
    MOSCOW,
    PLACE_EXCEPTION,
    SILENT,
    VENDOR,
    WORRYING,
    ZURICH,
    allow,
    by_id,
    case,
    component,
    excepting,
    place,
)

GERMANY = place("DE", "DE")
UNSEEN = "What was sent, and where it went after that, cannot be seen from here."
VERDICTS = Path(__file__).parents[2] / "docs" / "verdicts.md"
QUOTED = re.findall(r"^\| `(\w+)` \| ([A-Z].+\.) \|$", VERDICTS.read_text(encoding="utf-8"), re.MULTILINE)
TOLERANT = Policy(tolerated={"*": frozenset({"DE"})})


def words(one, policy=SILENT):
    return judge(one, policy, GERMAN).explanation


@pytest.mark.parametrize(
    ("one", "policy", "text"),
    [
        (
            case(),
            SILENT,
            "The first hop is in Zurich, as promised for processing; "
            "where the data is processed after that cannot be seen from here.",
        ),
        (
            case(place("CH/Bern", "CH/Bern"), "analysis"),
            SILENT,
            "The first hop is in Bern, as promised for processing; "
            "where the data is processed after that cannot be seen from here.",
        ),
        (
            case(GERMANY),
            SILENT,
            "The first hop is in Germany. Zurich was promised for processing; "
            "whether that was kept cannot be seen from here.",
        ),
        (
            case(MOSCOW, "analysis"),
            SILENT,
            "The first hop is in Moscow. Bern or Zurich was promised for processing; "
            "whether that was kept cannot be seen from here.",
        ),
        (
            case(GERMANY),
            TOLERANT,
            "The first hop is in Germany. Zurich was promised for processing; whether that was kept cannot "
            "be seen from here. Your policy tolerates this country, so it is no alarm.",
        ),
        (
            case(place("CH", "CH")),
            allow("CH"),
            "The first hop is in Switzerland, as your policy allows; "
            "where the data is processed after that cannot be seen from here.",
        ),
        (
            case(MOSCOW),
            allow("CH", "FR", "zurich"),
            f"The first hop is in Moscow. Your policy allows France, Switzerland or Zurich only. {UNSEEN}",
        ),
        (case(), FORBID, f"Your policy forbids any contact with this vendor, wherever it ends. {UNSEEN}"),
        (
            case(),
            Policy(forbidden_components={"acme": frozenset({"files"})}),
            f"Your policy forbids any contact with this component, wherever it ends. {UNSEEN}",
        ),
        (
            case(),
            excepting(FORBID, EXCEPTION),
            "Your policy makes an exception until 2026-06-17. "
            "Without it, the policy forbids any contact with this vendor.",
        ),
        (
            case(MOSCOW),
            excepting(SILENT, PLACE_EXCEPTION),
            "Your policy makes an exception until 2026-06-17. "
            "Without it, the sources agree on a country other than the promised one.",
        ),
        (case(place("CH", "RU")), SILENT, MEANINGS["databases_disagree"]),
        (case(view=("proxied",)), SILENT, MEANINGS["behind_proxy"]),
    ],
)
def test_each_says_what_cannot_be_seen(one, policy, text):
    """The first hop, what it is compared with, and what it does not show."""
    assert words(one, policy) == text


def test_a_forbidden_contact_in_a_country_of_concern_says_both():
    """The policy's reason, and why it is critical."""
    found = words(replace(case(MOSCOW), vendor=WORRYING), FORBID)
    assert found.startswith(f"Your policy forbids any contact with this vendor, wherever it ends. {UNSEEN}")
    assert "Located in Russia by two sources. netmon treats Russia as a country of concern" in found


def test_a_visit_says_that_it_is_one():
    """In a country of concern, too."""
    web = by_id(replace(component("web"), visited=True))
    vendor = replace(WORRYING, components=VENDOR.components | web)
    found = words(replace(case(MOSCOW, "web"), vendor=vendor))
    assert found.startswith("Located in Russia by two sources.")
    assert found.endswith("It is a visit to web pages, which does not show that a product is in use.")


def test_every_verdict_has_words():
    """No reason is without a meaning: those of undecided flows are fixed, the others are about the flow."""
    assert all(text.endswith(".") for text in MEANINGS.values())
    assert set(MEANINGS) < set(REASONS)
    assert words(case(ZURICH, "updates")) == MEANINGS["no_promise"]


def test_the_documentation_quotes_every_reason():
    """Each reason has its row in the table of what verdicts mean."""
    assert REASONS.keys() - dict(QUOTED).keys() == set()


@pytest.mark.parametrize("text", [text for _reason, text in QUOTED if not text.startswith("See [")])
def test_the_documentation_quotes_what_is_written(text):
    """A quoted explanation consists of whole sentences of netmon, with values for their placeholders."""
    one = "|".join(re.sub(r"\\{\w+\\}", "[^.]+", re.escape(sentence)) for sentence in SENTENCES)
    assert re.fullmatch(f"(?:{one})(?: (?:{one}))*", text)
