"""The page has no number that is not in its JSON twin, and no word that is not in it or in the catalogues."""

import gettext
import re
from dataclasses import asdict
from html.parser import HTMLParser

import pytest

from netmon.language.language import NARROW, Language
from netmon.report.checks import checks_of_store
from netmon.report.page import MOST_SHOWN, render
from tests.report.recorded import SIGNATURES, report_of
from tests.report.scenes import SCENES

NUMBER = re.compile(r"\d[\d.,:]*")
WORD = re.compile(r"[^\W\d_]{2,}")
HIDDEN = ("style", "title", "code")
UNITS = {"kB", "MB", "GB", "ms", "min", "UTC"}
OWN = {"SHA", "netmon", "TCP", "UDP"}
"""Words that are the same in every language, and names."""
ENGLISH = Language("en")


class Texts(HTMLParser):
    """The visible texts of a page, without commands and style."""

    def __init__(self, page):
        super().__init__()
        self.texts, self.open = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Notes those whose text is left out, and reads what a table says on a phone."""
        if tag in HIDDEN:
            self.open.append(tag)
        self.texts += [value for name, value in attrs if name in ("data-label", "aria-label")]

    def handle_endtag(self, tag):
        """The end of one of these."""
        if self.open[-1:] == [tag]:
            self.open.pop()

    def handle_data(self, data):
        """Text."""
        if not self.open:
            self.texts.append(data)


def page_of(report, language):
    """The page, its commands left out."""
    return render(report, language, SIGNATURES.locations, checks_of_store(["netmon"], []))


def values(value, key=""):
    """All values of a JSON document, with their keys."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from values(one, name)
    elif isinstance(value, list | tuple):
        yield "length", len(value)
        for one in value:
            yield from values(one, key)
    else:
        yield key, value


def sums(report):
    """The few sums and differences of the twin's numbers that the page shows."""
    for answer in report["answers"]:
        for one in answer["statements"]:
            flows = {each["standing"]: each["sum"]["flows"] for each in one["standings"]}
            yield flows.get("possible", 0) + flows.get("unknown", 0)
    yield sum(one["sum"]["flows"] for one in report["findings"]) + report["findings_more"]["flows"]
    yield from (len(one["contacts"]) - MOST_SHOWN for one in report["findings"])
    yield from (sum(one[name] for one in report["scope"]["sensors"]) for name in ("gaps", "gap_s"))
    for one in report["promises"]:  # "and 31 other countries"
        yield len(one["subjects"]) - len(set(one["subjects"]) & set(report["scope"]["countries"]))


def forms(value):
    """How the page may write a value."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, str):
        yield value
        if re.match(r"\d{4}(-\d\d)?(-\d\d)?", value):
            yield ENGLISH.day(value)
            yield from (ENGLISH.moment(value), ENGLISH.second(value), value[11:19]) if value[10:] else ()
        return
    yield from (str(value), ENGLISH.number(value), ENGLISH.number(value, 1), ENGLISH.bytes(round(value)))
    yield from (ENGLISH.duration(value), ENGLISH.percent(value))


def numbers(text):
    """The numbers in a text, without the mark behind them."""
    return {found.rstrip(".,:") for found in NUMBER.findall(text)}


@pytest.fixture(scope="module", params=SCENES)
def report(request):
    """The report on each scene."""
    return report_of(request.param)


def test_every_number_is_in_the_twin(report):
    """As a value, as one of the few sums that the page makes, or in a text of the catalogue."""
    twin = asdict(report)
    known = set()
    for _key, value in values(twin):
        known.update(*(numbers(form) for form in forms(value)))
    for value in sums(twin):
        known.update(*(numbers(form) for form in forms(value)))
    for blind in twin["view"]["blinds"]:
        if blind["of"]:
            known |= numbers(ENGLISH.percent(blind["count"] / blind["of"]))
    german = Language("de").catalogue._catalog
    for english in german:
        known |= numbers(english if isinstance(english, str) else english[0])
    page = page_of(report, ENGLISH)
    ticks = set(re.findall(r"<text[^>]*>([^<]*)</text>", page))  # of axes: round numbers
    found = {number for text in Texts(page).texts if text not in ticks for number in numbers(text)}
    assert found - known == set()


class Dashes(gettext.NullTranslations):
    """Texts with dashes in place of words; placeholders stay."""

    def gettext(self, message):
        """A text."""
        parts = re.split(r"(%\(\w+\)s|{\w+})", message)
        return "".join(part if number % 2 else WORD.sub("-", part) for number, part in enumerate(parts))

    def ngettext(self, one, many, count):
        """A text that depends on a number."""
        return self.gettext(one if count == 1 else many)

    def pgettext(self, _context, message):
        """A name."""
        return self.gettext(message)


class Marked(Language):
    """A language in which no text of the catalogue has a word, so that all others are seen."""

    def __init__(self):
        super().__init__("de")
        self.catalogue = Dashes()


def test_every_word_is_of_a_catalogue(report):
    """All others are values: names, addresses, and what the signatures quote."""
    twin = asdict(report)
    known = {word for _key, value in values(twin) if isinstance(value, str) for word in WORD.findall(value)}
    words = {
        word
        for text in Texts(page_of(report, Marked())).texts
        for word in WORD.findall(text.replace(NARROW, " "))
    }
    months = {
        word for month in range(1, 13) for word in WORD.findall(Language("de").day(f"2026-{month:02}-01"))
    }
    assert words - known - months - UNITS - OWN == set()
