"""The last part of the chain: the row of the table that decided, what that means, and what nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netmon.explain.event import FlowEvent
from netmon.language.language import Language
from netmon.language.marking import _
from netmon.language.recorded import Recorded
from netmon.language.words import CONFIDENCE, OUTCOME, SEVERITY
from netmon.verdict.judgement import LIMITING
from netmon.verdict.table import REASONS
from netmon.verdict.wording import SENTENCES

_MEANS: Mapping[str, str] = {
    "expected": _(
        "The first hop is where it was promised or allowed. That the data stayed there is not shown."
    ),
    "unexpected": _(
        "The first hop is not where it was promised or allowed, or is in a country of concern. "
        "Which data was sent, and that a law or a promise was broken, is not shown."
    ),
    "undecided": _("Neither a finding nor an all-clear: nothing follows from it about the flow."),
    "forbidden": _("The organisation's policy does not allow the contact. The place played no part in that."),
}
_WEIGHT: Mapping[str, str] = {
    "critical": _("it deserves a look at once"),
    "warning": _("it deserves a look"),
    "notice": _("it is noted, and raises no alarm"),
}
_LACKS: Mapping[str, str] = {
    "place": _("where the flow ended"),
    "promise": _("a promise or a policy with which the place could be compared"),
    "evidence": _("evidence of who answered, or of the complete flow"),
}
_NEVER_KNOWN = (
    _("What was sent: netmon does not decrypt."),
    _("What the server did with it: a sensor sees the first hop only."),
    _("Who used the client, and which program did: netmon sees addresses and names."),
    _("Whether all sources share one error: independent providers may read the same wrong record."),
    _("Whether packets were forged in the path: whoever reads and writes there can imitate both sides."),
    _("Whether the sensor's clock was right: all times are those of the capture."),
    _(
        "Whether this record was changed: netmon does not sign events. Keep the capture and its checksum; "
        "`netmon explain --flow` tells the chain from the packets again."
    ),
)


def tell_verdict(event: FlowEvent, language: Language) -> Iterator[str]:
    """The row that decided, the facts that the table looked at, and what the verdict does not mean."""
    say, verdict = language.say, event["netmon.verdict"]
    yield say(
        "The first row of the table whose condition holds decides. Here: {row}.", row=say(event["netmon.row"])
    )
    yield say(
        "So the flow is {verdict}: {reason}.",
        verdict=say(OUTCOME[verdict]),
        reason=say(REASONS[event["netmon.reason"]]),
    )
    for fact in _facts(event, language):
        yield say("Fact: {fact}.", fact=fact)
    lacks, severity = event["netmon.lacks"], event["netmon.severity"]
    if lacks is not None:
        yield say("For a decision this is missing: {what}.", what=say(_LACKS.get(lacks, lacks)))
    if severity in _WEIGHT:
        yield say(
            "Severity {severity}: {weight}.", severity=say(SEVERITY[severity]), weight=say(_WEIGHT[severity])
        )
    elif severity is not None:
        yield say("Severity {severity}.", severity=severity)
    if event["netmon.explanation"] is not None:
        yield Recorded(SENTENCES, language).say(event["netmon.explanation"])
    yield say(_MEANS[verdict])


def tell_unknown(event: FlowEvent, language: Language) -> Iterator[str]:
    """What cannot be known from packets, whatever the verdict."""
    if event["netmon.interception"] == "suspected":
        yield language.say(
            "Whether the server answered at all: a middlebox seems to answer handshakes, so round trips "
            "exclude nothing."
        )
    yield from map(language.say, _NEVER_KNOWN)


def _facts(event: FlowEvent, language: Language) -> Iterator[str]:
    """The facts of the table, in its order, as far as the event has them."""
    say, confidence = language.say, event["netmon.place.confidence"]
    yield say("the trust in the signature is {status}", status=event["netmon.signature_status"])
    if event["netmon.reason"] == "sinkholed":
        yield say("the address is not global")
    else:
        yield say("the address is global, or a source locates it")
    yield say("the contact is {contact}", contact=event["netmon.contact"])
    yield say("the grounds of the match are {grounds}", grounds=event.grounds)
    country = f" {say('or')} ".join(event["netmon.place.claims"] or [event["netmon.place.country"]])
    yield say(
        "the place is {confidence}: {country}",
        confidence=say(CONFIDENCE.get(confidence, confidence)),
        country=country,
    )
    yield say("the promise that was applied is {promise}", promise=event["netmon.promise"] or say("none"))
    limiting = sorted(LIMITING.intersection(event.view))
    yield say("packets that were not seen: {kinds}", kinds=", ".join(limiting) or say("none known"))
    if event["netmon.dns_answer.resolved"]:
        yield say(
            "DNS that the site asked for has this name and address, so the vendor is shown to answer there"
        )
