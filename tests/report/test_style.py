"""The page's colours can be told from its paper, in light and in dark, and it brings everything along."""

import re

import pytest

from netmon.report.page import TEMPLATES
from netmon.report.shares import SHARES
from tests.report.draw import page_of

STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")
THEMES = {"light": STYLE.split(":root {")[1], "dark": STYLE.split(":root {")[2]}
LEAST_OF_TEXT, LEAST_OF_SHAPES = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11


def colours(theme):
    """The names of a theme's colours, and red, green and blue."""
    found = re.findall(r"--([\w-]+): #(\w{6});", THEMES[theme].partition("}")[0])
    return {name: tuple(int(code[at : at + 2], 16) / 255 for at in (0, 2, 4)) for name, code in found}


def contrast(one, other):
    """The contrast of two colours by WCAG."""

    def luminance(colour):
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_wcag():
    """Black and white have the greatest contrast, equal colours have none."""
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert contrast((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)) == 1


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("text", ["ink", "soft", "accent", "concern"])
@pytest.mark.parametrize("ground", ["paper", "faint"])
def test_text_is_readable(theme, text, ground):
    """Every colour of text on every ground that it stands on."""
    found = colours(theme)
    assert contrast(found[text], found[ground]) >= LEAST_OF_TEXT


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("share", SHARES)
def test_shares_stand_out(theme, share):
    """The colour of each share, in bars, swatches and on the map's land."""
    found = colours(theme)
    assert contrast(found[share], found["paper"]) >= LEAST_OF_SHAPES


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["concern", "elsewhere", "soft"])
def test_severities_are_readable(theme, ground):
    """The word for a severity stands on its colour."""
    found = colours(theme)
    assert contrast(found["paper"], found[ground]) >= LEAST_OF_TEXT


def test_both_themes_have_the_same_colours():
    """None is forgotten."""
    assert set(colours("light")) == set(colours("dark"))


def test_nothing_comes_from_elsewhere():
    """No file, font or picture is loaded."""
    assert re.findall(r"url\((?!#)|@import|@font-face|https?:", STYLE) == []


def test_attributes_have_the_colours_of_the_style():
    """Drawings are coloured without the style's variables as well: WeasyPrint knows none in drawings."""
    page = page_of("moscow")
    classes = dict(re.findall(r"\.f-(\w+) \{ fill: var\(--([\w-]+)\); \}", STYLE))
    codes = dict(re.findall(r"--([\w-]+): (#\w{6});", THEMES["light"].partition("}")[0]))
    filled = re.findall(r'class="(?:marker )?f-(\w+)" fill="(#\w+)"', page)
    assert {name for name, _ in filled} >= {"right", "concern", "elsewhere", "located", "excluded"}
    assert [name for name, code in filled if codes[classes[name]] != code] == []
    shapes = re.findall(r"<(?:rect|circle|path|line) [^>]*>", page)
    assert [shape for shape in shapes if "fill=" not in shape and "stroke=" not in shape] == []
