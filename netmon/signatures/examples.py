"""Runs the examples in signature files against the compiled matcher."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netmon.signatures.match import compile_matcher
from netmon.signatures.model import SignatureSet, Vendor


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """The result for one name. `expected` and `found` are "vendor/component", or None for no match."""

    vendor: str
    name: str
    expected: str | None  # None: must not match this vendor
    found: str | None
    passed: bool


def run_examples(signatures: SignatureSet) -> list[ExampleResult]:
    """Matches the examples and counterexamples of every vendor, in the order of the files.

    Look-alikes and unconfirmed domains are counterexamples, too, each with a name below it.
    """
    matcher = compile_matcher(signatures)
    results: list[ExampleResult] = []
    for vendor in signatures.vendors.values():
        for name, component in vendor.examples.items():
            expected = f"{vendor.id}/{component}"
            found = _describe(signatures, matcher.find_name(name))
            results.append(ExampleResult(vendor.id, name, expected, found, found == expected))
        for name in _counterexamples(vendor):
            found = _describe(signatures, matcher.find_name(name))
            is_match = found is not None and found.startswith(f"{vendor.id}/")
            results.append(ExampleResult(vendor.id, name, None, found, not is_match))
    return results


def _counterexamples(vendor: Vendor) -> Iterator[str]:
    yield from vendor.counterexamples
    for domain in (*vendor.lookalikes, *(one.name for one in vendor.unconfirmed)):
        yield domain
        yield f"www.{domain}"


def _describe(signatures: SignatureSet, number: int | None) -> str | None:
    if number is None:
        return None
    rule = signatures.rules[number]
    return f"{rule.vendor}/{rule.component}"
