"""A place in a few words, for tables and lines."""

from __future__ import annotations

from collections.abc import Mapping

from netmon.language.language import ENGLISH, Language
from netmon.places.decision import DECLARED
from netmon.places.named import named_countries, told_kinds
from netmon.records import Place
from netmon.signatures.model import Location


def place_text(place: Place, locations: Mapping[str, Location], language: Language = ENGLISH) -> str:
    """The place in words: "Zürich, CH", "disputed: CH or RU" or "unknown"."""
    if place.confidence == "disputed":
        told = [vote for vote in place.votes if vote.about in told_kinds(place.confidence)]
        countries = sorted(named_countries(told))
        countries += [language.say("another")] * any(vote.contradicts for vote in told)
        return language.say("disputed: {countries}", countries=either(countries, language))
    if place.confidence == "unknown":
        return language.say("unknown")
    known = locations.get(place.location)
    city = language.say_of("city", known.city) if known else place.city
    return f"{city}, {place.country}" if city else place.country


def either(words: list[str], language: Language) -> str:
    """Words as alternatives: "CH or RU"."""
    return f" {language.say('or')} ".join(words)


def basis_text(place: Place, language: Language = ENGLISH) -> str:
    """What a place rests on: "2 sources agree"."""
    say = language.say
    if any(vote.source == DECLARED for vote in place.votes):
        return say("declared by you")
    match place.confidence:
        case "agreed":
            return say("{count} sources agree", count=place.agreeing)
        case "single":
            return say("one source alone")
        case "disputed":
            return say("the sources differ")
        case _:
            return say("no source has it")
