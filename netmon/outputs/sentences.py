"""The sentences of a verdict in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable

from netmon.language.language import Language
from netmon.records import Names, Sentence, join_names


def say_all(sentences: Iterable[Sentence], language: Language) -> str:
    """The sentences one after the other."""
    return " ".join(_say(one, language) for one in sentences)


def _say(sentence: Sentence, language: Language) -> str:
    return language.say(sentence.text, **{name: _value(one, language) for name, one in sentence.values})


def _value(value: str | Names | Sentence, language: Language) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Sentence):
        return _say(value, language)
    names = [_name(context, name, language) for context, name in value.terms]
    return join_names(names, value.last and language.say(value.last))


def _name(context: str, name: str, language: Language) -> str:
    """A name; that of a country without an article of its own is the same within a sentence."""
    said = language.say_of(context, name)
    return language.say_of("country", name) if said == name and context == "in country" else said
