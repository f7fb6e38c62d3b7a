"""Metrics as text: written once for all scrapes that wait at the same time."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from netmon.exposition import choose_encoder


@dataclass(frozen=True, slots=True)
class Page:
    """The body of an answer, and what it is."""

    content_type: str
    body: bytes
    is_compressed: bool = False


_Key = tuple[str, tuple[str, ...], bool]


class Scrapes:
    """Writes the metrics of a registry.

    Writing takes tens of milliseconds of CPU. Requests that arrive while another page is written wait, and
    share the next one, so that many of them cost no more than two.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._writing = threading.Lock()
        self._lock = threading.Lock()
        self._next: dict[_Key, Future[Page]] = {}
        """Pages that nobody writes yet."""

    def write(self, accept: str, names: list[str], *, compress: bool) -> Page:
        """The metrics as they are now, in a format that the client accepts; with names, only those."""
        encode, content_type = choose_encoder(accept)
        key = (content_type, tuple(sorted(set(names))), compress)
        with self._lock:
            page = self._next.get(key)
            is_first = page is None
            if page is None:
                page = self._next[key] = Future()
        if is_first:
            with self._writing:
                with self._lock:
                    del self._next[key]  # a request that arrives from now on needs newer numbers
                self._fill(page, encode, key)
        return page.result()

    def _fill(self, page: Future[Page], encode: Callable[[Collector], bytes], key: _Key) -> None:
        content_type, names, compress = key
        try:
            body = encode(_Selected(self._registry, names) if names else self._registry)
            page.set_result(
                Page(content_type, gzip.compress(body, compresslevel=1) if compress else body, compress)
            )
        except BaseException as error:
            page.set_exception(error)
            raise


class _Selected(Collector):
    """The samples with some names of a registry whose collectors do not say in advance what they have."""

    def __init__(self, registry: CollectorRegistry, names: Collection[str]) -> None:
        self._registry = registry
        self._names = names

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            samples = [sample for sample in metric.samples if sample.name in self._names]
            if samples:
                selected = Metric(metric.name, metric.documentation, metric.type, metric.unit)
                selected.samples = samples
                yield selected
