"""The last part of the chain: the row of the table that decided, what that means, and what nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netmon.explain.event import FlowEvent
from netmon.verdict.judgement import LIMITING
from netmon.verdict.table import REASONS

_MEANS: Mapping[str, str] = {
    "expected": "The first hop is where it was promised or allowed. That the data stayed there is not shown.",
    "unexpected": "The first hop is not where it was promised or allowed, or is in a country of concern. "
    "Which data was sent, and that a law or a promise was broken, is not shown.",
    "undecided": "Neither a finding nor an all-clear: nothing follows from it about the flow.",
    "forbidden": "The organisation's policy does not allow the contact. The place played no part in that.",
}
_SEVERITY: Mapping[str, str] = {
    "critical": "it deserves a look at once",
    "warning": "it deserves a look",
    "notice": "it is noted, and raises no alarm",
}
_LACKS: Mapping[str, str] = {
    "place": "where the flow ended",
    "promise": "a promise or a policy with which the place could be compared",
    "evidence": "evidence of who answered, or of the complete flow",
}
_NEVER_KNOWN = (
    "What was sent: netmon does not decrypt.",
    "What the server did with it: a sensor sees the first hop only.",
    "Who used the client, and which program did: netmon sees addresses and names.",
    "Whether all sources share one error: independent providers may read the same wrong record.",
    "Whether packets were forged in the path: whoever reads and writes there can imitate both sides.",
    "Whether the sensor's clock was right: all times are those of the capture.",
    "Whether this record was changed: netmon does not sign events. Keep the capture and its checksum; "
    "`netmon explain --flow` tells the chain from the packets again.",
)


def tell_verdict(event: FlowEvent) -> Iterator[str]:
    """The row that decided, the facts that the table looked at, and what the verdict does not mean."""
    yield f"The first row of the table whose condition holds decides. Here: {event['netmon.row']}."
    yield f"So the flow is {event['netmon.verdict']}: {REASONS[event['netmon.reason']]}."
    for fact in _facts(event):
        yield f"Fact: {fact}."
    if event["netmon.lacks"] is not None:
        yield f"For a decision this is missing: {_LACKS.get(event['netmon.lacks'], event['netmon.lacks'])}."
    severity = event["netmon.severity"]
    if severity is not None:
        yield f"Severity {severity}{f': {_SEVERITY[severity]}' if severity in _SEVERITY else ''}."
    if event["netmon.explanation"] is not None:
        yield event["netmon.explanation"]
    yield _MEANS[event["netmon.verdict"]]


def tell_unknown(event: FlowEvent) -> Iterator[str]:
    """What cannot be known from packets, whatever the verdict."""
    if event["netmon.interception"] == "suspected":
        yield (
            "Whether the server answered at all: a middlebox seems to answer handshakes, so round trips "
            "exclude nothing."
        )
    yield from _NEVER_KNOWN


def _facts(event: FlowEvent) -> Iterator[str]:
    """The facts of the table, in its order, as far as the event has them."""
    status = event["netmon.signature_status"]
    yield f"the trust in the signature is {status}"
    is_redirected = event["netmon.reason"] == "sinkholed"
    yield f"the address is {'not global' if is_redirected else 'global, or a source locates it'}"
    yield f"the contact is {event['netmon.contact']}"
    yield f"the grounds of the match are {event.grounds}"
    country = " or ".join(event["netmon.place.claims"] or [event["netmon.place.country"]])
    yield f"the place is {event['netmon.place.confidence']}: {country}"
    yield f"the promise that was applied is {event['netmon.promise'] or 'none'}"
    limiting = sorted(LIMITING.intersection(event.view))
    yield f"packets that were not seen: {', '.join(limiting) or 'none known'}"
    if event["netmon.dns_answer.resolved"]:
        yield "DNS that the site asked for has this name and address, so the vendor is shown to answer there"
