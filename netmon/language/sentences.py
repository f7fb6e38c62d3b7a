"""Sentences that are kept without a language, until an output says them in one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from netmon.language.language import Language


class Names(Struct, frozen=True):
    """Names in a sentence, the last one after a word such as "or"; without one, after a comma."""

    terms: tuple[tuple[str, str], ...]  # what kind of name it is for translators, and the name in English
    last: str | None = None


class Sentence(Struct, frozen=True):
    """A sentence in English, which outputs may say in other languages; values replace {words} in braces."""

    text: str
    values: tuple[tuple[str, str | Names | Sentence], ...] = ()


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
    return _join(names, value.last and language.say(value.last))


def _name(context: str, name: str, language: Language) -> str:
    """A name; that of a country without an article of its own is the same within a sentence."""
    said = language.say_of(context, name)
    return language.say_of("country", name) if said == name and context == "in country" else said


def _join(names: Sequence[str], last: str | None) -> str:
    """Names as a list within a sentence; the last one after that word: "A", "A or B", "A, B or C"."""
    if last is None or len(names) < 2:
        return ", ".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
