"""The report in Chromium: on a screen, on a phone and on paper, nothing is cut and nothing covers another."""

import re
import subprocess

import pytest

from netmon.report.pdf import as_pdf
from tests.machine import need
from tests.report.draw import DESKTOP, PHONE, draw, inspect, page_of
from tests.report.scenes import SCENES

pytestmark = [pytest.mark.render, pytest.mark.slow]

A4 = "(A4)"
LEAST_FILLED = 0.6
FOOT = 0.935
"""Where the number of a page is, as a part of its height."""


@pytest.fixture(scope="module", autouse=True)
def _browser():
    need("chromium")


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize(
    ("name", "language"), [*((name, "en") for name in SCENES), ("poor_view", "de"), ("fifty", "de")]
)
def test_nothing_sticks_out(name, language, width):
    """The page is as wide as the window: only tables and drawings may be scrolled, each on its own.

    No text of a table stands on that of the next cell.
    """
    seen = inspect(page_of(name, language))[width]
    assert seen["spilled"] == []
    assert seen["width"] <= width
    assert seen["out"] == []


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize(("name", "language"), [("moscow", "de"), ("fifty", "en")])
def test_labels_are_apart(name, language, width):
    """With the fonts of this machine, no name on the map covers another, and no text of a drawing is cut."""
    seen = inspect(page_of(name, language))[width]
    assert seen["labels"] >= 4
    assert seen["overlaps"] == 0
    assert seen["cut"] == []


def test_long_names_widen_nothing():
    """A name of 250 letters, as a client may send it, pushes no other column off the paper or the screen."""
    page = page_of("moscow").replace(
        "ksn-file-geo.kaspersky-labs.com", f"{'a' * 60}.{'b' * 63}.{'c' * 63}.example"
    )
    assert page.count("b" * 63) > 10
    for width in (PHONE, DESKTOP):
        assert inspect(page)[width]["pushed"] == []


def test_the_policy_lets_the_style_through():
    """The browser applies the style, whose hash the page's own policy names."""
    assert inspect(page_of("promised"))[DESKTOP]["styled"] == "816px"


def test_dark_theme_is_dark(tmp_path):
    """A reader who prefers dark pages gets one: most of its picture is dark."""
    pixels = {}
    for dark in (False, True):
        picture = tmp_path / f"{dark}.png"
        draw(page_of("nothing"), picture, DESKTOP, 400, dark=dark)
        pixels[dark] = picture.read_bytes()
    assert pixels[True] != pixels[False]


@pytest.mark.parametrize(
    ("name", "language"), [("moscow", "en"), ("poor_view", "de"), ("nothing", "en"), ("fifty", "de")]
)
def test_paper(name, language, tmp_path):
    """A4, with the answer, the scope and the limits on page one, and the findings after it.

    No page between the first and the last is half empty.
    """
    need("pdftotext", "pdfinfo")
    file = tmp_path / "report.pdf"
    file.write_bytes(as_pdf(page_of(name, language)))
    about = subprocess.run(["pdfinfo", file], capture_output=True, text=True, check=True).stdout
    assert A4 in about
    text = subprocess.run(
        ["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True
    ).stdout
    first, second = text.split("\f")[:2]
    words = {"en": ("What this report covers", "What this does not show", "Findings")}
    words["de"] = ("Was dieser Bericht abdeckt", "Was dieser Bericht nicht zeigt", "Befunde")
    covered, limits, findings = words[language]
    assert covered in first
    assert limits in first
    assert findings not in first
    assert findings in second
    assert re.search(r"\b1 ?/ ?\d+\s*$", first)
    assert [filled for filled in _filled(file)[1:-1] if filled < LEAST_FILLED] == []


def _filled(file):
    """How far down the lowest word of each page is, as a part of its height; its number does not count."""
    boxes = subprocess.run(["pdftotext", "-bbox", file, "-"], capture_output=True, text=True, check=True)
    pages = []
    for page in boxes.stdout.split("<page ")[1:]:
        height = float(re.search(r'height="([\d.]+)"', page)[1])
        parts = [float(bottom) / height for bottom in re.findall(r'yMax="([\d.]+)"', page)]
        pages.append(max(part for part in parts if part < FOOT))
    return pages
