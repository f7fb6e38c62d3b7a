"""Rules as files: for Prometheus, for Mimir (`mimirtool rules load`) and for Thanos' ruler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from grafana.src.rules import Group, Rule, RuleFile

WIDTH = 116
LONGEST_PLAIN = 100  # a longer text is folded


def for_prometheus(file: RuleFile) -> str:
    """The file that Prometheus loads."""
    return _text(file, {})


def for_mimir(file: RuleFile, namespace: str) -> str:
    """The same rules in a namespace of Mimir's ruler, as `mimirtool` reads them."""
    return _text(file, {"namespace": namespace})


def for_thanos(file: RuleFile) -> str:
    """The same rules for Thanos, without a rule that would be evaluated on a part of the data.

    A missing store would look like a sensor that is down, and a recorded sum would be too small for ever.
    """
    return _text(file, {}, {"partial_response_strategy": "abort"})


def _text(file: RuleFile, above: Mapping[str, str], of_group: Mapping[str, str] | None = None) -> str:
    lines = [_comment(line) for line in file.head]
    lines += [f"{key}: {_scalar(value)}" for key, value in above.items()]
    lines.append("groups:")
    for number, group in enumerate(file.groups):
        lines += [""] * (number > 0) + _group(group, of_group or {})
    return "\n".join(lines) + "\n"


def _group(group: Group, extra: Mapping[str, str]) -> list[str]:
    interval = {"interval": group.interval} if group.interval else {}
    keys = [f"    {key}: {value}" for key, value in {**interval, **extra}.items()]
    rules = [line for rule in group.rules for line in _rule(rule)]
    comment = [f"  {_comment(line)}" for line in group.comment]
    return [*comment, f"  - name: {group.name}", *keys, "    rules:", *rules]


def _rule(rule: Rule) -> list[str]:
    content: dict[str, Any] = {"expr": rule.expr}
    optional = {"for": rule.wait, "labels": dict(rule.labels), "annotations": dict(rule.annotations)}
    content |= {key: value for key, value in optional.items() if value}
    head = f"      - {'alert' if rule.is_alert else 'record'}: {rule.name}"
    comment = [f"        {_comment(line)}" for line in rule.comment]
    return [head, *comment, *(f"        {line}".rstrip() for line in dump(content).splitlines())]


def _comment(line: str) -> str:
    return f"# {line}".rstrip()


def _scalar(text: str) -> str:
    return yaml.safe_dump(text).splitlines()[0]


def dump(content: Mapping[str, Any] | Sequence[Any]) -> str:
    """YAML as people write it: several lines as a block, long texts folded, lists indented."""
    return yaml.dump(content, Dumper=_Dumper, width=WIDTH, sort_keys=False, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else ">" if len(text) > LONGEST_PLAIN else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent)
