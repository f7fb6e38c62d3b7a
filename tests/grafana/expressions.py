"""PromQL checked against the exporter: whether the metrics and labels in an expression exist."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from netmon.outputs.metrics import METRICS

GRAFANA = Path(__file__).parents[2] / "grafana"
TARGET_LABELS = frozenset({"job", "instance"})
BUILT_IN = {"up": frozenset()}


@cache
def series() -> Mapping[str, frozenset[str]]:
    """The labels of every series of the exporter and the recording rules, including target labels."""
    found = dict(BUILT_IN)
    for name, (kind, labels, _help) in METRICS.items():
        own = frozenset(labels)
        if kind == "counter":
            found[f"{name}_total"] = own
        elif kind == "info":
            found[f"{name}_info"] = own
        elif kind == "histogram":
            found |= {f"{name}_bucket": own | {"le"}, f"{name}_sum": own, f"{name}_count": own}
        else:
            found[name] = own
    found = {name: labels | TARGET_LABELS for name, labels in found.items()}
    for rule in rules("recording.yml"):
        found[rule["record"]] = labels_of(promql_parser.parse(rule["expr"]), found)
    return found


def rules(file: str) -> list[dict[str, Any]]:
    """The rules of a file of `grafana/alerts/`."""
    document = yaml.safe_load((GRAFANA / "alerts" / file).read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def parse(expression: str) -> Any:
    """The syntax tree of an expression."""
    return promql_parser.parse(expression)


def check(expression: str) -> frozenset[str]:
    """The labels of an expression's result. Raises LookupError for a metric or label that does not exist."""
    return labels_of(promql_parser.parse(expression), series())


def labels_of(node: Any, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The labels that a node's result may have."""
    match node:
        case promql_parser.VectorSelector():
            labels = _selector(node, known)
        case promql_parser.MatrixSelector():
            labels = _selector(node.vector_selector, known)
        case promql_parser.AggregateExpr():
            labels = _aggregate(node, known)
        case promql_parser.BinaryExpr():
            left, right = labels_of(node.lhs, known), labels_of(node.rhs, known)
            labels = _joined(node, left, right)
        case promql_parser.Call():
            labels = frozenset().union(*(labels_of(argument, known) for argument in node.args))
            if node.func.name == "histogram_quantile":
                labels -= {"le"}
            elif node.func.name in ("label_replace", "label_join"):
                labels |= {node.args[1].val}
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr() | promql_parser.SubqueryExpr():
            labels = labels_of(node.expr, known)
        case _:
            labels = frozenset()
    return labels


def _selector(node: Any, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    if node.name not in known:
        raise LookupError(f"no such metric: {node.name}")
    for matcher in node.matchers.matchers:
        if matcher.name not in known[node.name]:
            raise LookupError(f"{node.name} has no label {matcher.name}")
    return known[node.name]


def _aggregate(node: Any, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    below = labels_of(node.expr, known)
    is_choice = str(node.op) in ("topk", "bottomk")  # these select series and keep their labels
    if node.modifier is None:
        return below if is_choice else frozenset()
    named = frozenset(node.modifier.labels)
    if node.modifier.type == promql_parser.AggModifierType.Without:
        return below - named
    if missing := named - below:
        raise LookupError(f"nothing has the label {', '.join(sorted(missing))} in: {node.prettify()}")
    return below if is_choice else named


def _joined(node: Any, left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
    """The labels of a join: the "many" side keeps its own, plus those named in group_left or group_right."""
    modifier = node.modifier
    if modifier is None or not left or not right:
        return left | right
    many, one = right, left
    if modifier.card != promql_parser.VectorMatchCardinality.OneToMany:
        many, one = left, right
    grouped = frozenset(modifier.group_labels or ())
    if missing := grouped - one:
        raise LookupError(f"nothing to join has the label {', '.join(sorted(missing))} in: {node.prettify()}")
    return many | grouped
