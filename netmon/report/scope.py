"""The scope of the report: sensors, interfaces, period, gaps and files, and what decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from netmon.outputs.ecs import timestamp
from netmon.places.decision import DECLARED
from netmon.report.facts import USED_KINDS, Amount, PeriodFacts, ReadFile, RunFact, UsedFact
from netmon.report.model import (
    AskedPeriod,
    CoveredPeriod,
    FileScope,
    Interruption,
    ReportScope,
    SensorScope,
    Used,
)
from netmon.report.sums import add_up, as_sum, total_of
from netmon.signatures.model import QuotedDatabase
from netmon.store.gaps import WatchGap
from netmon.store.spans import TOLERANCE_NS

MOST_GAPS = 20
"""Gaps that are listed, the longest first."""
MOST_FILES = 6
"""Files that the first page lists; a table has all."""


def scope_of(facts: PeriodFacts) -> ReportScope:
    """What the report is about."""
    by_sensor: dict[str, list[RunFact]] = {}
    for run in facts.runs:
        by_sensor.setdefault(run.sensor, []).append(run)
    amounts = add_up(facts.groups, lambda group: group.sensor)
    whole = total_of(amounts.values()).total_bytes
    gaps = sorted(
        facts.gaps, key=lambda gap: (gap.start_ns - gap.end_ns, gap.start_ns, gap.sensor, gap.interface)
    )
    names = sorted({*by_sensor, *(gap.sensor for gap in gaps)})
    files = {(file.path, file.sha256): file for run in facts.runs for file in run.files}
    return ReportScope(
        since=timestamp(facts.since_ns),
        until=timestamp(facts.until_ns),
        seconds=(facts.until_ns - facts.since_ns) / 1e9,
        covered=CoveredPeriod(
            timestamp(_begin(facts)), timestamp(facts.until_ns), (facts.until_ns - _begin(facts)) / 1e9
        ),
        asked=_asked(facts),
        undivided=facts.undivided,
        filters=_filters(facts.runs),
        unknown_filters=sum(run.is_recorded and run.filter is None for run in facts.runs),
        countries=tuple(sorted({country for run in facts.runs for country in run.countries})),
        sensors=tuple(
            _sensor(name, by_sensor.get(name, ()), amounts.get(name, Amount()), whole, gaps) for name in names
        ),
        files=tuple(map(_file, sorted(files.values(), key=lambda file: file.path))),
        problems=tuple(dict.fromkeys(line for run in facts.runs for line in run.problems)),
        gaps=tuple(map(_gap, gaps[:MOST_GAPS])),
        gaps_more=max(0, len(gaps) - MOST_GAPS),
        all_gaps=len(gaps),
        gap_s=sum(gap.end_ns - gap.start_ns for gap in gaps) / 1e9,
        all_sensors=len(names),
        files_more=max(0, len(files) - MOST_FILES),
    )


def _begin(facts: PeriodFacts) -> int:
    """Since when there is a record."""
    return max(facts.since_ns, min((run.start_ns for run in facts.runs), default=facts.since_ns))


def _asked(facts: PeriodFacts) -> AskedPeriod | None:
    since_ns, until_ns = facts.asked
    if since_ns is None and until_ns is None:
        return None
    missing_ns = (
        0 if since_ns is None else _begin(facts) - since_ns,
        0 if facts.expected_ns is None else facts.expected_ns - facts.until_ns,
    )
    return AskedPeriod(
        None if since_ns is None else timestamp(since_ns),
        None if until_ns is None else timestamp(until_ns),
        max(missing_ns) <= TOLERANCE_NS,
    )


def _filters(runs: Iterable[RunFact]) -> tuple[str, ...]:
    return tuple(sorted({run.filter for run in runs if run.filter}))


def used_by(facts: PeriodFacts, quoted: Mapping[str, QuotedDatabase]) -> Iterator[Used]:
    """Each version of what decided, with the number of its runs, and each source whose votes it quoted."""
    counted = Counter(one for run in facts.runs for one in run.used)
    for one, runs in sorted(counted.items(), key=lambda item: _order(item[0])):
        yield Used(one.kind, one.name, one.version, one.sha256, runs)
    databases = {one.name for one in counted if one.kind == "database"}
    voted = {vote for group in facts.groups for vote in group.meaning.voted if vote[0] not in databases}
    for name, day in sorted(voted, key=lambda vote: (vote[0], vote[1] or "")):
        quoting = "configuration" if name == DECLARED else "signatures"
        hashes = {one.sha256 for one in counted if one.kind == quoting}
        sha256 = hashes.pop() if len(hashes) == 1 else None
        about = quoted.get(name)
        more = (about.title, about.attribution) if about else ()
        yield Used("source", name, day, sha256, None, *more)


def _order(one: UsedFact) -> tuple[int, str, str, str]:
    return USED_KINDS.index(one.kind), one.name, one.version or "", one.sha256 or ""


def _sensor(
    name: str, runs: Sequence[RunFact], amount: Amount, whole: int, gaps: Sequence[WatchGap]
) -> SensorScope:
    """A sensor; without a run in the period, it has gaps only."""
    last = max(runs, key=lambda run: run.start_ns, default=None)
    own = [gap for gap in gaps if gap.sensor == name]
    interfaces = {interface for run in runs for interface in run.interfaces}
    return SensorScope(
        name=name,
        site=last.site if last else None,
        interfaces=tuple(sorted(interfaces or {gap.interface for gap in own} - {""})),
        first=timestamp(min(run.start_ns for run in runs)) if runs else None,
        last=timestamp(max(run.end_ns for run in runs)) if runs else None,
        runs=len(runs),
        unrecorded=sum(not run.is_recorded for run in runs),
        countries=tuple(sorted({country for run in runs for country in run.countries})),
        privacy=tuple(sorted({run.privacy for run in runs if run.privacy is not None})),
        filters=_filters(runs),
        latitude=last.latitude if last else None,
        longitude=last.longitude if last else None,
        sum=as_sum(amount, whole),
        gaps=len(own),
        gap_s=sum(gap.end_ns - gap.start_ns for gap in own) / 1e9,
    )


def _file(file: ReadFile) -> FileScope:
    return FileScope(file.path, file.sha256, file.size)


def _gap(gap: WatchGap) -> Interruption:
    seconds = (gap.end_ns - gap.start_ns) / 1e9
    return Interruption(gap.sensor, gap.interface, timestamp(gap.start_ns), timestamp(gap.end_ns), seconds)
