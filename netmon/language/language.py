"""Texts, numbers and times in the reader's language: English, or with a gettext catalogue another one.

`de.mo` is made from `de.po` by `python -m tests.craft.catalogue`, which also brings the catalogue up to date.
It finds the texts in calls of `say`, `say_count` and `_`, which therefore need them as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from netmon.countries import country_in_text, country_name

if TYPE_CHECKING:
    import gettext

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de")

_GERMAN_MONTHS = [
    "Jan.",
    "Feb.",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "Aug.",
    "Sept.",
    "Okt.",
    "Nov.",
    "Dez.",
]
_ENGLISH_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_SIGNS: Mapping[str, tuple[str, str]] = {"en": (".", ","), "de": (",", ".")}
"""The decimal sign and that between thousands."""

NARROW = "\u202f"
"""A narrow space that does not break, between a number and its unit."""


class _English:
    """What stands for a catalogue: the texts are English already, and most starts need no gettext."""

    def gettext(self, message: str) -> str:
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return msgid1 if n == 1 else msgid2

    def pgettext(self, _context: str, message: str) -> str:
        return message


class Language:
    """One of LANGUAGES. The same values give the same text, wherever the program runs."""

    def __init__(self, code: str) -> None:
        self.code = code
        self._point, self._comma = _SIGNS[code]
        self.catalogue = _English() if code == "en" else _catalogue(code)

    def say(self, english: str, **values: object) -> str:
        """The text in this language; with values, they replace what is in braces."""
        text = self.catalogue.gettext(english)
        return text.format(**values) if values else text

    def say_count(self, count: int, one: str, many: str, **values: object) -> str:
        """The text in the form that the number needs; {count} is replaced by it."""
        return self.catalogue.ngettext(one, many, count).format(count=self.number(count), **values)

    def say_of(self, context: str, english: str) -> str:
        """The text in this language; the context tells equal texts apart, such as "city"."""
        return self.catalogue.pgettext(context, english)

    def country(self, code: str) -> str:
        """The name of a country."""
        return self.say_of("country", country_name(code))

    def country_in_text(self, code: str) -> str:
        """The name of a country as it stands after "in": "the United States", "Germany"."""
        text = country_in_text(code)
        said = self.say_of("in country", text)
        return said if self.code == "en" or said != text else self.country(code)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with signs between thousands."""
        return self.localised(f"{value:,.{digits}f}")

    def localised(self, number: str) -> str:
        """A number that is written as in English, with the signs of this language."""
        return number.translate({ord(","): self._comma, ord("."): self._point})

    def stamp(self, moment: datetime) -> str:
        """A time to the second, in digits of equal width: "2026-09-15 08:31:07", "15.09.2026 08:31:07"."""
        return moment.strftime("%d.%m.%Y %H:%M:%S" if self.code == "de" else "%Y-%m-%d %H:%M:%S")

    def bytes(self, value: int) -> str:
        """Bytes with a decimal prefix, all outputs with the same digits: "1.2 MB"."""
        scaled, unit = float(value), "B"
        for unit in ("B", "kB", "MB", "GB", "TB"):
            if scaled < 999.95 or unit == "TB":
                break
            scaled /= 1000
        return f"{self.number(scaled, 0 if unit == 'B' else 1)}{NARROW}{unit}"

    def percent(self, share: float) -> str:
        """A share of 1 as a percentage, rounded neither to 0 nor to 100 unless it is exact."""
        percent = 100 * share
        if 0 < percent < 0.1:
            return f"<{NARROW}{self.number(0.1, 1)}{NARROW}%"
        if 99.9 < percent < 100:
            return f">{NARROW}{self.number(99.9, 1)}{NARROW}%"
        digits = 0 if percent >= 10 or percent == int(percent) else 1
        if digits == 0 and percent < 100 and round(percent) == 100:
            digits = 1
        return f"{self.number(percent, digits)}{NARROW}%"

    def duration(self, seconds: float) -> str:
        """A time span in its largest suitable unit, with one digit below ten: "9.5 min"."""
        for limit, divisor, unit in ((60, 1, "s"), (5400, 60, "min"), (172_800, 3600, "h")):
            if seconds < limit:
                return self._short(seconds / divisor) + NARROW + unit
        count = self._short(seconds / 86_400)
        return self.say("{count} days").format(count=count)

    def _short(self, value: float) -> str:
        return self.number(value, 0 if value >= 9.95 or value == int(value) else 1)

    def day(self, text: str) -> str:
        """The day of an RFC 3339 time, or an ISO day, month or year."""
        parts = text[:10].split("-")
        if len(parts) == 1 or not parts[1].isdigit():
            return text
        month = int(parts[1])
        if self.code == "de":
            named = f"{_GERMAN_MONTHS[month - 1]} {parts[0]}"
            return named if len(parts) == 2 else f"{int(parts[2])}. {named}"
        named = f"{_ENGLISH_MONTHS[month - 1]} {parts[0]}"
        return named if len(parts) == 2 else f"{int(parts[2])} {named}"

    def moment(self, text: str) -> str:
        """An RFC 3339 time to the minute, in UTC."""
        return f"{self.day(text)}, {text[11:16]}"

    def second(self, text: str) -> str:
        """An RFC 3339 time to the second, in UTC."""
        return f"{self.day(text)}, {text[11:19]}"

    def period(self, first: str, last: str) -> str:
        """Two RFC 3339 times in UTC, without repeating what they have in common."""
        is_short = first[:16] == last[:16]
        show, end = (self.second, 19) if is_short else (self.moment, 16)
        until = last[11:end] if first[:10] == last[:10] else show(last)
        return f"{show(first)} – {until} UTC"

    def tick(self, when_s: float, *, with_time: bool) -> str:
        """The label of a tick of the time axis."""
        moment = datetime.fromtimestamp(when_s, UTC)
        return f"{moment:%H:%M}" if with_time else self.day(moment.date().isoformat())[:-5].rstrip()


def _catalogue(code: str) -> gettext.NullTranslations:
    import gettext  # noqa: PLC0415  # takes long to import, and English needs none

    with (FOLDER / f"{code}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


ENGLISH = Language("en")
