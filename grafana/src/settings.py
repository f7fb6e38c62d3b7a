"""The settings from which dashboards, rules and alerts are written, read from one YAML file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import promql_parser

from grafana.src.thresholds import Thresholds
from netmon.yaml_nodes import Document, Fields, Item, in_lines

LANGUAGES = ("en", "de")
SEVERITIES = ("critical", "warning", "info", "none")
LABEL = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")
STEP_S = 10  # Grafana evaluates rules at multiples of it
SECONDS = {"s": 1, "m": 60, "h": 3600}
DURATION = re.compile("(?:[0-9]+(?:ms|[smhdwy]))+")


@dataclass(frozen=True)
class Change:
    """What a site changes of one alert."""

    enabled: bool = True
    severity: str | None = None
    wait: str | None = None
    """How long the condition must hold: `for` in the file."""


@dataclass(frozen=True)
class Managed:
    """Where Grafana keeps and evaluates the alert rules that it manages itself."""

    folder: str = "netmon"
    datasource: str = "netmon-prometheus"
    interval: str = "1m"


@dataclass(frozen=True)
class Settings:
    """Each field is a key of the file; what it omits keeps the default."""

    language: str = LANGUAGES[0]
    job: str = "netmon.*"
    """A regular expression for the scrape jobs of the sensors."""
    selector: str = ""
    """Further matchers of every series of netmon."""
    sensor_labels: tuple[str, ...] = ("job", "instance")
    """The labels that together name a sensor."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of every alert and every recorded series."""
    runbooks: str = "http://127.0.0.1:10977/runbooks"
    """Where runbooks are: a sensor's external URL followed by /runbooks, or another site with these pages."""
    least_judged: float = 0.5
    """Share of the flows that must have a verdict for a green overview."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    alerts: Mapping[str, Change] = field(default_factory=dict)
    grafana: Managed = field(default_factory=Managed)
    mimir_namespace: str = "netmon"


def read(file: Path) -> Settings:
    """The settings in a file; SystemExit with file, line and key of every mistake."""
    try:
        document = Document(file, names_keys=True)
    except OSError as error:
        raise SystemExit(f"{file}: {error.strerror}; see grafana/settings.example.yml") from None
    if document.root is None:
        raise SystemExit(in_lines(document.problems))
    settings = _settings(document.root)
    if document.problems:
        raise SystemExit(in_lines(document.problems))
    return settings


def _settings(root: Item) -> Settings:
    readers: Mapping[str, Callable[[Item], Any]] = {
        "language": lambda item: item.one_of(LANGUAGES),
        "job": _expression,
        "selector": _selector,
        "sensor_labels": _sensor_labels,
        "labels": _labels,
        "runbooks": _address,
        "least_judged": lambda item: item.number(0, 1),
        "thresholds": _thresholds,
        "alerts": lambda item: {name: _change(one) for name, one in item.entries().items()},
        "grafana": _managed,
        "mimir_namespace": lambda item: item.text(),
    }
    given = root.fields((), readers)
    found = Settings(**{name: readers[name](item) for name, item in given.items()})
    if missing := sorted(set(_names(found.selector)) - set(found.sensor_labels)):
        given["selector"].report(
            f"recorded series have no label '{missing[0]}'; "
            f"add it: `sensor_labels: [{', '.join([missing[0], *found.sensor_labels])}]`"
        )
    return found


def _thresholds(item: Item) -> Thresholds:
    kinds = {one.name: one for one in fields(Thresholds)}
    given = item.fields((), kinds)
    values: dict[str, Any] = {}
    for name, one in given.items():
        low, high = kinds[name].metadata["bounds"]
        values[name] = one.integer(low, high) if kinds[name].type == "int" else one.number(low, high)
    return Thresholds(**values)


def _change(item: Item) -> Change:
    given = item.fields((), ("enabled", "severity", "for"))
    return Change(
        enabled=given.read("enabled", Item.flag, Change.enabled),
        severity=given.read("severity", lambda one: one.one_of(SEVERITIES), None),
        wait=given.read("for", _duration, None),
    )


def _managed(item: Item) -> Managed:
    given: Fields = item.fields((), ("folder", "datasource", "interval"))
    return Managed(
        given.read("folder", Item.text, Managed.folder),
        given.read("datasource", Item.text, Managed.datasource),
        given.read("interval", _interval, Managed.interval),
    )


def _expression(item: Item) -> str:
    text = item.text()
    try:
        re.compile(text)
    except re.error as error:
        item.report(f"'{text}' is not a regular expression: {error}")
    return text


def _selector(item: Item) -> str:
    text = item.text()
    try:
        _names(text)
    except ValueError as error:
        item.report(f"'{text}' is not a list of matchers such as cluster=\"a\": {error}")
        return ""
    return text


def _names(selector: str) -> list[str]:
    """The labels in a selector. Raises ValueError if it cannot be parsed."""
    if not selector:
        return []
    found = promql_parser.parse(f"up{{{selector}}}")
    if not isinstance(found, promql_parser.VectorSelector):
        raise ValueError("it is more than a list of matchers")  # noqa: TRY004 - as the parser's own errors
    return [one.name for one in found.matchers.matchers]


def _sensor_labels(item: Item) -> tuple[str, ...]:
    found = item.texts()
    for name in found:
        if not LABEL.fullmatch(name):
            item.report(f"'{name}' is not the name of a label")
    if missing := [name for name in Settings.sensor_labels if name not in found]:
        item.report(f"'{missing[0]}' is missing: labels are added to job and instance")
    return found


def _labels(item: Item) -> Mapping[str, str]:
    found = {name: one.text() for name, one in item.entries().items()}
    for name in found:
        if not LABEL.fullmatch(name) or name in ("severity", "alertname", *Settings.sensor_labels):
            item.report(f"'{name}' cannot be added as a label")
    return found


def _address(item: Item) -> str:
    text = item.text()
    if not re.fullmatch(r"https?://[^\s{}]+", text):
        item.report(f"'{text}' is not an address such as {Settings.runbooks}")
    return text.rstrip("/")


def _duration(item: Item) -> str:
    text = item.text()
    if not DURATION.fullmatch(text):
        item.report(f"'{text}' is not a duration such as 90s, 15m or 1h")
    return text


def _interval(item: Item) -> str:
    text = _duration(item)
    parts = re.findall("([0-9]+)([smh])", text)
    seconds = sum(int(number) * SECONDS[unit] for number, unit in parts)
    if seconds == 0 or seconds % STEP_S or "".join(map("".join, parts)) != text:
        item.report(f"'{text}' is not a multiple of {STEP_S} seconds, as Grafana demands")
    return text
