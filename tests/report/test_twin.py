"""The page has no number that is not in its JSON twin, and no word that is not in it or in the catalogues."""

import csv
import gettext
import io
import re
from dataclasses import asdict, fields, is_dataclass, replace
from html.parser import HTMLParser

import pytest

from netmon.language.language import NARROW, Language
from netmon.report.build import build
from netmon.report.checks import checks_of
from netmon.report.gather import gather
from netmon.report.page import render
from netmon.report.tabular import TableName, table_as_csv
from netmon.store.queries import Scope
from tests.report.quantities import forms, quantities
from tests.report.recorded import SIGNATURES, record, report_of, store_of
from tests.report.scenes import SCENES

WORD = re.compile(r"[^\W\d_]{2,}")
HIDDEN = ("style", "title", "code")
UNITS = {"kB", "MB", "GB", "ms", "min", "UTC"}
OWN = {"SHA", "netmon", "TCP", "UDP"}
"""Words that are the same in every language, and names."""
ENGLISH = Language("en")
NUMBERS = {
    "flows": 7_013,
    "sent_bytes": 1_130_000,
    "received_bytes": 3_770_000,
    "total_bytes": 9_410_000,
    "bytes_by_share": 61_700,
    "axis_bytes": 67_900,
    "share": 0.37,
    "seconds": 41_234.0,
    "gap_s": 52_345.0,
    "count": 8_017,
    "of": 6_011,
    "size": 4_430_000,
    "contacts_more": 19,
}
"""Numbers of which neither a sum nor a difference nor a share is one of them."""
AS_THEY_ARE = {"port", "rtt_ms", "latitude", "longitude", "privacy", "span_s"}


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
    return render(report, language, SIGNATURES.locations, checks_of(["netmon"]))


def values(value, key=""):
    """All values of a JSON document, with their keys."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from values(one, name)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from values(one, key)
    else:
        yield key, value


def disguised(value, key=""):
    """The report with another number in place of each, so that no sum, difference or share of them fits."""
    if is_dataclass(value):
        return replace(
            value, **{one.name: disguised(getattr(value, one.name), one.name) for one in fields(value)}
        )
    if isinstance(value, tuple):
        return tuple(disguised(one, key) for one in value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value or key in AS_THEY_ARE:
        return value
    return NUMBERS.get(key, 10_007 + 17 * sum(map(ord, key)))


@pytest.fixture(scope="module", params=SCENES)
def report(request):
    """The report on each scene."""
    return report_of(request.param)


def test_every_number_is_in_the_twin(report):
    """Each is a value of the JSON form as it is, not worked out from several, or of a catalogue's text."""
    report = disguised(report)
    known = {"0", ENGLISH.bytes(0), ENGLISH.percent(0)}  # what is not there
    for key, value in values(asdict(report)):
        for form in forms(key, value):
            known |= quantities(form)
    for english in Language("de").catalogue._catalog:
        known |= quantities(english if isinstance(english, str) else english[0])
    found = {one for text in Texts(page_of(report, ENGLISH)).texts for one in quantities(text)}
    assert found - known == set()
    assert {ENGLISH.bytes(NUMBERS["total_bytes"]), ENGLISH.number(NUMBERS["flows"])} <= found or (
        not report.rows
    )


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


def test_no_table_has_a_formula():
    """A spreadsheet calculates nothing, whatever a sensor, its site or a client is called."""
    [watch] = SCENES["moscow"]()
    watch.sensor = watch.site = watch.interface = '=HYPERLINK("http://example")'
    report = build(gather(store_of(record([watch])), Scope()), SIGNATURES, ["kaspersky"], ["netmon"])
    cells = [
        cell
        for table in TableName
        for row in csv.reader(io.StringIO(table_as_csv(report, table), newline=""))
        for cell in row
    ]
    assert '\'=HYPERLINK("http://example")' in cells
    assert [cell for cell in cells if cell[:1] in ("=", "+", "@")] == []
