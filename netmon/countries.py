"""Country codes of ISO 3166-1: which exist, what they are called, and which one a wrong text may have meant.

A code that does not exist would never match a promise, a place or a concern, so every code that a person
writes is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

AS_OF = "2023-04-05"
"""The day of the list, on which all its code elements were officially assigned."""

NO_COUNTRIES: Mapping[str, str] = {
    "EU": "a group of countries: give one of its members",
    "UK": "not an ISO 3166-1 code: write GB",
    "EL": "not an ISO 3166-1 code: write GR",
}
"""Common mistakes for country codes."""


def _read() -> dict[str, tuple[str, str]]:
    file = Path(__file__).parent / "data" / "countries.tsv"
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {code: (long, name) for code, long, name in rows}


_COUNTRIES = _read()
COUNTRIES: Mapping[str, str] = {code: name for code, (_, name) in _COUNTRIES.items()}
"""Two-letter code → the country's usual English name."""

_WITH_ARTICLE = frozenset({"BS", "CD", "CG", "GM", "KM", "MV", "NL", "PH"})
"""Further countries whose name has an article within a sentence, such as the Netherlands."""

_SPELLINGS: Mapping[str, str] = {
    text.casefold(): code for code, (long, name) in _COUNTRIES.items() for text in (code, long, name)
}


def check_country(text: str) -> str | None:
    """Why a text is not an officially assigned two-letter code, in words; None if it is one.

    The message suggests what may have been meant.
    """
    if text in COUNTRIES:
        return None
    if text in NO_COUNTRIES:
        return f"'{text}' is {NO_COUNTRIES[text]}"
    if len(text) == 2 and text.isascii() and text.isupper():
        return f"'{text}' is not a country code of ISO 3166-1 ({AS_OF}){_suggest_codes(text)}"
    example = _find_nearest(text) or "DE"
    return f"'{text}' is not a country code: write two capital letters (ISO 3166-1), for example {example}"


def given_country(text: str) -> str:
    """The code that a person gave, in letters of any case. Raises ValueError, which quotes what was given."""
    code = text.upper()
    if code in COUNTRIES:
        return code
    problem = check_country(code if len(code) == 2 else text) or ""
    raise ValueError(problem.replace(f"'{code}'", f"'{text}'", 1))


def country_name(code: str) -> str:
    """The name of a country; the code itself if ISO 3166-1 does not have it."""
    return COUNTRIES.get(code, code)


def country_in_text(code: str) -> str:
    """The name of a country as it stands within a sentence: "the United States", "Germany"."""
    name = country_name(code)
    has_article = (
        name.startswith("United ") or name.endswith(("Islands", "Republic")) or code in _WITH_ARTICLE
    )
    return f"the {name}" if has_article else name


def _find_nearest(text: str) -> str | None:
    """The code of the country with the most similar name or three-letter code; None if none is similar."""
    import difflib  # noqa: PLC0415  # few messages need it

    close = difflib.get_close_matches(text.casefold(), _SPELLINGS, n=1)
    return _SPELLINGS[close[0]] if close else None


def _suggest_codes(word: str) -> str:
    """The codes that are nearest to two other letters: exchanged, else with one letter in its position."""
    if word[::-1] in COUNTRIES:
        return f"; did you mean '{word[::-1]}'?"
    for at in (0, 1):
        near = [code for code in COUNTRIES if code[at] == word[at]]
        if len(near) == 1:
            return f"; did you mean '{near[0]}'?"
        if near:
            return f"; did you mean one of {', '.join(near)}?"
    return ""
