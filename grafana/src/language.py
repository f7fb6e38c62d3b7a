"""The language of dashboards and alerts: English texts, and a gettext catalogue for each other language."""

from __future__ import annotations

from pathlib import Path

import polib

FOLDER = Path(__file__).parents[1] / "languages"
DECIMAL_SIGNS = {"de": ","}


class Language:
    """Says English texts in one language, and remembers which it was asked for."""

    def __init__(self, code: str = "en") -> None:
        """The catalogue is read from `grafana/languages`; English needs none."""
        self.decimal_sign = DECIMAL_SIGNS.get(code, ".")
        self.asked: dict[str, None] = {}
        """The English texts, in the order of the questions."""
        entries = () if code == "en" else polib.pofile(str(FOLDER / f"{code}.po"))
        self._texts = {entry.msgid: entry.msgstr for entry in entries if entry.msgstr and not entry.obsolete}

    def say(self, english: str) -> str:
        """The text in this language; English if the catalogue lacks it."""
        self.asked[english] = None
        return self._texts.get(english, english)

    def knows(self, english: str) -> bool:
        """Whether the catalogue has the text."""
        return english in self._texts
