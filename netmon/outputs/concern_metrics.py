"""The metric of the statement about countries of concern: ended flows by standing."""

from __future__ import annotations

import threading

from prometheus_client.core import CounterMetricFamily

from netmon.outputs.metrics import METRICS
from netmon.records import STANDINGS, ClassifiedFlow

_NAME = "netmon_concern_flows"


class ConcernFlows:
    """Counts the flows that count in the statement, each once, when it ends: only then is its standing final.

    With the first flow for a country the series of all standings exist, so that a zero is a number. There are
    few series: vendors and countries come from signatures and policy.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str, str], int] = {}

    def flow(self, classified: ClassifiedFlow) -> None:
        """Adds a flow when it ends."""
        if classified.flow.phase != "end" or classified.vendor is None:
            return
        with self._lock:
            for one in classified.concerns:
                for standing in STANDINGS:
                    labels = (classified.vendor, one.country, standing)
                    is_counted = classified.uncounted is None and standing == one.standing
                    self._counts[labels] = self._counts.get(labels, 0) + is_counted

    def family(self) -> CounterMetricFamily:
        """The counter, for a scrape."""
        _, labels, text = METRICS[_NAME]
        family = CounterMetricFamily(_NAME, text, labels=labels)
        with self._lock:
            counts = dict(self._counts)
        for values, number in counts.items():
            family.add_metric(values, number)
        return family
