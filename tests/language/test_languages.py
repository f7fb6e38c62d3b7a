"""The report in German: the catalogue is complete, placeholders survive, and numbers are written as usual."""

import gettext
import io
import re

import polib
import pytest

from netmon.countries import COUNTRIES
from netmon.language.language import FOLDER, LANGUAGES, NARROW, Language
from tests.craft import catalogue

FILES = sorted(FOLDER.glob("*.po"))
ENTRIES = [(file.stem, entry) for file in FILES for entry in polib.pofile(str(file))]
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
SAME = frozenset(
    {
        "Server",
        "Resolver",
        "Sensor",
        "Bytes",
        "Community",
        "Flows",
        "Clients",
        "root",
        "Name",
        "in {country}",
        "%(number)s, %(time)s",
    }
)
"""Words that German shares."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_catalogue_is_complete(file, tmp_path):
    """Every text has a translation, none is stale, and bringing it up to date changes nothing."""
    copy = tmp_path / file.name
    copy.write_bytes(file.read_bytes())
    assert catalogue.update(copy) == [], "translate these, after python -m tests.craft.catalogue"
    assert copy.read_text(encoding="utf-8") == file.read_text(encoding="utf-8"), (
        "run python -m tests.craft.catalogue"
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_compiled_catalogue_is_that_of_the_texts(file):
    """What gettext reads says what the text file says."""
    compiled = gettext.GNUTranslations(io.BytesIO(file.with_suffix(".mo").read_bytes()))
    fresh = gettext.GNUTranslations(io.BytesIO(catalogue.compiled(file)))
    assert compiled._catalog == fresh._catalog, "run python -m tests.craft.catalogue"


def test_every_language_has_a_catalogue():
    """The languages are English and those of the catalogues."""
    assert set(LANGUAGES) == {"en", *(file.stem for file in FILES)}


@pytest.mark.parametrize(("code", "entry"), ENTRIES, ids=[entry.msgid[:60] for _, entry in ENTRIES])
def test_placeholders_survive(code, entry):
    """A translation has the placeholders and the closing mark of its text, and is not English."""
    english = {*PLACEHOLDER.findall(entry.msgid), *PLACEHOLDER.findall(entry.msgid_plural)}
    for text in entry.msgstr_plural.values() or [entry.msgstr]:
        assert set(PLACEHOLDER.findall(text)) <= english
        assert entry.msgid[-1] not in ".:?" or text[-1] == entry.msgid[-1]
        if entry.msgctxt is None:
            assert text != entry.msgid or text in SAME, "it is still English"
    last = entry.msgstr_plural.get(1, entry.msgstr)
    of_many = entry.msgid_plural or entry.msgid
    assert set(PLACEHOLDER.findall(last)) == set(PLACEHOLDER.findall(of_many))


@pytest.mark.parametrize("code", COUNTRIES)
def test_every_country_is_named(code):
    """Names of countries are texts of the catalogue, too, and may be preceded by an article after "in"."""
    german = Language("de")
    name, within = german.country(code), german.country_in_text(code)
    assert name
    assert within.split()[0] in ("der", "dem", "den") or within == name


@pytest.mark.parametrize(
    ("code", "within"),
    [
        ("DE", "Deutschland"),
        ("CH", "der Schweiz"),
        ("NL", "den Niederlanden"),
        ("US", "den Vereinigten Staaten"),
        ("GB", "dem Vereinigten Königreich"),
        ("IR", "dem Iran"),
        ("FK", "den Falklandinseln"),
    ],
)
def test_articles_of_countries(code, within):
    """After "in", German has an article where the country has one."""
    assert Language("de").country_in_text(code) == within


@pytest.mark.parametrize(
    ("size", "english", "german"),
    [
        (0, "0 B", "0 B"),
        (999, "999 B", "999 B"),
        (1_000, "1.0 kB", "1,0 kB"),
        (153_593, "153.6 kB", "153,6 kB"),
        (999_940, "999.9 kB", "999,9 kB"),
        (999_951, "1.0 MB", "1,0 MB"),
        (1_234_567_890, "1.2 GB", "1,2 GB"),
        (5_000_000_000_000_000, "5,000.0 TB", "5.000,0 TB"),
    ],
)
def test_bytes(size, english, german):
    """Decimal prefixes, with a narrow space before the unit, and never 1000.0 of one."""
    assert Language("en").bytes(size) == english.replace(" ", NARROW)
    assert Language("de").bytes(size) == german.replace(" ", NARROW)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"), (1, "100 %"), (0.5, "50 %"), (0.0004, "< 0.1 %"), (0.012, "1.2 %"), (0.0999, "10.0 %"),
        (0.999, "99.9 %"), (0.99951, "> 99.9 %"), (0.996, "99.6 %"), (0.03, "3 %"), (0.304, "30 %"),
    ],
)  # fmt: skip
def test_percentages(share, text):
    """They are rounded neither to nothing nor to everything."""
    assert Language("en").percent(share) == text.replace(" ", NARROW)


@pytest.mark.parametrize(
    ("text", "english", "german"),
    [
        ("2026-09-01", "1 Sep 2026", "1. Sept. 2026"),
        ("2026-03-15T10:00:00.000000Z", "15 Mar 2026", "15. März 2026"),
        ("2018-11", "Nov 2018", "Nov. 2018"),
        ("2017", "2017", "2017"),
        ("unknown", "unknown", "unknown"),
    ],
)
def test_days(text, english, german):
    """Days, months and years, as precise as the source."""
    assert Language("en").day(text) == english
    assert Language("de").day(text) == german


def test_periods_do_not_repeat_the_day():
    """The end of a period has only what differs from its beginning."""
    english = Language("en")
    assert (
        english.period("2026-09-15T08:30:00.4Z", "2026-09-15T08:39:30Z") == "15 Sep 2026, 08:30 – 08:39 UTC"
    )
    assert english.period("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z") == (
        "1 Sep 2026, 00:00 – 1 Oct 2026, 00:00 UTC"
    )


def test_periods_within_a_minute_have_seconds():
    """They would seem to have no length."""
    period = ("2026-09-15T08:30:01Z", "2026-09-15T08:30:42.5Z")
    assert Language("en").period(*period) == "15 Sep 2026, 08:30:01 – 08:30:42 UTC"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(9.5, "9.5 s"), (10, "10 s"), (90, "1.5 min"), (3600, "60 min"), (7200, "2 h"), (259_200, "3 days")],
)
def test_durations(seconds, text):
    """One unit, as large as it fits."""
    assert Language("en").duration(seconds).replace(NARROW, " ") == text
