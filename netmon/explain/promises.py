"""What the signatures expect of a component, and what each promise says to whom and since when, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from netmon.signatures.model import Expectation, Promise
from netmon.verdict.promises import Subject, describe_application


def expectation_text(expectation: Expectation) -> str:
    """Where a component's traffic is expected, and on what basis."""
    note = f": {expectation.note}" if expectation.note else ""
    basis: str = expectation.basis
    if expectation.promise:
        possibly = ", which possibly covers it" if expectation.coverage == "possible" else ""
        basis += f", {expectation.promise}{possibly}"
    return f"expectation ({basis}){note}"


def promise_texts(
    promise: Promise, statements: Collection[Promise], subjects: Collection[Subject], day: str
) -> Iterator[str]:
    """The promise with its sources and dates, its users and data, and whether it applies to these."""
    bounds = (("from", promise.effective_from), ("until", promise.effective_to))
    days = "".join(f", {word} {one}" for word, one in bounds if one)
    basis = f"{promise.status}, {', '.join(promise.sources)}"
    yield f"promise {promise.id} ({basis}{days}): {promise.statement}"
    yield f"made to {', '.join(sorted(promise.subjects)) or 'all users'}; data: {promise.data}"
    yield from dict.fromkeys(describe_application(promise, statements, one, day) for one in subjects)
