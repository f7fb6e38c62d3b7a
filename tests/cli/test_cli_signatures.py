"""`netmon signatures stats`, and what `netmon signatures test` says about sources."""

import shutil

import pytest

from netmon.signatures.folder import default_folder

VENDOR = """\
vendor: acme
title: Acme
sources:
  A: {trust: official, date: %s, ref: page, about: page}
  B: {trust: press, ref: paper, about: news}
components:
  web:
    title: Web
    function: web site
    data: visits
    sources: [A, B]
    names:
      - {suffix: acme.example, status: official, sources: [A]}
    expectations:
      - {basis: none}
examples: {www.acme.example: web}
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with one small vendor, a source without a date and one with a given date."""

    def make(date):
        shutil.copy(default_folder() / "locations.yaml", tmp_path)
        (tmp_path / "acme.yaml").write_text(VENDOR % date, encoding="utf-8")
        return str(tmp_path)

    return make


def test_sources_without_a_valid_date_fail(netmon, folder):
    """Each is reported with file and line, the numbers follow, and the exit code is 1."""
    where = folder("2999-01")
    done = netmon("signatures", "test", "--signatures", where)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"{where}/acme.yaml:4: source 'A' has a date in the future: 2999-01",
        f"{where}/acme.yaml:5: source 'B' has no date: add the day on which it was published, "
        "or 'date: unknown'",
        "sources: 0 dated, 0 of unknown date, 2 failed",
        "examples: 1 passed, 0 failed",
    ]


def test_stats_count_names_by_trust_and_age(netmon, folder):
    """A row for each trust status with entries, and the sources whose date is not known."""
    done = netmon("signatures", "stats", "--signatures", folder("2001"))
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["official", "1", "1"] in rows
    assert "2 sources, 1 with a known date" in done.stdout.splitlines()
    assert "without: B" in done.stdout.splitlines()


@pytest.mark.parametrize("columns", ["60", "80"])
def test_stats_of_the_shipped_signatures_fit_a_terminal(netmon, environment, columns):
    """No line has more than 80 columns, and names and networks are all counted."""
    environment["COLUMNS"] = columns
    done = netmon("signatures", "stats")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[-1] for line in lines if line.startswith(" total")] == ["147", "83"]
