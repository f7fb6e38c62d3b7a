"""Appearance of values: colours with one meaning each, units, mappings, overrides."""

from collections.abc import Mapping, Sequence
from itertools import cycle

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

GOOD, WATCH, BAD, WORST, NEUTRAL = "green", "orange", "red", "dark-red", "#80868f"
VERDICTS = {"expected": GOOD, "undecided": NEUTRAL, "unexpected": BAD, "forbidden": WORST}
# Sent is what matters for privacy, so it has the stronger colour.
WAYS = {"sent": "purple", "received": "light-blue"}
AMOUNT = "blue"  # of bars and graphs that judge nothing, in shades
HUES = (AMOUNT, "dark-yellow", "#1f9e9a", "#a0653a", "light-blue", "dark-blue")
BYTES, BYTES_A_SECOND, COUNT, SHARE, SECONDS = "decbytes", "Bps", "short", "percentunit", "s"
RATE, PACKETS_A_SECOND, NO_UNIT = "suffix:/s", "pps", "none"
WHEN, AGO = "dateTimeAsIsoNoDateIfToday", "dateTimeFromNow"
READABLE = {WORST: "semi-dark-red"}  # as the colour of a word, also on a dark background
COLOURED_TEXT = {"type": "color-text"}

Property = model.DynamicConfigValue
Overrides = Mapping[str, Sequence[Property]]


def steps(*pairs: tuple[float | None, str]) -> build.ThresholdsConfig:
    """Colours above given values; the first has no lower limit."""
    found = [model.Threshold(value=value, color=colour) for value, colour in pairs]
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(found)


def words(texts: Mapping[str, tuple[str, str]]) -> list[model.ValueMapping]:
    """Values shown as coloured text."""
    results = {
        value: model.ValueMappingResult(text=text, color=colour, index=index)
        for index, (value, (text, colour)) in enumerate(texts.items())
    }
    return [model.ValueMap(options=results)]


def unit(name: str) -> Property:
    """The unit of a column or series."""
    return Property(id_val="unit", value=name)


def width(pixels: int) -> Property:
    """The width of a column, in pixels."""
    return Property(id_val="custom.width", value=pixels)


def colour(name: str) -> Property:
    """The colour of a series."""
    return Property(id_val="color", value={"mode": "fixed", "fixedColor": name})


def decimals(number: int) -> Property:
    """The number of decimals: 0 for counts, although `increase` interpolates them."""
    return Property(id_val="decimals", value=number)


def coloured(names: Mapping[str, str]) -> Overrides:
    """Series by name, each with its colour."""
    return {name: [colour(value)] for name, value in names.items()}


def shades(name: str) -> Property:
    """Shades of a colour, a different one for each series."""
    return Property(id_val="color", value={"mode": "shades", "fixedColor": name})


def named(texts: Mapping[str, str]) -> Overrides:
    """Series by the value of a label, each shown in words."""
    return {value: [Property(id_val="displayName", value=text)] for value, text in texts.items()}


def hued(texts: Mapping[str, str]) -> Overrides:
    """The same, each with a colour of its own that judges nothing."""
    pairs = zip(named(texts).items(), cycle(HUES), strict=False)
    return {value: [*words, colour(hue)] for (value, words), hue in pairs}


def column_words(texts: Mapping[str, str]) -> list[Property]:
    """A column whose values are shown in words."""
    options = {value: {"text": text, "index": index} for index, (value, text) in enumerate(texts.items())}
    return [Property(id_val="mappings", value=[{"type": "value", "options": options}])]


LEFT = Property(id_val="custom.align", value="left")
NO_CELL = (Property(id_val="noValue", value="–"),)
"""An empty cell, which would otherwise show the sentence for an empty table."""


def cell_words(texts: Mapping[str, tuple[str, str]]) -> list[Property]:
    """A column whose values are shown as coloured text."""
    options = {
        value: {"text": text, "color": READABLE.get(name, name), "index": index}
        for index, (value, (text, name)) in enumerate(texts.items())
    }
    return [
        Property(id_val="mappings", value=[{"type": "value", "options": options}]),
        Property(id_val="custom.cellOptions", value=COLOURED_TEXT),
    ]


# Series of a place and a verdict, such as "Moscow, unexpected", have the verdict's colour, as on the map.
BY_VERDICT: Overrides = {f"/(^|, ){name}/": [shades(shade)] for name, shade in VERDICTS.items()}


def over_zero(shade: str) -> list[Property]:
    """A column whose values above 0 have a colour."""
    levels = [{"value": None, "color": "text"}, {"value": 0.5, "color": shade}]
    return [
        Property(id_val="thresholds", value={"mode": "absolute", "steps": levels}),
        Property(id_val="custom.cellOptions", value=COLOURED_TEXT),
        Property(id_val="color", value={"mode": "thresholds"}),
    ]


# Series by a name that is not known beforehand, such as a component: the first letter chooses the hue.
LETTERS = ("a-c", "d-g", "h-l", "m-q", "rs", "t-z")
BY_NAME: Overrides = {f"/^[{letters}]/i": [shades(hue)] for letters, hue in zip(LETTERS, HUES, strict=True)}


def ages(of: str) -> list[Property]:
    """A column of ages in seconds, coloured by the age at which the alert fires, and earlier as a warning."""
    limits = ((None, GOOD), (f"[[{of}_watch_seconds]]", WATCH), (f"[[{of}_seconds]]", BAD))
    levels = [{"value": value, "color": name} for value, name in limits]
    return [
        unit(SECONDS),
        Property(id_val="thresholds", value={"mode": "absolute", "steps": levels}),
        Property(id_val="custom.cellOptions", value=COLOURED_TEXT),
        Property(id_val="color", value={"mode": "thresholds"}),
    ]
