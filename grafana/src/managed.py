"""The alert rules in Grafana's own format, for people without Alertmanager: a file for provisioning/alerting.

Grafana evaluates the same expressions: A queries, B turns every result into 1 (as for Prometheus, any result
of an alert's expression is a reason to fire, 0 too), and C, the condition, is B above 0.
"""

from __future__ import annotations

import re
from typing import Any

from grafana.src.rule_files import dump
from grafana.src.rules import Rule, RuleFile
from grafana.src.settings import Managed

QUERY, IS_RESULT, CONDITION = "A", "B", "C"
QUERIED_S = 600  # Grafana demands a range, although the query is instant
EXPRESSION = "__expr__"  # Grafana's name for the data source of its own expressions
# If Prometheus cannot be queried, an alert keeps its state. But the sensors are out of sight then, and the
# watchdog must stop, so that its dead man's switch notices.
ON_ERROR = {"SensorDown": "Alerting", "Watchdog": "OK"}
HEAD = """\
# Alert rules for Grafana's own alerting, for people without Alertmanager. Copy this file to Grafana's
# provisioning/alerting. Prometheus still needs recording.yml.
#
# This file is written from grafana/rules/alerts.yml by `python -m grafana.src.build`.
"""


def build(alerts: RuleFile, managed: Managed) -> str:
    """The text of the provisioning file."""
    groups = [
        {
            "orgId": 1,
            "name": group.name,
            "folder": managed.folder,
            "interval": managed.interval,
            "rules": [_rule(rule, managed) for rule in group.rules],
        }
        for group in alerts.groups
    ]
    return HEAD + dump({"apiVersion": 1, "groups": groups})


def _rule(rule: Rule, managed: Managed) -> dict[str, Any]:
    return {
        "uid": f"netmon-{rule.name.lower()}",
        "title": rule.name,
        "condition": CONDITION,
        "data": [
            _step(QUERY, managed.datasource, expr=rule.expr, instant=True, range=False),
            _step(IS_RESULT, EXPRESSION, type="math", expression=_any_result()),
            _step(CONDITION, EXPRESSION, type="threshold", expression=IS_RESULT, conditions=[_above_zero()]),
        ],
        "noDataState": "OK",  # no result is no alert
        "execErrState": ON_ERROR.get(rule.name, "KeepLast"),
        "for": rule.wait or "0s",
        "missing_series_evals_to_resolve": 1,  # as in Prometheus
        "labels": {key: _template(text) for key, text in rule.labels.items()},
        "annotations": {key: _template(text) for key, text in rule.annotations.items()},
        "isPaused": False,
    }


def _step(ref: str, datasource: str, **model: Any) -> dict[str, Any]:
    source = {"type": "prometheus" if ref == QUERY else EXPRESSION, "uid": datasource}
    return {
        "refId": ref,
        "relativeTimeRange": {"from": QUERIED_S if ref == QUERY else 0, "to": 0},
        "datasourceUid": datasource,
        "model": {"refId": ref, "datasource": source, **model},
    }


def _any_result() -> str:
    return " || ".join(f"{test}(${QUERY})" for test in ("is_number", "is_nan", "is_inf"))


def _above_zero() -> dict[str, Any]:
    return {"evaluator": {"type": "gt", "params": [0]}}


def _template(text: str) -> str:
    """A text of Prometheus for Grafana, which takes `$name` in such a file for an environment variable."""
    text = re.sub(r"\$labels\b", ".Labels", text)
    return re.sub(r"\$value\b", f".Values.{QUERY}.Value", text)
