"""The option for the language of what people read."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from netmon.language.language import Language
from netmon.language.locale import language_of


class LanguageName(StrEnum):
    """A language that there is a catalogue for, or English."""

    EN = "en"
    DE = "de"


LanguageOption = Annotated[
    LanguageName | None,
    typer.Option(
        "--language",
        metavar="en|de",
        help="Language of the output for people. Default: that of the locale, or English.",
    ),
]


def chosen_language(option: LanguageName | None) -> Language:
    """The language of the option, or that of the locale."""
    return Language(option.value if option is not None else language_of(os.environ))
