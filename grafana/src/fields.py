"""Appearance of values: colours with one meaning each, units, mappings, overrides."""

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

GOOD, WATCH, BAD, WORST, NEUTRAL = "green", "orange", "red", "dark-red", "#8e949e"
VERDICTS = {"expected": GOOD, "undecided": NEUTRAL, "unexpected": BAD, "forbidden": WORST}
# Sent is what matters for privacy, so it has the stronger colour.
WAYS = {"sent": "purple", "received": "light-blue"}
BYTES, BYTES_A_SECOND, COUNT, SHARE, SECONDS = "decbytes", "Bps", "short", "percentunit", "s"
RATE, PACKETS_A_SECOND, NO_UNIT = "suffix:/s", "pps", "none"
WHEN, AGO = "dateTimeAsIsoNoDateIfToday", "dateTimeFromNow"
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


def cell_words(texts: Mapping[str, tuple[str, str]]) -> list[Property]:
    """A column whose values are shown as coloured text."""
    options = {
        value: {"text": text, "color": name, "index": index}
        for index, (value, (text, name)) in enumerate(texts.items())
    }
    return [
        Property(id_val="mappings", value=[{"type": "value", "options": options}]),
        Property(id_val="custom.cellOptions", value=COLOURED_TEXT),
    ]


# By city, or by location and country; any others get a colour of Grafana's palette.
PLACES = coloured(
    {
        "/^(Z.rich|zurich)/": "blue",
        "/^(Moscow|moscow)/": "dark-yellow",
        "elsewhere": "super-light-blue",
        "/^(undecided|disputed|unknown)/": NEUTRAL,
    }
)


def ages(watch_days: int, bad_days: int) -> list[Property]:
    """A column of ages in seconds, coloured by two limits in days."""
    day = 86_400
    limits = ((None, GOOD), (watch_days * day, WATCH), (bad_days * day, BAD))
    levels = [{"value": value, "color": name} for value, name in limits]
    return [
        unit(SECONDS),
        Property(id_val="thresholds", value={"mode": "absolute", "steps": levels}),
        Property(id_val="custom.cellOptions", value=COLOURED_TEXT),
        Property(id_val="color", value={"mode": "thresholds"}),
    ]


SEVERITIES = {
    "none": ("–", NEUTRAL),
    "notice": ("notice", WATCH),
    "warning": ("warning", BAD),
    "critical": ("critical", WORST),
}
FLOW_COLUMNS: Overrides = {
    "Severity": [*cell_words(SEVERITIES), width(100)],
    "Verdict": [*cell_words({name: (name, shade) for name, shade in VERDICTS.items()}), width(110)],
    "Flows": [decimals(0), width(90)],
    "Sent": [unit(BYTES), width(110)],
    "Received": [unit(BYTES), width(110)],
}
