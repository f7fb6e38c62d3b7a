"""The chain of a flow, from its packets to its verdict, as lines of text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from netmon.errors import EventError
from netmon.explain.compared import tell_concerns, tell_references
from netmon.explain.decided import tell_unknown, tell_verdict
from netmon.explain.event import FlowEvent
from netmon.explain.located import tell_place
from netmon.explain.matched import NOTE, tell_signature
from netmon.explain.named import tell_name
from netmon.explain.seen import tell_packets
from netmon.language.language import ENGLISH, Language
from netmon.language.marking import _
from netmon.language.words import OUTCOME, SEVERITY
from netmon.signatures.model import SignatureSet
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject

WIDEST = 80
"""The longest line: longer ones are hard to read."""


@dataclass(frozen=True, slots=True)
class Context:
    """With what a flow is explained. Signatures and policy may differ from those that judged it."""

    signatures: SignatureSet
    policy: Policy
    subject: Subject


def explain_flow(
    event: FlowEvent, context: Context, language: Language = ENGLISH, width: int = WIDEST
) -> Iterator[str]:
    """The lines of the explanation, at most so wide. Raises EventError for a vendor without signatures."""
    signatures, policy, subject = context.signatures, context.policy, context.subject
    if event.vendor not in signatures.vendors:
        raise EventError(
            f"flow {event['netmon.flow_id']} is of {event.vendor}, a vendor that the signatures in use lack; "
            "--signatures gives another folder"
        )
    yield from _wrapped(_headline(event, language), width, "", "")
    sections = (
        (_("Packets"), tell_packets(event, language)),
        (_("Name"), tell_name(event, language)),
        (_("Signature"), tell_signature(event, signatures, language)),
        (_("Place"), tell_place(event, signatures, language)),
        (_("Countries of concern"), tell_concerns(event, signatures, policy, subject, language)),
        (_("Promise and policy"), tell_references(event, signatures, policy, subject, language)),
        (_("Verdict"), tell_verdict(event, language)),
        (_("What is not known"), tell_unknown(event, language)),
    )
    for number, (title, sentences) in enumerate(sections, 1):
        yield ""
        yield f"{number}. {language.say(title)}"
        yield from _section(sentences, width)


def _headline(event: FlowEvent, language: Language) -> str:
    say, severity = language.say, event["netmon.severity"]
    text = say(
        "Flow {number}, {start}: {vendor} ({component}): {verdict} ({reason})",
        number=event["netmon.flow_id"],
        start=event["event.start"],
        vendor=event.vendor,
        component=event["netmon.component"],
        verdict=say(OUTCOME[event["netmon.verdict"]]),
        reason=event["netmon.reason"],
    )
    return text + (
        say(", severity {severity}", severity=say(SEVERITY.get(severity, severity))) if severity else ""
    )


def _section(sentences: Iterable[str], width: int) -> Iterator[str]:
    for sentence in sentences:
        if sentence.startswith(NOTE):
            yield from _wrapped(sentence.removeprefix(NOTE), width, "       ", "       ")
        else:
            yield from _wrapped(sentence, width, "   - ", "     ")


def _wrapped(text: str, width: int, first: str, others: str) -> list[str]:
    """The text in lines, at most so wide; a longer word, such as an address in the web, stays in one."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
