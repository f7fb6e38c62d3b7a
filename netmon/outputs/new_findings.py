"""One line for each new finding of a running sensor, and not more than a person can read."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from netmon.language.language import ENGLISH, Language
from netmon.language.words import SEVERITY
from netmon.outputs.finding_text import finding_text
from netmon.privacy import Privacy
from netmon.records import SEVERITIES, ClassifiedFlow, DnsRecord, Severity
from netmon.signatures.model import Location

MAX_LINES = 20
"""Lines about new findings of one severity within `PERIOD_S`."""
PERIOD_S = 60.0
MAX_REMEMBERED = 10_000
"""Findings that are known to be old; one that is forgotten is new again."""

Say = Callable[[str, Severity, int], None]
"""Prints a line of a severity, at a time in nanoseconds since 1970."""

FindingKey = tuple[str | None, str | None, str, str, Severity]
"""Client as it is shown, name, address, outcome and severity."""


def _nothing() -> None:
    """Notes nothing."""


class NewFindings:
    """An output that prints a line when a client, name, address and verdict come together for the first time.

    Those of earlier runs are not new either. `note` is called once, when the first of them comes again.
    Findings of each severity are counted and limited apart, so that many notices hide no critical one. What
    is held back is counted in a line of its own.
    """

    def __init__(
        self,
        privacy: Privacy,
        locations: Mapping[str, Location],
        say: Say,
        clock: Callable[[], float] = time.monotonic,
        language: Language = ENGLISH,
        earlier: Iterable[FindingKey] = (),
        note: Callable[[], None] = _nothing,
    ) -> None:
        self.count = 0
        """New findings so far."""
        self.alarms = 0
        """Findings of at least a warning in this run, each once."""
        self.forgotten = 0
        """Findings that were forgotten for lack of room."""
        self._privacy = privacy
        self._locations = locations
        self._say = say
        self._language = language
        self._clock = clock
        self._remembered: OrderedDict[FindingKey, None] = OrderedDict()
        self._earlier = set(islice(earlier, MAX_REMEMBERED))
        self._note = note
        self._printed: Counter[Severity] = Counter()  # in this period
        self._held_back: Counter[Severity] = Counter()
        self._period_ends_s = clock() + PERIOD_S
        self._last_ns = 0

    def flow(self, classified: ClassifiedFlow) -> None:
        """Prints a line if the flow is a new finding."""
        flow, verdict, place = classified.flow, classified.verdict, classified.place
        if verdict is None or verdict.severity is None or place is None:
            return
        client = self._privacy.show(flow.client, flow.start_ns)
        key = (client, flow.name, flow.server, verdict.outcome, verdict.severity)
        if not self._is_new(key):
            return
        self.alarms += verdict.is_alarm
        if key in self._earlier:
            self._note()
            self._note = _nothing
            return
        self.count += 1
        self._last_ns = flow.last_ns
        if self._printed[verdict.severity] >= MAX_LINES:
            self._held_back[verdict.severity] += 1
            return
        self._printed[verdict.severity] += 1
        text = finding_text(classified, verdict, place, client, self._locations, self._language)
        self._say(text, verdict.severity, flow.last_ns)

    def dns(self, record: DnsRecord) -> None:
        """Does nothing: DNS messages are no findings."""

    def flush(self) -> None:
        """Says what was held back, once the period is over."""
        now_s = self._clock()
        if now_s >= self._period_ends_s:
            self._period_ends_s = now_s + PERIOD_S
            self.end_period()

    def end_period(self) -> None:
        """Says what was held back, and allows as many lines again. To be called at the end of the run."""
        held_back = self._held_back.total()
        if held_back:
            worst = max(self._held_back, key=SEVERITIES.index)
            number, say = self._language.number, self._language.say
            parts = ", ".join(
                f"{number(self._held_back[one])} {say(SEVERITY[one])}"
                for one in reversed(SEVERITIES)
                if self._held_back[one]
            )
            text = self._language.say_count(
                held_back,
                "{count} more new finding ({parts}) not printed, because at most {lines} lines of a severity "
                "are in a minute; events, store and metrics have all",
                "{count} more new findings ({parts}) not printed, because at most {lines} lines of a "
                "severity are in a minute; events, store and metrics have all",
                parts=parts,
                lines=MAX_LINES,
            )
            self._say(text, worst, self._last_ns)
        self._printed.clear()
        self._held_back.clear()

    def _is_new(self, key: FindingKey) -> bool:
        if key in self._remembered:
            self._remembered.move_to_end(key)
            return False
        self._remembered[key] = None
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
            self.forgotten += 1
        return True
