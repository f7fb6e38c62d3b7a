"""The examples that signature files carry, tried on the compiled matcher."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netmon.signatures.match import compile_matcher
from netmon.signatures.model import SignatureSet, Vendor


@dataclass(frozen=True, slots=True)
class Trial:
    """One name that was tried. Expected and found are "vendor/component", or None for no match."""

    vendor: str
    name: str
    expected: str | None  # None: must not match this vendor
    found: str | None
    passed: bool


def run_examples(signatures: SignatureSet) -> list[Trial]:
    """Tries the examples and counterexamples of every vendor, in the files' order.

    Look-alikes and unconfirmed domains are counterexamples too, each with a name below it.
    """
    matcher = compile_matcher(signatures)
    trials: list[Trial] = []
    for vendor in signatures.vendors.values():
        for name, component in vendor.examples.items():
            expected = f"{vendor.id}/{component}"
            found = _describe(signatures, matcher.find_name(name))
            trials.append(Trial(vendor.id, name, expected, found, found == expected))
        for name in _strangers(vendor):
            found = _describe(signatures, matcher.find_name(name))
            is_ours = found is not None and found.startswith(f"{vendor.id}/")
            trials.append(Trial(vendor.id, name, None, found, not is_ours))
    return trials


def _strangers(vendor: Vendor) -> Iterator[str]:
    yield from vendor.counterexamples
    for domain in (*vendor.lookalikes, *(one.name for one in vendor.unconfirmed)):
        yield domain
        yield f"www.{domain}"


def _describe(signatures: SignatureSet, number: int | None) -> str | None:
    if number is None:
        return None
    rule = signatures.rules[number]
    return f"{rule.vendor}/{rule.component}"
