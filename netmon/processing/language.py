"""Texts in the reader's language, from gettext catalogues.

`languages/de.mo` is made from `languages/de.po` by `python -m tests.craft.processing_texts`.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parent / "languages"
LANGUAGES = ("en", "de")

Say = Callable[[str], str]


def translator(code: str) -> Say:
    """What gives an English text in one of LANGUAGES."""
    if code == "en":
        return str
    with (FOLDER / f"{code}.mo").open("rb") as file:
        return gettext.GNUTranslations(file).gettext
