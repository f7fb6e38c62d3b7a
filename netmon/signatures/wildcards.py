"""Which rules match the names that a wildcard stands for, such as `*.vendor.example`."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from netmon.signatures.checks import is_below
from netmon.signatures.explain import explain
from netmon.signatures.model import NameRule, SignatureSet

_MOST_SHOWN = 5
_OTHER = "any-other-name"


def is_wildcard(text: str) -> bool:
    """True for a name with an asterisk, which no packet has."""
    return "*" in text


def explain_wildcard(signatures: SignatureSet, text: str) -> Iterator[str]:
    """Lines: the rules for some of these names, by vendor and component, and what matches all others."""
    wildcard = text.lower().removesuffix(".")
    by_component: dict[tuple[str, str], list[NameRule]] = {}
    for rule in signatures.rules_of(NameRule):
        if _is_meant(rule, wildcard):
            by_component.setdefault((rule.vendor, rule.component), []).append(rule)
    count = sum(map(len, by_component.values()))
    rules_text = "no rule is" if not count else f"{count:,} {'rule is' if count == 1 else 'rules are'}"
    yield f"{wildcard}: {rules_text} about such names"
    for (vendor, component), rules in sorted(by_component.items()):
        shown = ", ".join(f"{one.kind} {one.text}" for one in rules[:_MOST_SHOWN])
        more = f", and {len(rules) - _MOST_SHOWN:,} more" if len(rules) > _MOST_SHOWN else ""
        yield f"  {vendor} / {component}: {shown}{more}"
    other = explain(signatures, wildcard.replace("*", _OTHER))
    what = f": {other.rule.vendor} / {other.rule.component}" if other.rule is not None else ""
    yield f"  any other such name: {other.reason}{what}"


def _is_meant(rule: NameRule, wildcard: str) -> bool:
    """True if the rule is about names of this kind: its own, or for a leading asterisk, all names below."""
    if wildcard.startswith("*.") and not is_wildcard(wildcard[2:]):
        return is_below(rule.text, wildcard[2:])
    return fnmatchcase(rule.text, wildcard)
