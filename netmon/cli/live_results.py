"""What a running sensor shows people: a line for each new finding, its state, and a summary at the end."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from netmon.cli.run_screen import RunScreen
from netmon.cli.summary_page import SummaryPage, show_summary
from netmon.config.settings import Config, store_path
from netmon.errors import StoreError
from netmon.language.language import Language
from netmon.outputs.clients_seen import ClientsSeen
from netmon.outputs.findings_seen import More
from netmon.outputs.new_findings import MAX_REMEMBERED, FindingKey, NewFindings
from netmon.outputs.status_text import StatusText
from netmon.outputs.summary import Summary
from netmon.privacy import Privacy
from netmon.sources import Stats
from netmon.store.latest import earlier_findings
from netmon.store.opening import opened_by_name

if TYPE_CHECKING:
    from netmon.sensor import Sensor


_KNOWN = (
    "findings that the store has of earlier runs are not printed again; `netmon top` shows the latest ones"
)


class LiveResults:
    """Adds the outputs for people to a sensor, and ends them after its run."""

    def __init__(
        self,
        sensor: Sensor,
        settings: Config,
        privacy: Privacy,
        screen: RunScreen,
        language: Language,
        *,
        with_summary: bool,
    ) -> None:
        """To be created before `sensor.run`."""
        self._sensor = sensor
        self._settings = settings
        self._screen = screen
        self._language = language
        self._status = StatusText(language)
        self._findings = NewFindings(
            privacy,
            sensor.locations,
            screen.finding,
            language=language,
            earlier=_earlier(settings),
            note=lambda: screen.log(_KNOWN),
        )
        sensor.add_findings(self._findings, self._watch)
        self._summary: Summary | None = None
        if with_summary:
            clients = ClientsSeen(sensor.vendors, settings.policy, settings.inventory)
            self._summary = Summary(sensor.locations, privacy, clients, language)
            sensor.add_output(self._summary)

    @property
    def found_alarms(self) -> bool:
        """True if there was a finding of at least a warning."""
        return self._findings.alarms > 0

    def end(self) -> None:
        """Says what was held back, and shows the summary, if there is one."""
        self._findings.end_period()
        self._screen.close()
        if self._summary is not None:
            page = SummaryPage(more=_command_for(self._settings))
            show_summary(self._summary, self._sensor.stats(), self._settings.subjects, self._language, page)

    def _watch(self, stats: Stats, now_s: float) -> None:
        self._screen.status(self._status.text(stats, self._findings.count, now_s))


def _earlier(settings: Config) -> list[FindingKey]:
    """The findings of earlier runs; none without a store, or with one that cannot be read."""
    path = store_path(settings, os.environ)
    if path is None:
        return []
    try:
        with opened_by_name(path, is_read_only=True) as store:
            return list(earlier_findings(store, settings.sensor, 2 * MAX_REMEMBERED))
    except StoreError:
        return []


def _command_for(settings: Config) -> More | None:
    """The command that shows findings that were kept, if there is a store."""
    path = store_path(settings, os.environ)
    if path is None:
        return None
    return lambda _count: shlex.join(["netmon", "history", "--store", str(path), "--by", "name"])
