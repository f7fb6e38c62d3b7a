"""Which series an expression reads, and which labels tell sensors apart: both may be a site's own."""

import re
from typing import Any

from grafana.src.settings import Settings

STRING = r"\"(?:[^\"\\]|\\.)*\""
NETMON = r"(?:[a-z_]+:)?netmon_\w+(?::\w+)?"
SERIES = re.compile(rf"{STRING}|(?<![\w:])(?P<name>{NETMON}|up)(?![\w:(])(?P<brace>\{{)?")
"""A string, or a series (of the sensor, recorded, `up`), with the brace of its matchers if it has some."""
IN_TEXT = re.compile(rf"(?P<name>{NETMON})(?P<brace>\{{)")
SENSOR_LABELS = re.compile(rf"\b(by|on) \({', '.join(Settings.sensor_labels)}\b")


def in_expression(expression: str, settings: Settings) -> str:
    """The expression with the selector on every series, and the sensors' labels where it names them."""
    labels = ", ".join(settings.sensor_labels)
    named = SENSOR_LABELS.sub(lambda found: f"{found[1]} ({labels}", expression)
    return _narrowed(SERIES, named, settings.selector)


def in_text(text: str, settings: Settings) -> str:
    """The text of an alert with the selector in its queries, which are quoted themselves."""
    return _narrowed(IN_TEXT, text, settings.selector.replace('"', '\\"'))


def in_document(node: Any, settings: Settings) -> Any:
    """A dashboard with the selector in every query."""
    if isinstance(node, dict):
        return {
            key: in_expression(value, settings)
            if key in ("expr", "query") and isinstance(value, str)
            else in_document(value, settings)
            for key, value in node.items()
        }
    return [in_document(one, settings) for one in node] if isinstance(node, list) else node


def _narrowed(series: re.Pattern[str], text: str, matchers: str) -> str:
    def narrowed(found: re.Match[str]) -> str:
        if found["name"] is None:
            return found[0]
        return f"{found['name']}{{{matchers}" + (", " if found["brace"] else "}")

    return series.sub(narrowed, text) if matchers else text
