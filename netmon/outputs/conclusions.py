"""The result for each vendor: a title in capitals, and why, in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from netmon.language.language import Language
from netmon.language.marking import _
from netmon.language.words import SEVERITY
from netmon.outputs.flow_sums import COLOURS, SEVERITY_COLOURS, FlowHeading, FlowLine, FlowSum
from netmon.outputs.texts import bytes_text, flows_text
from netmon.records import LACKS, SEVERITIES, Lack
from netmon.verdict.table import REASONS

_SHOWN_PLACES = 3

_FINDING: Mapping[str, str] = {"unexpected": _("UNEXPECTED"), "forbidden": _("FORBIDDEN")}
_LACK: Mapping[Lack, str] = {
    "place": _("whose place is not established"),
    "promise": _("of known place, for which nothing was promised"),
    "evidence": _("with incomplete evidence"),
}
_IN_COUNTRY: Mapping[str, str] = {
    "unknown": _("in an unknown country"),
    "disputed": _("where the sources contradict each other"),
}
_NOTHING_PROMISED = frozenset({"no_promise", "service_ended"})
"""Reasons of undecided flows that no promise applies to, whoever the users are."""

Lines = Sequence[tuple[FlowLine, FlowSum]]


class Conclusion(Struct, frozen=True):
    """What the summary leads with about a vendor, or about the run."""

    rank: int  # the worst has the lowest
    title: str
    why: str
    colour: str
    is_finding: bool = False


def conclude(vendor: str, lines: Lines, language: Language, *, is_poor: bool = False) -> Conclusion:
    """The result for a vendor, of which there are flows. `is_poor`: there may have been more of them."""
    findings = sorted((line.heading for line, _ in lines if line.heading.severity), key=lambda one: one.rank)
    if findings:
        return _of_findings(vendor, findings[0], lines, language)
    total = _sum(lines)
    expected = [one for one in lines if one[0].heading.outcome == "expected"]
    elsewhere = [one for one in lines if _is_elsewhere(one[0].heading)]
    if elsewhere and 2 * _sum(elsewhere).flows >= _sum_of(lines, "undecided").flows:
        title = language.say("ELSEWHERE, NOTHING PROMISED")
        why = _why_elsewhere(elsewhere, lines, language)
        return Conclusion(3, f"{title}: {vendor}", why, COLOURS["undecided"])
    if not expected:
        why_not = not_judged(lines, language)
        return Conclusion(4, f"{language.say('NOT JUDGED')}: {vendor}", why_not, COLOURS["undecided"])
    if _sum(expected).flows < total.flows:
        title = language.say("AS PROMISED OR ALLOWED, IN PART")
        return Conclusion(5, f"{title}: {vendor}", rest(lines, language), COLOURS["undecided"])
    title = _as_expected(expected, language)
    if is_poor:
        title = language.say("{title}, as far as could be seen", title=title)
    return Conclusion(6, f"{title}: {vendor}", rest(lines, language), COLOURS["expected"])


def _as_expected(lines: Lines, language: Language) -> str:
    """The title if every flow is expected: because of a promise, because of the policy, or of either."""
    promised = {line.heading.reason == "place_as_promised" for line, _ in lines}
    if len(promised) > 1:
        return language.say("AS PROMISED OR ALLOWED")
    return language.say("AS PROMISED") if True in promised else language.say("AS ALLOWED BY THE POLICY")


def _is_elsewhere(heading: FlowHeading) -> bool:
    return heading.lacks == "promise" and heading.reason in _NOTHING_PROMISED


def _of_findings(vendor: str, worst: FlowHeading, lines: Lines, language: Language) -> Conclusion:
    severity = worst.severity or "notice"
    title = f"{language.say(_FINDING[worst.outcome])}, {language.say(SEVERITY[severity])}: {vendor}"
    meant = [one for one in lines if one[0].heading == worst]
    sums: Counter[str] = Counter()
    for line, total in meant:
        sums[line.where] += total.flows
    places = "; ".join(place for place, _ in sums.most_common(_SHOWN_PLACES))
    found = _sum(meant)
    why = language.say_count(
        found.flows,
        "{count} of {flows}, with {sent} sent, went to {places}: {reason}.",
        "{count} of {flows}, with {sent} sent, went to {places}: {reason}.",
        flows=flows_text(_sum(lines).flows, language),
        sent=bytes_text(found.sent, language),
        places=f"{places}; …" if len(sums) > _SHOWN_PLACES else places,
        reason=language.say(REASONS[worst.reason]),
    )
    others = _other_findings(worst, lines, language)
    return Conclusion(
        2 - SEVERITIES.index(severity),
        title,
        f"{why} {others}" if others else why,
        SEVERITY_COLOURS[severity],
        is_finding=True,
    )


def _other_findings(worst: FlowHeading, lines: Lines, language: Language) -> str:
    """The findings for other reasons, or of another severity: how many of which."""
    others: dict[str, int] = {}
    ordered = sorted(lines, key=lambda one: one[0].heading.rank)
    for line, total in ordered:
        heading = line.heading
        if heading.severity and heading != worst:
            words = f"{language.say(_FINDING[heading.outcome])}, {language.say(SEVERITY[heading.severity])}"
            others[words] = others.get(words, 0) + total.flows
    if not others:
        return ""
    parts = "; ".join(f"{words}: {flows_text(flows, language)}" for words, flows in others.items())
    return language.say("Further findings: {parts}.", parts=parts)


def _why_elsewhere(elsewhere: Lines, lines: Lines, language: Language) -> str:
    where = where_they_ended(elsewhere, language)
    if _sum(lines).flows == 1:
        return language.say(
            "The place of the only flow is known, but nothing was promised with which it could be "
            "compared: {where}. That is no finding.",
            where=where,
        )
    return language.say(
        "For {count} of {flows}, the place is known, but nothing was promised with which it could be "
        "compared: {where}. That is no finding.",
        count=language.number(_sum(elsewhere).flows),
        flows=flows_text(_sum(lines).flows, language),
        where=where,
    )


def not_judged(lines: Lines, language: Language) -> str:
    """That no flow could be judged, why, and where they went all the same."""
    reasons: Counter[str] = Counter()
    for line, total in lines:
        reasons[line.heading.reason] += total.flows
    why = "; ".join(
        f"{language.say(REASONS[reason])} ({language.number(flows)})"
        for reason, flows in reasons.most_common()
    )
    return language.say_count(
        _sum(lines).flows,
        "The only flow could not be judged: {why}. As located, without a judgement: {where}.",
        "None of {count} flows could be judged: {why}. As located, without a judgement: {where}.",
        why=why,
        where=where_they_ended(lines, language),
    )


def rest(lines: Lines, language: Language) -> str:
    """The flows without a finding, in one sentence."""
    total = _sum(lines).flows
    of = {outcome: _sum_of(lines, outcome) for outcome in ("expected", "undecided")}
    expected, undecided = of["expected"].flows, of["undecided"].flows
    by_exception = sum(one.flows for line, one in lines if line.heading.reason == "policy_exception")
    excepted = (
        language.say(", {count} of them by an exception of the policy", count=language.number(by_exception))
        if by_exception
        else ""
    )
    if total == expected:
        return language.say_count(
            total,
            "The only flow ended as expected{excepted}.",
            "All {count} flows ended as expected{excepted}.",
            excepted=excepted,
        )
    decided = language.say_count(
        expected,
        "{count} of {flows} ended as expected{excepted}",
        "{count} of {flows} ended as expected{excepted}",
        flows=flows_text(total, language),
        excepted=excepted,
    )
    if undecided == 0:
        return f"{decided}."
    lacks = {lack: sum(one.flows for line, one in lines if line.heading.lacks == lack) for lack in LACKS}
    missing = (f"{language.number(lacks[one])} {language.say(_LACK[one])}" for one in LACKS if lacks[one])
    return language.say_count(
        undecided,
        "{decided}; {count} could not be judged ({lacks}): {where}.",
        "{decided}; {count} could not be judged ({lacks}): {where}.",
        decided=decided,
        lacks=", ".join(missing),
        where=where_they_ended([one for one in lines if one[0].heading.outcome == "undecided"], language),
    )


def where_they_ended(lines: Lines, language: Language) -> str:
    """The countries in which flows ended, those with most bytes first."""
    countries: dict[str, FlowSum] = {}
    for line, total in lines:
        countries.setdefault(line.country, FlowSum()).add(total.flows, total.sent, total.received)
    ordered = sorted(countries.items(), key=lambda one: (-one[1].sent - one[1].received, one[0]))
    return "; ".join(
        language.say(
            "{flows} with {bytes} {where}",
            flows=flows_text(total.flows, language),
            bytes=bytes_text(total.sent + total.received, language),
            where=_in_country(country, language),
        )
        for country, total in ordered
    )


def _in_country(country: str, language: Language) -> str:
    if country in _IN_COUNTRY:
        return language.say(_IN_COUNTRY[country])
    return language.say("in {country}", country=language.country_in_text(country))


def _sum(lines: Lines) -> FlowSum:
    total = FlowSum()
    for _line, one in lines:
        total.add(one.flows, one.sent, one.received)
    return total


def _sum_of(lines: Lines, outcome: str) -> FlowSum:
    return _sum([one for one in lines if one[0].heading.outcome == outcome])
