"""The dashboards as Grafana reads them: panels, queries, and substituted variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parents[2] / "grafana" / "dashboards"
FILES = sorted(FOLDER.glob("*.json"))
NAMES = [file.stem for file in FILES]
MOST_STEPS = 60  # the dashboards' maxDataPoints
LABEL_VALUES = re.compile(r"label_values\((.+),\s*(\w+)\)")
QUERY_RESULT = re.compile(r"query_result\((.+)\)", re.DOTALL)


class Target(NamedTuple):
    """One query of one panel."""

    board: str
    panel: dict[str, Any]
    query: dict[str, Any]

    @property
    def name(self) -> str:
        """The name of the query in tests."""
        return f"{self.board}: {self.panel['title']} {self.query['refId']}"


def load(name: str) -> dict[str, Any]:
    """A dashboard by the name of its file."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels except rows, including those in collapsed rows."""
    for panel in board["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels", ())
        else:
            yield panel


def targets() -> Iterator[Target]:
    """Every query of every dashboard."""
    for name in NAMES:
        for panel in panels(load(name)):
            for query in panel["targets"]:
                yield Target(name, panel, query)


def variables(board: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The variables of a dashboard by name."""
    return {one["name"]: one for one in board["templating"]["list"]}


def options(variable: Mapping[str, Any], found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The texts and values that Grafana offers for a `query_result`, as its named groups choose them."""
    pattern = re.fullmatch(r"/(.+)/g", variable["regex"]).group(1).replace("(?<", "(?P<")
    offered = []
    for one in found:
        line = "{" + ",".join(f'{name}="{value}"' for name, value in one["metric"].items()) + "}"
        groups = [match.groupdict() for match in re.finditer(pattern, line)]
        text, value = (next(one[name] for one in groups if one[name]) for name in ("text", "value"))
        offered.append((text, value))
    return sorted(offered)


class Range(NamedTuple):
    """A dashboard's time range, and Prometheus' scrape interval."""

    begin_s: float
    end_s: float
    scrape_s: float

    @property
    def step_s(self) -> int:
        """The query step, for as many points as a graph has, but not below the interval of scrapes."""
        return max(round(self.scrape_s), round((self.end_s - self.begin_s) / MOST_STEPS))


def fill_in(text: str, chosen: Mapping[str, str], when: Range) -> str:
    """An expression with its variables substituted, as Grafana does."""
    length = max(1, round(when.end_s - when.begin_s))
    values = {
        "__interval_ms": str(when.step_s * 1000),
        "__rate_interval": f"{max(round(when.step_s + when.scrape_s), round(4 * when.scrape_s))}s",
        "__range_s": str(length),
        "__range": f"{length}s",
        "__from": str(round(when.begin_s * 1000)),
        **chosen,
    }

    def value(found: re.Match[str]) -> str:
        return values[found[1] or found[2]]

    return re.sub(r"\$(?:(\w+)|\{(__\w+)\})", value, text)


AN_HOUR = Range(1_800_000_000, 1_800_003_600, 15)


def example(text: str) -> str:
    """An expression with example values, so that it can be parsed."""
    names = {name for board in NAMES for name in variables(load(board))}
    return fill_in(text, dict.fromkeys(names, ".+"), AN_HOUR)
