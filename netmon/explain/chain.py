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


def explain_flow(event: FlowEvent, context: Context, width: int = WIDEST) -> Iterator[str]:
    """The lines of the explanation, at most so wide. Raises EventError for a vendor without signatures."""
    signatures, policy, subject = context.signatures, context.policy, context.subject
    if event.vendor not in signatures.vendors:
        raise EventError(
            f"flow {event['netmon.flow_id']} is of {event.vendor}, a vendor that the signatures in use lack; "
            "--signatures gives another folder"
        )
    yield from _wrapped(_headline(event), width, "", "")
    sections = (
        ("Packets", tell_packets(event)),
        ("Name", tell_name(event)),
        ("Signature", tell_signature(event, signatures)),
        ("Place", tell_place(event, signatures)),
        ("Countries of concern", tell_concerns(event, signatures, policy, subject)),
        ("Promise and policy", tell_references(event, signatures, policy, subject)),
        ("Verdict", tell_verdict(event)),
        ("What is not known", tell_unknown(event)),
    )
    for number, (title, sentences) in enumerate(sections, 1):
        yield ""
        yield f"{number}. {title}"
        yield from _section(sentences, width)


def _headline(event: FlowEvent) -> str:
    severity = f", severity {event['netmon.severity']}" if event["netmon.severity"] else ""
    return (
        f"Flow {event['netmon.flow_id']}, {event['event.start']}: {event.vendor} "
        f"({event['netmon.component']}): {event['netmon.verdict']} ({event['netmon.reason']}){severity}"
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
