"""The scope of the report: sensors, interfaces, period, gaps and files, and what decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from netmon.outputs.events import timestamp
from netmon.report.facts import Amount, PeriodFacts, ReadFile, RunFact, WatchGap
from netmon.report.model import FileScope, Interruption, ReportScope, SensorScope, Used
from netmon.report.sums import add_up, as_sum, total_of

MOST_GAPS = 20
"""Gaps that are listed, the longest first."""


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
    files = {(file.path, file.sha256): file for run in facts.runs for file in run.files}
    return ReportScope(
        since=timestamp(facts.since_ns),
        until=timestamp(facts.until_ns),
        seconds=(facts.until_ns - facts.since_ns) / 1e9,
        countries=tuple(sorted({country for run in facts.runs for country in run.countries})),
        sensors=tuple(
            _sensor(runs, amounts.get(name, Amount()), whole, [gap for gap in gaps if gap.sensor == name])
            for name, runs in sorted(by_sensor.items())
        ),
        files=tuple(map(_file, sorted(files.values(), key=lambda file: file.path))),
        problems=tuple(dict.fromkeys(line for run in facts.runs for line in run.problems)),
        gaps=tuple(map(_gap, gaps[:MOST_GAPS])),
        gaps_more=max(0, len(gaps) - MOST_GAPS),
    )


def used_by(facts: PeriodFacts) -> Iterator[Used]:
    """Each version of netmon, of the signatures and of each database, with the number of its runs."""
    versions = Counter(run.version for run in facts.runs)
    for version, runs in sorted(versions.items()):
        yield Used("netmon", "netmon", version, None, runs)
    signatures = Counter(run.signatures_sha256 for run in facts.runs)
    for sha256, runs in sorted(signatures.items()):
        yield Used("signatures", "signatures", None, sha256, runs)
    databases = Counter(one for run in facts.runs for one in run.databases)
    for one, runs in sorted(databases.items(), key=lambda item: (item[0].name, item[0].built or "")):
        yield Used("database", one.name, one.built, one.sha256, runs)


def _sensor(runs: Sequence[RunFact], amount: Amount, whole: int, gaps: Sequence[WatchGap]) -> SensorScope:
    last = max(runs, key=lambda run: run.start_ns)
    return SensorScope(
        name=last.sensor,
        site=last.site,
        interfaces=tuple(sorted({interface for run in runs for interface in run.interfaces})),
        first=timestamp(min(run.start_ns for run in runs)),
        last=timestamp(max(run.end_ns for run in runs)),
        runs=len(runs),
        countries=tuple(sorted({country for run in runs for country in run.countries})),
        privacy=tuple(sorted({run.privacy for run in runs})),
        latitude=last.latitude,
        longitude=last.longitude,
        sum=as_sum(amount, whole),
        gaps=len(gaps),
        gap_s=sum(gap.end_ns - gap.start_ns for gap in gaps) / 1e9,
    )


def _file(file: ReadFile) -> FileScope:
    return FileScope(file.path, file.sha256, file.size)


def _gap(gap: WatchGap) -> Interruption:
    seconds = (gap.end_ns - gap.start_ns) / 1e9
    return Interruption(gap.sensor, gap.interface, timestamp(gap.start_ns), timestamp(gap.end_ns), seconds)
