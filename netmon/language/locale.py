"""The language that the environment of a process asks for."""

from __future__ import annotations

from collections.abc import Mapping

from netmon.language.language import LANGUAGES

VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first of them that is not empty decides (POSIX, 8.2)."""


def language_of(environment: Mapping[str, str]) -> str:
    """One of LANGUAGES: that of the locale, such as "de" for de_AT.UTF-8, or English if there is none."""
    locale = next((value for name in VARIABLES if (value := environment.get(name))), "")
    for sign in "_.@-":
        locale = locale.partition(sign)[0]
    code = locale.lower()
    return code if code in LANGUAGES else "en"
