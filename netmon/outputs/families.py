"""Families of samples for the metrics of the table in `metrics`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Exemplar, Sample

from netmon.exposition import labels_of
from netmon.outputs.births import Births, Labels
from netmon.outputs.metrics import METRICS

_SUFFIXES = {"counter": "_total", "info": "_info"}
_NO_EXEMPLARS: Mapping[Labels, Exemplar] = {}


class Families:
    """Makes the families of a scrape, which may say when each of their counters was created."""

    def __init__(self, births: Births, start_s: float, *, with_created: bool) -> None:
        """`start_s`: when the counters that exist from the start were created, in seconds since 1970."""
        self._births = births
        self._start_s = start_s
        self._with_created = with_created

    def family(
        self,
        name: str,
        series: Iterable[tuple[Labels, float]],
        born_as: str | None = None,
        exemplars: Mapping[Labels, Exemplar] = _NO_EXEMPLARS,
    ) -> Metric:
        """A family with these labels and values.

        `born_as`: the name by which `Births` knows its series; None if they exist from the start.
        """
        kind, names, text = METRICS[name]
        metric = Metric(name, text, kind)
        full = name + _SUFFIXES.get(kind, "")
        creates = self._with_created and kind == "counter"
        for values, number in series:
            labels = labels_of(names, values)
            metric.samples.append(Sample(full, labels, number, None, exemplars.get(values)))
            if creates:
                metric.samples.append(Sample(f"{name}_created", labels, self._created_s(born_as, values)))
        return metric

    def histogram(
        self, name: str, bounds: tuple[float, ...], series: Mapping[Labels, Iterable[float]]
    ) -> Metric:
        """A histogram; the numbers of a series are the counts of its buckets, of the rest, and its sum."""
        kind, names, text = METRICS[name]
        metric = Metric(name, text, kind)
        for values, numbers in series.items():
            metric.samples += self._histogram_samples(name, names, values, bounds, [*numbers])
        return metric

    def _histogram_samples(
        self, name: str, names: Labels, values: Labels, bounds: tuple[float, ...], numbers: list[float]
    ) -> Iterator[Sample]:
        labels, total = labels_of(names, values), 0.0
        for bound, count in zip((*map(str, bounds), "+Inf"), numbers[:-1], strict=True):
            total += count
            yield Sample(f"{name}_bucket", labels_of((*names, "le"), (*values, bound)), total)
        yield Sample(f"{name}_count", labels, total)
        yield Sample(f"{name}_sum", labels, numbers[-1])
        if self._with_created:
            yield Sample(f"{name}_created", labels, self._created_s(name, values))

    def _created_s(self, born_as: str | None, values: Labels) -> float:
        return self._start_s if born_as is None else self._births.created_s(born_as, values)
