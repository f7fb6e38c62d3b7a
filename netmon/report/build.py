"""From the facts of a period to the report, which depends on nothing else but the signatures' texts."""

from __future__ import annotations

from collections.abc import Sequence

from netmon.days import iso_day
from netmon.outputs.json_line import visible
from netmon.report.answers import alarm_of, answer
from netmon.report.blind import view_of
from netmon.report.facts import PeriodFacts
from netmon.report.findings import all_findings, findings_of, other_findings
from netmon.report.model import FORMAT, Report
from netmon.report.resolvers import resolvers_of
from netmon.report.scope import scope_of, used_by
from netmon.report.stated import concerns_of, measures_of, promises_of
from netmon.report.sums import as_sum, total_of
from netmon.report.tables import arcs_of, places_on_map, rows_of, time_line, without_place
from netmon.signatures.model import SignatureSet, Vendor


def build(
    facts: PeriodFacts, signatures: SignatureSet, vendors: Sequence[str], asked: Sequence[str]
) -> Report:
    """The report about these vendors; `asked` are the words of the command."""
    known = {vendor: signatures.vendors[vendor] for vendor in vendors if vendor in signatures.vendors}
    groups, locations = facts.groups, signatures.locations
    countries = {country for run in facts.runs for country in run.countries}
    day = iso_day(facts.until_ns)
    applied = {one.meaning.promise for one in groups}
    seen = {
        vendor: {one.meaning.component for one in groups if one.meaning.vendor == vendor}
        for vendor in vendors
    }
    of_concern = {vendor: _of_concern(facts, vendor, known.get(vendor), countries, day) for vendor in vendors}
    whole = sum(group.amount.total_bytes for group in groups)
    quoted = {key: one for vendor in known.values() for key, one in vendor.databases.items()}
    findings = tuple(findings_of(facts, locations, quoted))
    answers = [
        answer(
            vendor,
            known[vendor].title if vendor in known else vendor,
            [one for one in groups if one.meaning.vendor == vendor],
            facts.machines.get(vendor),
            of_concern[vendor],
            facts.looked_up.get(vendor, 0),
            {country: one for (of, country), one in facts.located.items() if of == vendor},
        )
        for vendor in vendors
    ]
    return Report(
        format=FORMAT,
        asked=tuple(map(visible, asked)),
        answers=tuple(sorted(answers, key=alarm_of)),
        total=as_sum(total_of(group.amount for group in groups), whole),
        scope=scope_of(facts),
        findings_total=as_sum(all_findings(facts)),
        findings=findings,
        findings_more=as_sum(other_findings(facts)),
        resolvers=tuple(resolvers_of(facts)),
        destinations=places_on_map(groups, locations),
        unplaced=as_sum(without_place(groups), whole),
        arcs=arcs_of(groups, locations),
        time_line=time_line(facts),
        rows=tuple(rows_of(groups, locations)),
        view=view_of(facts),
        promises=tuple(
            text for one in known.values() for text in promises_of(one, seen[one.id], countries, day, applied)
        ),
        concerns=tuple(text for one in known.values() for text in concerns_of(one, of_concern[one.id])),
        measures=tuple(text for one in known.values() for text in measures_of(one)),
        used=tuple(used_by(facts, quoted)),
        signatures_sha256=signatures.sha256,
    )


def _of_concern(
    facts: PeriodFacts, vendor: str, known: Vendor | None, countries: set[str], day: str
) -> set[str]:
    """The countries that flows were compared with; without a flow, those of the signatures on this day."""
    compared = {
        one.country
        for group in facts.groups
        if group.meaning.vendor == vendor
        for one in group.meaning.concerns
    }
    if compared or known is None:
        return compared
    return {
        one.country
        for one in known.concerns
        if one.since <= day <= (one.until or day) and (not one.subjects or one.subjects & countries)
    }
