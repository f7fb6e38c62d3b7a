"""The report on every state of a network, as JSON and as a page; `--update-golden` writes them."""

import hashlib
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from netmon.language.language import LANGUAGES, Language
from netmon.outputs.json_line import json_document
from netmon.report.checks import checks_of
from netmon.report.page import render
from tests.report.draw import DOCS, PICTURES, STATES
from tests.report.recorded import SIGNATURES, make_report, report_of
from tests.report.scenes import SCENES

FOLDER = Path(__file__).parent / "golden"
CHECKS = checks_of(["netmon", "report", "--store", "flows.db"])
PAGES = [(name, code) for name in SCENES for code in LANGUAGES]


def compare(file, text, config):
    """Compares a text with a golden file, or writes it. Signatures may change without a change of reports."""
    text = text.replace(SIGNATURES.sha256, "(SHA-256 of the signatures)")
    path = FOLDER / file
    if config.getoption("--update-golden"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    assert path.read_text(encoding="utf-8") == text, f"review, then run pytest {__file__} --update-golden"


def without_outlines(page):
    """The page with hashes in place of the outlines and the style, which have tests of their own."""
    page = re.sub(r"<style>.*?</style>", "<style>(style.css)</style>", page, flags=re.DOTALL)
    page = re.sub(r"style-src 'sha256-[^']+'", "style-src (its hash)", page)

    def hashed(found):
        return f'{found[1]} d="{hashlib.sha256(found[2].encode()).hexdigest()[:16]}"'

    return re.sub(r'(class="land[^"]*") d="([^"]*)"', hashed, page)


@pytest.mark.parametrize("name", SCENES)
def test_json(name, pytestconfig):
    """Every number of the report."""
    compare(f"{name}.json", json_document(asdict(report_of(name))), pytestconfig)


@pytest.mark.parametrize(("name", "language"), PAGES)
def test_page(name, language, pytestconfig):
    """Every word of the page."""
    page = render(report_of(name), Language(language), SIGNATURES.locations, CHECKS)
    compare(f"{name}.{language}.html", without_outlines(page), pytestconfig)


def test_the_same_store_gives_the_same_bytes():
    """Two stores that were filled with the same events, and two readings of them."""
    one, other = make_report("moscow"), make_report("moscow")
    assert json_document(asdict(one)) == json_document(asdict(other))
    pages = {render(each, Language("en"), SIGNATURES.locations, CHECKS) for each in (one, other)}
    assert len(pages) == 1


def test_every_state_has_a_picture_in_the_documentation():
    """`python -m tests.report.draw` makes them; the page on reports shows each."""
    names = {f"{name}.{language}.png" for name, language in PICTURES}
    assert {path.name for path in STATES.iterdir()} == names
    page = (DOCS / "report.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(reports/([^)]+)\)", page)) == names


def test_every_golden_file_is_compared():
    """None is left over from a scene that is no more."""
    names = {f"{name}.json" for name in SCENES} | {f"{name}.{language}.html" for name, language in PAGES}
    assert {path.name for path in FOLDER.iterdir()} == names
