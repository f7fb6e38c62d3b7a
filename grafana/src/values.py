"""Settings as values: names in [[ ]], in rules and in dashboards, become what a site has set."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from grafana.src.language import Language
from grafana.src.settings import Settings

NAME = re.compile(r"\[\[(\w+)\]\]")


class Values:
    """The values of a site, in expressions, in texts, and in comments, which are English."""

    def __init__(self, settings: Settings, language: Language) -> None:
        thresholds = settings.thresholds
        self.in_expressions = thresholds.in_expressions() | {
            "job": json.dumps(settings.job),  # strings of PromQL have JSON's escapes: backslashes and quotes
            "least_judged": f"{settings.least_judged:g}",
        }
        self.in_comments = thresholds.in_texts(".")
        self.in_texts = thresholds.in_texts(language.decimal_sign) | {
            "sensor_matchers": ",".join(f"{label}=%q" for label in settings.sensor_labels),
            "sensor_values": " ".join(f"$labels.{label}" for label in settings.sensor_labels),
        }

    def in_document(self, node: Any, key: str = "") -> Any:
        """A dashboard with values; a string that is only a name becomes a number."""
        if isinstance(node, dict):
            return {name: self.in_document(value, name) for name, value in node.items()}
        if isinstance(node, list):
            return [self.in_document(one, key) for one in node]
        if not isinstance(node, str):
            return node
        if name := NAME.fullmatch(node):
            return json.loads(self.in_expressions[name[1]])
        return fill(node, self.in_expressions if key == "expr" else self.in_texts)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with values instead of names. KeyError if there is no such setting."""
    return NAME.sub(lambda found: values[found[1]], text)
