"""English sentences of a record, said again in another language: the record has texts, and no values.

A sentence is recognised by the text from which it was made, with any values in its braces. What was made from
no known text stays as it is, for it is a quotation then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from netmon.language.language import Language

_VALUE = re.compile(r"\{(\w+)\}")
AFTER_IN = ("city", "in country", "country", "basis of a concern", "what a concern is about")
ALONE = ("city", "country")
"""What names in a sentence may be, the most specific first: places after "in", and places alone."""
_MOST_CHARACTERS = 4_000
"""What is longer was not written by netmon, and is left as it is."""


class Recorded:
    """Says recorded sentences in a language."""

    def __init__(self, texts: Iterable[str], language: Language, names: Sequence[str] = AFTER_IN) -> None:
        """`texts`: those from which sentences may have been made; `names`: what names in them are."""
        self._language = language
        self._names = names
        self._known = [] if language.code == "en" else [(one, _pattern(one)) for one in texts]

    def say(self, english: str) -> str:
        """The sentences one after the other, in the language."""
        if not self._known or len(english) > _MOST_CHARACTERS:
            return english
        return " ".join(self._sentences(english))

    def _sentences(self, english: str) -> Iterator[str]:
        at = 0
        while at < len(english):
            found = self._find(english, at)
            if found is None:
                yield english[at:]
                return
            text, match = found
            yield self._language.say(
                text, **{name: self._value(one) for name, one in match.groupdict().items()}
            )
            at = match.end()

    def _find(self, english: str, at: int) -> tuple[str, re.Match[str]] | None:
        """The text from which the sentence there was made; of several, that with the most of its own."""
        found = [(text, match) for text, pattern in self._known if (match := pattern.match(english, at))]
        return max(found, key=lambda one: len(_VALUE.sub("", one[0])), default=None)

    def _value(self, value: str) -> str:
        """A value: a text, another sentence, or names such as "Moscow or Zürich"."""
        said = self._language.say(value)
        found = self._find(value, 0)
        if said == value and found is not None and found[1].end() == len(value):
            return self.say(value)
        if "; " in value:
            return "; ".join(map(self._value, value.split("; ")))
        if said != value:
            return said
        words = {" or ": f" {self._language.say('or')} "}
        parts = re.split(r"(, | or )", value)
        return "".join(words.get(one, one) if at % 2 else self._name(one) for at, one in enumerate(parts))

    def _name(self, name: str) -> str:
        said = (self._language.say_of(context, name) for context in self._names)
        return next((one for one in said if one != name), name)


def _pattern(text: str) -> re.Pattern[str]:
    """Finds sentences made from a text, up to the end of a word; a value at the end has the rest."""
    parts = _VALUE.split(text)
    found = "".join(f"(?P<{one}>.{{1,400}}?)" if at % 2 else re.escape(one) for at, one in enumerate(parts))
    return re.compile(f"{found}$" if text.endswith("}") else f"{found}(?: |$)")
