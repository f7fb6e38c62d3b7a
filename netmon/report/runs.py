"""The runs of a period: under which conditions they judged, and those of which the store has flows alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from netmon.report.facts import ReadFile, RunFact, UsedFact
from netmon.store import queries
from netmon.store.levels import levels_by_run
from netmon.store.queries import Reader, Scope
from netmon.store.runs import PeriodRuns, StoredRun, UnrecordedRun


def run_facts(reader: Reader, selection: Scope, runs: PeriodRuns) -> Iterator[RunFact]:
    """The runs; those of which there is no record come last, with the times of their flows."""
    conditions, levels = _Conditions(reader, selection), levels_by_run(reader, selection)
    for one in runs.inside:
        yield _run(one, conditions.of(one), levels.get(one.key, one.row["privacy"]))
    yield from map(_unrecorded, runs.unrecorded)


def _unrecorded(one: UnrecordedRun) -> RunFact:
    return RunFact(
        one.sensor,
        one.site,
        one.run,
        one.first_ns,
        one.last_ns,
        privacy=None,
        filter=None,
        is_viewed=False,
        is_recorded=False,
    )


def _run(one: StoredRun, judged_by: Iterable[Mapping[str, Any]], level: int) -> RunFact:
    document, row = one.about, one.row
    conditions = document["conditions"]
    subject, position = conditions.get("subject", {}), conditions.get("position") or {}
    countries = {subject.get("country"), *(subject.get("networks") or {}).values()} - {None}
    return RunFact(
        sensor=row["sensor"],
        site=row["site"],
        run=row["run"],
        start_ns=one.start_ns,
        end_ns=one.end_ns,
        interfaces=tuple(document.get("interfaces", ())),
        countries=tuple(sorted(countries)),
        privacy=min(level, row["privacy"]),
        latitude=position.get("latitude"),
        longitude=position.get("longitude"),
        used=tuple(dict.fromkeys(used for each in judged_by for used in _used(each))),
        files=tuple(
            ReadFile(file["name"], file.get("sha256"), file.get("size")) for file in document.get("files", ())
        ),
        problems=tuple(document.get("problems", ())),
        filter=document.get("filter"),
        is_ended=one.is_ended,
        is_viewed=one.is_viewed,
    )


def _used(conditions: Mapping[str, Any]) -> Iterator[UsedFact]:
    """What decided under these conditions."""
    yield UsedFact("netmon", "netmon", conditions["version"], conditions.get("program_sha256"))
    if "configuration_sha256" in conditions:
        yield UsedFact("configuration", "configuration", None, conditions["configuration_sha256"])
    yield UsedFact("signatures", "signatures", None, conditions["signatures"]["sha256"])
    for one in conditions.get("databases", ()):
        yield UsedFact("database", one["name"], one.get("date"), one.get("sha256"))


class _Conditions:
    """Under which conditions runs judged in a period: those at its beginning, and each change."""

    def __init__(self, reader: Reader, selection: Scope) -> None:
        self._since_ns = selection.since_ns or 0
        self._of: dict[tuple[str, str], list[tuple[int, Mapping[str, Any]]]] = {}
        for row in queries.rows(reader, "conditions", replace(selection, since_day=None, begin_ns=None)):
            self._of.setdefault((row["sensor"], row["run"]), []).append((row["since_ns"], row["document"]))

    def of(self, run: StoredRun) -> list[Mapping[str, Any]]:
        """Those of a run; its record has what it ended with."""
        found = self._of.get(run.key, [])
        before = [document for since_ns, document in found if since_ns <= self._since_ns]
        later = [document for since_ns, document in found if since_ns > self._since_ns]
        return [*before[-1:], *later] or [run.about["conditions"]]
