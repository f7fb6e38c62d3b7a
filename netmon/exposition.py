"""Metrics as text, in the two formats that Prometheus reads.

prometheus_client formats every label of every sample again at each scrape, which is most of a scrape's cost.
Here the text of a label set is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial

from prometheus_client import exposition
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

_TEXT_NAMES = {"counter": "_total", "info": "_info"}
"""What the text format adds to a family's name, by type; in OpenMetrics only its samples have it."""
_TEXT_TYPES = {"info": "gauge", "stateset": "gauge", "gaugehistogram": "histogram", "unknown": "untyped"}
_OWN_FAMILY = ("_created", "_gsum", "_gcount")
"""Samples that are families of their own in the text format."""
_number: Callable[[float], str] = floatToGoString


class Labels(dict[str, str]):
    """The labels of a series, with their text."""

    def __init__(self, names: tuple[str, ...], values: tuple[str, ...]) -> None:
        super().__init__(zip(names, values, strict=True))
        self.text = _label_text(self)


@lru_cache(maxsize=32_768)
def labels_of(names: tuple[str, ...], values: tuple[str, ...]) -> Labels:
    """The labels with these names and values, which are usually asked for again at the next scrape."""
    return Labels(names, values)


def choose_encoder(accept: str) -> tuple[Callable[[Collector], bytes], str]:
    """The function that writes a registry in the format that an Accept header asks for; the content type."""
    _, content_type = exposition.choose_encoder(accept)
    is_open = content_type.startswith("application/openmetrics-text")
    return partial(encode, is_open=is_open), content_type


def encode(registry: Collector, *, is_open: bool = False) -> bytes:
    """All metrics of a registry in the text format or in OpenMetrics."""
    lines: list[str] = []
    for metric in registry.collect():
        lines += _open_lines(metric) if is_open else _text_lines(metric)
    if is_open:
        lines.append("# EOF\n")
    return "".join(lines).encode()


def _open_lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escaped(metric.documentation)}\n# TYPE {metric.name} {metric.type}\n"
    if metric.unit:
        yield f"# UNIT {metric.name} {metric.unit}\n"
    for name, labels, value, timestamp, exemplar, _histogram in metric.samples:
        text = labels.text if type(labels) is Labels else _label_text(labels)
        when = "" if timestamp is None else f" {timestamp}"
        example = "" if exemplar is None else _exemplar_text(exemplar)
        yield f"{name}{text} {_number(value)}{when}{example}\n"


def _text_lines(metric: Metric) -> Iterator[str]:
    help_text = metric.documentation.replace("\\", r"\\").replace("\n", r"\n")
    name = metric.name + _TEXT_NAMES.get(metric.type, "")
    yield f"# HELP {name} {help_text}\n# TYPE {name} {_TEXT_TYPES.get(metric.type, metric.type)}\n"
    own = {metric.name + suffix: list[str]() for suffix in _OWN_FAMILY}
    for name, labels, value, timestamp, _exemplar, _histogram in metric.samples:
        text = labels.text if type(labels) is Labels else _label_text(labels)
        when = "" if timestamp is None else f" {int(float(timestamp) * 1000)}"
        line = f"{name}{text} {_number(value)}{when}\n"
        if name in own:
            own[name].append(line)
        else:
            yield line
    for name, lines in own.items():
        if lines:
            yield f"# HELP {name} {help_text}\n# TYPE {name} gauge\n"
            yield from lines


def _label_text(labels: Mapping[str, str]) -> str:
    """The labels in braces, sorted by name; nothing if there are none."""
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items())) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _exemplar_text(exemplar: Exemplar) -> str:
    when = "" if exemplar.timestamp is None else f" {exemplar.timestamp}"
    text = _label_text(exemplar.labels) or "{}"
    return f" # {text} {_number(exemplar.value)}{when}"
