"""The dates of sources: which are accepted, what is reported, and how old entries are."""

import datetime
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from netmon.signatures.load import load_folder
from netmon.signatures.model import SignatureSet, Source
from netmon.signatures.source_dates import age_of, check_dates
from netmon.signatures.statistics import count_entries

TODAY = datetime.date(2026, 11, 24)
FRONT = "public_names:\n  - {name: front.example, operator: Front, status: official, sources: [A]}\n"


def source(date: str | None) -> Source:
    return Source("A", "official", "page", "page", date)


@pytest.mark.parametrize(
    ("date", "dated", "unknown", "message"),
    [
        ("2026-11-24", 1, 0, None),
        ("2026-11", 1, 0, None),
        ("2026", 1, 0, None),
        ("unknown", 0, 1, None),
        ("2026-11-25", 0, 0, "source 'A' has a date in the future: 2026-11-25"),
        ("2026-12", 0, 0, "source 'A' has a date in the future: 2026-12"),
        ("2027", 0, 0, "source 'A' has a date in the future: 2027"),
        (
            None,
            0,
            0,
            "source 'A' has no date: add the day on which it was published, or 'date: unknown'",
        ),
    ],
)
def test_every_source_needs_a_date_that_is_not_in_the_future(
    date: str | None,
    dated: int,
    unknown: int,
    message: str | None,
    folder_of: Callable[..., Path],
    vendor_text: Callable[..., str],
) -> None:
    """A day, a month, a year and "unknown" count; a missing date and a later one are reported."""
    text = vendor_text("example", ["suffix example.com"])
    text = text.replace("trust: official", f"trust: official, date: {date}" if date else "trust: official")
    report = check_dates(load_folder(folder_of(example=text)), TODAY)
    assert (report.dated, report.unknown) == (dated, unknown)
    assert [(one.line, one.message) for one in report.problems] == ([(4, message)] if message else [])


def test_the_sources_of_all_files_are_checked(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """The files of public names and of resolvers have sources, too."""
    shared = "sources:\n  A: {trust: official, ref: page, about: page}\n"
    resolvers = "resolvers:\n  a: {operator: A, status: official, sources: [A], names: [dns.example]}\n"
    folder = folder_of(
        example=vendor_text("example", ["suffix example.com"]),
        ech_public_names=shared + FRONT,
        resolvers=shared + resolvers,
    )
    found = [Path(one.file).name for one in check_dates(load_folder(folder), TODAY).problems]
    assert found == ["ech_public_names.yaml", "example.yaml", "resolvers.yaml"]


@pytest.mark.parametrize(
    ("dates", "age"),
    [
        (["2026-11-24"], "up to 1 year"),
        (["2025-11-24"], "up to 1 year"),
        (["2025-11-23"], "1 to 3 years"),
        (["2023-11-25"], "1 to 3 years"),
        (["2023-11-24"], "over 3 years"),
        (["2025"], "1 to 3 years"),  # counts from its first day
        (["2025-12"], "up to 1 year"),
        (["unknown"], "unknown"),
        ([None], "unknown"),
        ([], "unknown"),
        (["unknown", "2020"], "over 3 years"),
        (["2020", "2026-06"], "up to 1 year"),
    ],
)
def test_the_newest_known_date_decides_the_age(dates: list[str | None], age: str) -> None:
    """Older sources and those without a date do not make an entry older."""
    assert age_of(map(source, dates), TODAY) == age


def test_names_and_networks_are_counted_by_trust_and_age(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """Every name and every network is counted once, in the row of its own status."""
    networks = (
        "networks:\n  - {holder: x, role: service, status: measured, sources: [A],"
        " prefixes: {192.0.2.0/24: {}, 198.51.100.0/24: {status: press, sources: [B]}}}\n"
    )
    text = vendor_text("example", ["suffix example.com", "exact www.example.org"], networks)
    text = text.replace("trust: official", "trust: official, date: 2026-06")
    text = text.replace("components:", "  B: {trust: press, date: unknown, ref: x, about: y}\ncomponents:")
    numbers = count_entries(load_folder(folder_of(example=text)).vendors["example"], TODAY)
    names = {status: dict(ages) for status, ages in numbers.names.items() if ages}
    counted = {status: dict(ages) for status, ages in numbers.networks.items() if ages}
    assert names == {"official": {"up to 1 year": 2}}
    assert counted == {"measured": {"up to 1 year": 1}, "press": {"unknown": 1}}
    assert (numbers.sources, numbers.undated) == (2, ("B",))


def test_the_shipped_sources_have_dates_or_say_that_they_have_none(shipped: SignatureSet) -> None:
    """No source is without a date; those whose date is not known are counted."""
    report = check_dates(shipped, TODAY)
    assert report.problems == ()
    assert (report.dated, report.unknown) == (46, 66)


def test_dates_agree_with_the_databases_that_they_are_about(shipped: SignatureSet) -> None:
    """The source of a quoted database has the date of its build."""
    for vendor in shipped.vendors.values():
        for database in vendor.databases.values():
            assert {vendor.sources[key].date for key in database.sources} == {database.date}, database.id


def test_a_day_in_the_address_of_a_page_is_the_date_of_its_source(shipped: SignatureSet) -> None:
    """Sources whose address has a day, such as /2018/11/15/, have that date."""
    days = {}
    for one in shipped.vendors["kaspersky"].sources.values():
        found = re.search(r"/(20\d\d)/(\d\d)/(\d\d)/|-(20\d\d)(\d\d)(\d\d)$", one.ref)
        if found:
            days[one.key] = ("-".join(part for part in found.groups() if part), one.date)
    assert len(days) == 6
    assert [key for key, (day, date) in days.items() if day != date] == []
