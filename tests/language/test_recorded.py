"""Recorded English sentences in German: recognised with their values, and else left as they are."""

import time

import pytest

from netmon.language.language import Language
from netmon.language.recorded import ALONE, Recorded
from netmon.places.wording import STEPS
from netmon.signatures.explain import REASONS
from netmon.verdict.wording import SENTENCES

GERMAN = Recorded(SENTENCES, Language("de"))


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (
            "Located in Russia by two sources. No promise is shown to be broken.",
            "Von zwei Quellen in Russland verortet. Dass eine Zusage gebrochen wurde, zeigt das nicht.",
        ),
        (
            "The first hop is in the Netherlands. Your policy allows Moscow, Switzerland or Zürich only.",
            "Der erste Hop liegt in den Niederlanden. "
            "Ihre Richtlinie erlaubt nur Ziele in Moskau, der Schweiz oder Zürich.",
        ),
        (
            "Your policy makes an exception until 2026-12-31. "
            "Without it, the policy does not allow this place.",
            "Ihre Richtlinie macht bis 2026-12-31 eine Ausnahme. "
            "Ohne sie gilt: die Richtlinie erlaubt diesen Ort nicht.",
        ),
        (
            "That it is applied to users in the United States is netmon's default.",
            "Dass sie auch auf Nutzer in den Vereinigten Staaten angewendet wird, "
            "ist die Voreinstellung von netmon.",
        ),
    ],
)
def test_sentences_are_recognised_with_their_values(english, german):
    """Cities, countries with and without an article, lists, and reasons within a sentence."""
    assert GERMAN.say(english) == german


def test_a_sentence_within_a_sentence():
    """Both are recognised; a value that is no sentence is quoted."""
    reasons = Recorded(REASONS, Language("de"))
    nested = "network 192.0.2.0/24 covers it, but its role 'cdn' does not match by address alone"
    assert reasons.say(nested) == (
        "das Netz 192.0.2.0/24 enthält sie, aber bei seiner Rolle „cdn“ genügt die Adresse allein nicht"
    )
    assert (
        reasons.say("the exact name wins over the pattern") == "Vorrang hat der genaue Name, nicht das Muster"
    )
    assert reasons.say("network x covers it, but a remark") == "das Netz x enthält sie, aber a remark"


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (
            "the sources disagree on the country (CH says a, b; RU says c): disputed",
            "die Quellen sind sich über das Land nicht einig (CH nach a, b; RU nach c): strittig",
        ),
        ("a is refuted: Switzerland is too far away", "a ist widerlegt: Schweiz ist zu weit entfernt"),
        (
            "round trip: 1.5 ms, so it is at most 150 km away: excludes moscow; what answered cannot be in "
            "Iran or China; implausible by light in fibre, which excludes nothing: zurich, Poland",
            "Umlaufzeit: 1.5 ms, also höchstens 150 km entfernt: schließt moscow aus; was antwortete, kann "
            "hier nicht sein: Iran oder China; bei Licht in Glasfaser unplausibel, was nichts ausschließt: "
            "zurich, Polen",
        ),
        (
            "a is merged, and it repeats the registration of the AS (b): it does not locate the address",
            "a ist zusammengeführt, und sie wiederholt die Registrierung des AS (b): "
            "sie verortet die Adresse nicht",
        ),
    ],
)
def test_steps_to_a_place(english, german):
    """Lists within a sentence, sentences within one, and countries that stand alone."""
    assert Recorded(STEPS, Language("de"), ALONE).say(english) == german


@pytest.mark.parametrize(
    "text", ["", " ", "In plain words.", "{country}", "{0}{1!r}", "Located in Russia by three sources.", "%s"]
)
def test_what_is_not_recognised_stays(text):
    """A record may be another netmon's, or edited."""
    assert GERMAN.say(text) == text


def test_a_known_beginning_is_said_and_the_rest_quoted():
    """From the first sentence on that is not known."""
    said = GERMAN.say("Located in Russia by two sources. And a remark of another version.")
    assert said == "Von zwei Quellen in Russland verortet. And a remark of another version."


def test_english_stays_english():
    """Without a look at it."""
    assert Recorded(SENTENCES, Language("en")).say("Located in Russia by two sources.").startswith("Located")


def test_a_hostile_record_takes_no_time():
    """Neither a long one nor one that nearly matches again and again."""
    begun = time.process_time()
    for text in (
        "The first hop is in " * 200,
        "netmon treats because of which is about not " * 90,
        "a" * 10**7,
    ):
        GERMAN.say(text)
    assert time.process_time() - begun < 2
