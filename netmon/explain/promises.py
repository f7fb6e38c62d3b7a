"""What the signatures expect of a component, and what each promise says to whom and since when, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from netmon.language.language import ENGLISH, Language
from netmon.signatures.model import Expectation, Promise
from netmon.verdict.promises import Subject, describe_application


def expectation_text(expectation: Expectation, language: Language = ENGLISH) -> str:
    """Where a component's traffic is expected, and on what basis."""
    note = f": {expectation.note}" if expectation.note else ""
    basis: str = expectation.basis
    if expectation.promise:
        possibly = language.say(", which possibly covers it") if expectation.coverage == "possible" else ""
        basis += f", {expectation.promise}{possibly}"
    return language.say("expectation ({basis}){note}", basis=basis, note=note)


def promise_texts(
    promise: Promise,
    statements: Collection[Promise],
    subjects: Collection[Subject],
    day: str,
    language: Language = ENGLISH,
) -> Iterator[str]:
    """The promise with its sources and dates, its users and data, and whether it applies to these."""
    say = language.say
    basis = f"{promise.status}, {', '.join(promise.sources)}"
    if promise.effective_from:
        basis += say(", from {day}", day=promise.effective_from)
    if promise.effective_to:
        basis += say(", until {day}", day=promise.effective_to)
    yield say("promise {id} ({basis}): {statement}", id=promise.id, basis=basis, statement=promise.statement)
    whom = ", ".join(sorted(promise.subjects)) or say("all users")
    yield say("made to {whom}; data: {data}", whom=whom, data=promise.data)
    yield from dict.fromkeys(
        describe_application(promise, statements, one, day, language) for one in subjects
    )
