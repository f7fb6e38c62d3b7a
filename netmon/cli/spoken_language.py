"""The language of what people read, as an option names it."""

from __future__ import annotations

import os
from enum import StrEnum

from netmon.language.language import Language
from netmon.language.locale import language_of


class LanguageName(StrEnum):
    """A language that there is a catalogue for, or English."""

    EN = "en"
    DE = "de"


def chosen_language(option: LanguageName | None) -> Language:
    """The language of the option, or that of the locale."""
    return Language(option.value if option is not None else language_of(os.environ))
