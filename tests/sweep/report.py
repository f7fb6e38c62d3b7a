"""The results of a sweep as text: recall by class, and each kind of difference with its smallest example."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from netmon.verify.show import title
from tests.sweep.argued import Argued, load
from tests.sweep.examination import Result

SLOW_S = 5.0
LARGE_MB = 400.0
"""A file that costs more is listed."""

_LONGEST = 160


@dataclass
class Kind:
    """Differences, or whole files, that are alike."""

    count: int = 0
    files: set[str] = field(default_factory=set)
    example: str = ""
    _smallest: int | None = None

    def add(self, result: Result, count: int, example: str) -> None:
        """Counts; the example from the smallest file is kept."""
        self.count += count
        self.files.add(result.path)
        if self._smallest is None or result.size < self._smallest:
            self._smallest, self.example = result.size, f"{result.path}: {example}"


def lines(results: Sequence[Result], argued: Argued | None = None) -> Iterator[str]:
    """The report. Differences that are argued are listed by themselves."""
    argued = argued or Argued(load())
    asked = [result for result in results if result.is_compared]
    yield f"captures: {len(results)}, compared with tshark: {len(asked)}"
    yield ""
    yield from _recall(asked)
    yield ""
    yield from _with_argued(asked, argued)
    headed = (
        ("Whole files", _files(results)),
        ("Argued differences", _differences(asked, lambda path, one: _argument(argued, path, one))),
        ("Differences", _differences(asked, lambda path, one: _unargued(argued, path, one))),
    )
    for heading, kinds in headed:
        yield ""
        yield heading
        for name, kind in sorted(kinds.items(), key=lambda item: (-item[1].count, item[0])):
            yield f"{kind.count:7} in {len(kind.files):4} files  {name}"
            yield f"        e.g. {kind.example[: _LONGEST * 2]}"
    for entry in argued.unused(result.path for result in asked):
        yield f"argued, but there is no such difference: {entry}"


def _recall(results: Iterable[Result]) -> Iterator[str]:
    """How many of tshark's facts netmon reads, and how many more it reads, by class."""
    both, missing, more = Counter[str](), Counter[str](), Counter[str]()
    for result in results:
        both.update(result.equal)
        for difference in result.differences:
            missing[difference["over"]] += len(difference["wireshark"])
            more[difference["over"]] += len(difference["netmon"])
    yield f"{'class':42}{'tshark':>9}{'both':>9}{'recall':>9}{'only netmon':>13}"
    for over in sorted({*both, *missing, *more}):
        expected = both[over] + missing[over]
        recall = f"{both[over] / expected:.2%}" if expected else "-"
        yield f"{title(over):42}{expected:9}{both[over]:9}{recall:>9}{more[over]:13}"


def _with_argued(results: Iterable[Result], argued: Argued) -> Iterator[str]:
    """The same, where a fact whose difference is argued does not count."""
    both, facts = Counter[str](), Counter[tuple[str, str, bool]]()
    for result in results:
        both.update(result.equal)
        for difference in result.differences:
            is_argued = argued.kind(result.path, difference) is not None
            for side in ("wireshark", "netmon"):
                facts[difference["over"], side, is_argued] += len(difference[side])
    left, right = f"{'argued':>9}{'missing':>9}{'recall':>9}", f"{'argued':>13}{'only netmon':>13}"
    yield f"{'without the argued differences':42}{left}{right}"
    for over in sorted({*both, *(over for over, _, _ in facts)}):
        missing, expected = facts[over, "wireshark", False], both[over] + facts[over, "wireshark", False]
        recall = f"{both[over] / expected:.2%}" if expected else "-"
        yield (
            f"{title(over):42}{facts[over, 'wireshark', True]:9}{missing:9}{recall:>9}"
            f"{facts[over, 'netmon', True]:13}{facts[over, 'netmon', False]:13}"
        )


def _files(results: Iterable[Result]) -> dict[str, Kind]:
    """Files that are refused, fail, are damaged, or cost too much; packets that are not decoded."""
    kinds: dict[str, Kind] = {}

    def add(name: str, result: Result, count: int, example: str) -> None:
        kinds.setdefault(name, Kind()).add(result, count, example)

    for result in results:
        if result.failure:
            add("failed", result, 1, result.failure)
        if result.refused:
            add(f"refused: {_shape(result.refused, result.path)}", result, 1, result.refused)
        if result.tshark and not result.is_compared and not result.refused:
            add("tshark fails", result, 1, result.tshark)
        if result.cpu_s > SLOW_S:
            add("slow", result, 1, f"{result.cpu_s} s for {result.packets} packets")
        if result.memory_mb > LARGE_MB:
            add("large", result, 1, f"{result.memory_mb} MB for {result.packets} packets")
        for problem in result.problems:
            add(f"problem: {_shape(problem, result.path)}", result, 1, problem)
        for reason, count in result.undecoded.items():
            add(f"packets not decoded: {reason}", result, count, f"{count} of {result.packets} packets")
    return kinds


def _differences(
    results: Iterable[Result], name: Callable[[str, dict[str, Any]], str | None]
) -> dict[str, Kind]:
    """The differences that have a name, by it."""
    kinds: dict[str, Kind] = {}
    for result in results:
        for difference in result.differences:
            kind = name(result.path, difference)
            if kind is not None:
                count = max(len(difference["wireshark"]), len(difference["netmon"]))
                kinds.setdefault(kind, Kind()).add(result, count, _show(difference))
    return kinds


def _argument(argued: Argued, path: str, difference: dict[str, Any]) -> str | None:
    """Class and kind of a difference that is argued."""
    kind = argued.kind(path, difference)
    return kind and f"{difference['over']} {_side(difference)}: {kind.name}"


def _unargued(argued: Argued, path: str, difference: dict[str, Any]) -> str | None:
    """Class, side and a possible reason of a difference that is not argued."""
    if argued.kind(path, difference) is not None:
        return None
    why = _shape(difference["note"] or difference["seen"], path)
    return f"{difference['over']} {_side(difference)}: {why}"


def _side(difference: dict[str, Any]) -> str:
    if difference["wireshark"] and difference["netmon"]:
        return "differs"
    return "missing" if difference["wireshark"] else "extra"


def _show(difference: dict[str, Any]) -> str:
    source, destination = (
        f"{difference[side]['ip']}:{difference[side]['port']}" for side in ("source", "destination")
    )
    wireshark, netmon = (" | ".join(difference[side])[:_LONGEST] for side in ("wireshark", "netmon"))
    return (
        f"packet {difference['first_packet']} {source} → {destination} tshark: {wireshark} netmon: {netmon}"
    )


def _shape(text: str, path: str) -> str:
    """A text without what differs from file to file."""
    return re.sub(r"\d+", "N", text.replace(path, "FILE"))[:_LONGEST]
