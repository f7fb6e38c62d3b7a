"""The reading of capture files: from the files that were named to a summary, events, stores and evidence."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING

from msgspec import Struct

from netmon import wiring
from netmon._engine import EventWriter
from netmon.cli.late import LateModule
from netmon.cli.named_files import NamedFiles
from netmon.cli.options import SourceName
from netmon.cli.page import progress_console
from netmon.cli.progress import progress_of
from netmon.cli.reading import reading_signatures
from netmon.cli.summary_page import doubts_of
from netmon.cli.terminal import json_stream, log
from netmon.config.settings import Config
from netmon.errors import EventError, SourceError
from netmon.language.language import Language
from netmon.outputs import Output
from netmon.outputs.clients_seen import ClientsSeen
from netmon.outputs.ecs import Stream
from netmon.outputs.finding_count import FindingCount
from netmon.outputs.observer import Observer
from netmon.outputs.summary import Summary
from netmon.signatures.cached import cache_folder
from netmon.signatures.match import compile_matcher
from netmon.sources import Stats
from netmon.sources.file_identity import run_of
from netmon.sources.files import FileSource, ReportPosition
from netmon.sources.stop_request import StopRequest

if TYPE_CHECKING:
    from netmon.cli.views import View
    from netmon.evidence import assembly
    from netmon.outputs import events as event_lines
    from netmon.outputs import metric_events
    from netmon.sources import scapy_source
    from netmon.store import history, queries, reading, sqlite
    from netmon.store import kept as keeping
else:
    assembly = LateModule("netmon.evidence.assembly")
    event_lines = LateModule("netmon.outputs.events")
    metric_events = LateModule("netmon.outputs.metric_events")
    history = LateModule("netmon.store.history")
    keeping = LateModule("netmon.store.kept")
    queries = LateModule("netmon.store.queries")
    reading = LateModule("netmon.store.reading")
    scapy_source = LateModule("netmon.sources.scapy_source")
    sqlite = LateModule("netmon.store.sqlite")


class ReadingPlan(Struct, frozen=True):
    """How files are read, and what becomes of their flows besides the summary."""

    source: SourceName
    json: bool  # events on standard output
    every: bool  # also those that match no vendor
    follow: bool
    store: str | None
    views: bool  # `view` is to be called
    workers: int = 1


class CaptureReading:
    """Files that are read once, by `run`; the other members are its results.

    There is no summary of what is written as events.
    """

    def __init__(
        self, files: NamedFiles, plan: ReadingPlan, configured: Config, settings: Config, language: Language
    ) -> None:
        """`configured` is for what is stored, `settings` for what is shown: they show clients differently.

        Raises ConfigError and SignatureError.
        """
        self._files, self._plan, self._language = files, plan, language
        self._configured, self._settings = configured, settings
        with reading_signatures(progress_console()) as count:
            self._known = wiring.load_signatures(settings, log, count, cache_folder(os.environ))
        self._databases = wiring.open_databases(settings, log)
        self._monitor = wiring.make_monitor(settings, self._known, databases=self._databases)
        self._matcher = compile_matcher(self._known)
        self._privacy = wiring.make_privacy(settings)
        clients = ClientsSeen(self._known.vendors, settings.policy, settings.inventory)
        self.summary = Summary(self._known.locations, self._privacy, clients, language)
        self._observer = Observer(settings.sensor, settings.site, run_of(files.paths, files.expression))
        self.found = FindingCount()
        self._kept: list[keeping.Kept] = []
        self.stats: Stats = {}
        self.problems = list(files.problems)
        """Files that could not be read, or not completely."""

    def run(self, stack: ExitStack, stop: StopRequest) -> None:
        """Reads the files. The stack closes what was opened, after views were shown. Raises NetmonError."""
        evidence = stack.enter_context(self._opened_evidence())
        outputs: list[Output] = [] if self._plan.json else [self.summary]
        lines = self._lines(evidence) if self._plan.json else None
        events = self._events(lines) if lines and "flow" in self._settings.datasets else None
        outputs += [events] if events else []
        chosen = [metric_events.ChosenDatasets(lines, self._settings.datasets)] if lines else []
        of_run = [
            reading.ReadingRun(one, self._under(self._settings))
            for one in chosen
            if self._settings.has_run_events
        ]
        self._kept = list(self._stores(stack))
        outputs += [*(one.reading for one in self._kept), self.found]
        shares_terminal = self._plan.json and sys.stdout is not None and sys.stdout.isatty()
        console = progress_console()
        with progress_of(console, self._files.paths, self.found, shares_terminal=shares_terminal) as report:
            reader = self._open(report, stop, events.writer if events else None)
            if evidence:
                announced: list[Stream] = [*(one.intake for one in self._kept), *chosen]
                recorder = evidence.recorder(
                    self._known, self._databases, reader.kept, self._observer, announced
                )
                outputs.append(recorder)
            for batch in reader.batches():
                wiring.deliver(batch, self._monitor, outputs, events)
        self.stats = reader.stats()
        self.problems += reader.problems
        self._coverage = reader.coverage()
        problems = [*self.problems, *self._coverage.lines()]
        for one in of_run:
            one.finish(self.stats, problems)
        for kept in self._kept:
            if stop.is_asked and kept.replaces:
                log("interrupted: what the store has of these files stays as it was")
            else:
                self._finish(kept, problems)

    def _finish(self, kept: keeping.Kept, problems: list[str]) -> None:
        """Stores the reading; if the store cannot hold its times, that is a problem besides the result."""
        try:
            kept.finish(self.stats, problems)
        except EventError as error:
            self.problems.append(f"{self._plan.store}: nothing was stored: {error}")

    def view(self, by: View) -> history.History:
        """The flows of the files, grouped."""
        return history.read_history(self._kept[-1].store, queries.Scope(), by.value)

    def doubts(self) -> Iterator[str]:
        """Reasons to doubt the result, one line each."""
        yield from doubts_of(self.stats, self._language)
        yield from self._coverage.lines(self._language)
        yield from self.problems
        yield from self._databases.take_problems()

    def _opened_evidence(self) -> AbstractContextManager[assembly.OpenEvidence | None]:
        """Where the run writes its evidence; None if it writes none."""
        if self._settings.evidence.folder is None:
            return nullcontext()
        return assembly.opened_evidence(self._settings, self._privacy, log)

    def _lines(self, evidence: assembly.OpenEvidence | None) -> Stream:
        """Standard output for events, for the chain of the evidence as well."""
        return evidence.chained(json_stream()) if evidence else json_stream()

    def _events(self, stream: Stream) -> event_lines.Events:
        """The events of flows and DNS messages on a stream."""
        resolvers = [one.id for one in self._known.resolvers.entries]
        shown = (self._privacy, self._known.locations, self._observer)
        return event_lines.Events(stream, *shown, resolvers=resolvers)

    def _stores(self, stack: ExitStack) -> Iterator[keeping.Kept]:
        """The store that was asked for, and one in memory for views."""
        in_memory = sqlite.MEMORY if self._plan.views else None
        for file, about in ((self._plan.store, self._configured), (in_memory, self._settings)):
            if file is not None:
                under = self._under(about)
                kept = stack.enter_context(keeping.kept_in(file, under, is_followed=self._plan.follow))
                for note in kept.notes:
                    log(note)
                yield kept

    def _under(self, about: Config) -> reading.ReadUnder:
        """What is read, and under which of the two configurations."""
        return reading.ReadUnder(
            about,
            self._known,
            self._databases.current,
            wiring.make_privacy(about),
            self._observer,
            self._files.paths,
            self._files.expression,
        )

    def _open(
        self, report: ReportPosition | None, stop: StopRequest, writer: EventWriter | None
    ) -> FileSource | scapy_source.ScapyFileSource:
        """The source of the files. Raises SourceError."""
        files, plan = self._files, self._plan
        limits = self._settings.engine_keywords()
        if plan.source is SourceName.NATIVE:
            return FileSource(
                files.paths,
                self._matcher,
                filter_expression=files.expression,
                every_flow=plan.every,
                limits=limits,
                progress=report,
                stop=stop,
                follow=plan.follow,
                mark=files.mark,
                events=writer,
                workers=plan.workers,
            )
        if plan.follow:
            raise SourceError("--follow reads files with --source native only")
        if files.expression:
            raise SourceError("--source scapy takes no filter with files")
        return scapy_source.ScapyFileSource(
            files.paths, self._matcher, every_flow=plan.every, limits=limits, stop=stop, events=writer
        )
