"""The rules of grafana/rules with the settings of a site: names in [[ ]] become values.

`alerts.yml`, `recording.yml` and `stack-alerts.yml` are Prometheus' own format, without links to runbooks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from grafana.src.language import Language
from grafana.src.selectors import in_expression, in_text
from grafana.src.settings import Change, Settings
from grafana.src.values import Values, fill

SOURCES = Path(__file__).parents[1] / "rules"
ALERTS, RECORDING, STACK = "alerts.yml", "recording.yml", "stack-alerts.yml"
COMMENT = r"((?: *#.*\n)+)"
BELOW = re.compile(rf"^ *- (?:alert|record): (\S+)\n{COMMENT}", re.MULTILINE)
ABOVE = re.compile(rf"^{COMMENT} *- name: (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """An alert or a recorded series, and the comment on it."""

    name: str
    is_alert: bool
    comment: tuple[str, ...]
    expr: str
    wait: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated together, and the comment on them."""

    name: str
    comment: tuple[str, ...]
    interval: str | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class RuleFile:
    """Groups, and the comment at the head of the file."""

    head: tuple[str, ...]
    groups: tuple[Group, ...]


def sources() -> dict[str, RuleFile]:
    """The files of rules as they are written, by name."""
    return {name: _parse((SOURCES / name).read_text(encoding="utf-8")) for name in (ALERTS, RECORDING, STACK)}


def build(settings: Settings, language: Language) -> dict[str, RuleFile]:
    """The files of rules of a site, by name. SystemExit if a setting names an alert that does not exist."""
    found = sources()
    known = {rule.name for file in found.values() for group in file.groups for rule in group.rules}
    if unknown := sorted(set(settings.alerts) - known):
        raise SystemExit(f"alerts: there is no alert {unknown[0]}; grafana/rules lists them")
    site = _Site(settings, language)
    return {name: site.file(file, is_stack=name == STACK) for name, file in found.items()}


def _parse(text: str) -> RuleFile:
    comments = {name: _lines(lines) for name, lines in BELOW.findall(text)}
    comments |= {name: _lines(lines) for lines, name in ABOVE.findall(text)}
    head = _lines(text[: text.index("groups:")])
    groups = (
        Group(
            one["name"],
            comments.get(one["name"], ()),
            one.get("interval"),
            tuple(_rule(rule, comments) for rule in one["rules"]),
        )
        for one in yaml.safe_load(text)["groups"]
    )
    return RuleFile(head, tuple(groups))


def _rule(found: Mapping[str, Any], comments: Mapping[str, tuple[str, ...]]) -> Rule:
    name = found.get("alert") or found["record"]
    return Rule(
        name,
        "alert" in found,
        comments.get(name, ()),
        found["expr"].rstrip("\n"),
        found.get("for"),
        found.get("labels", {}),
        found.get("annotations", {}),
    )


def _lines(comment: str) -> tuple[str, ...]:
    return tuple(line.strip().removeprefix("#").removeprefix(" ") for line in comment.splitlines())


class _Site:
    """Values, selectors, labels and language of one site."""

    def __init__(self, settings: Settings, language: Language) -> None:
        self._settings = settings
        self._language = language
        self._values = Values(settings, language)

    def file(self, file: RuleFile, *, is_stack: bool) -> RuleFile:
        groups = tuple(
            replace(
                group,
                comment=_filled(group.comment, self._values.in_comments),
                rules=tuple(self._rule(rule, is_stack) for rule in group.rules if self._has(rule)),
            )
            for group in file.groups
        )
        return RuleFile(
            _filled(file.head, self._values.in_comments), tuple(one for one in groups if one.rules)
        )

    def _change(self, rule: Rule) -> Change:
        return self._settings.alerts.get(rule.name, Change())

    def _has(self, rule: Rule) -> bool:
        return self._change(rule).enabled

    def _rule(self, rule: Rule, is_stack: bool) -> Rule:
        change = self._change(rule)
        labels = {**rule.labels, **({"severity": change.severity} if change.severity else {})}
        expr = fill(rule.expr, self._values.in_expressions)
        return replace(
            rule,
            comment=_filled(rule.comment, self._values.in_comments),
            expr=expr if is_stack else in_expression(expr, self._settings),
            wait=change.wait or rule.wait,
            labels={**labels, **self._settings.labels},
            annotations=self._annotations(rule) if rule.is_alert else {},
        )

    def _annotations(self, rule: Rule) -> dict[str, str]:
        found = {
            key: in_text(fill(self._language.say(text), self._values.in_texts), self._settings)
            for key, text in rule.annotations.items()
        }
        return found | {"runbook_url": f"{self._settings.runbooks}/{rule.name}"}


def _filled(lines: tuple[str, ...], values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(fill(line, values) for line in lines)
