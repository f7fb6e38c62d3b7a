"""One capture seen twice: by netmon and by Wireshark's dissectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from netmon.errors import VerifyError
from netmon.sources import Batch
from netmon.sources.files import FileSource
from netmon.verify.compare import Comparison, Difference
from netmon.verify.facts import Fact
from netmon.verify.own import Own, open_file
from netmon.verify.tshark import Tshark
from netmon.verify.wireshark import Wireshark

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many packets of it are done, and how many there are."""

View = Callable[[FileSource], Iterable[Batch]]
"""netmon's records of a source."""


@dataclass(frozen=True)
class Opinion:
    """What the comparison of one capture gave."""

    file: str
    tshark: str  # its version
    packets: int
    equal: Counter[str]  # facts that both see, by protocol
    left_out: int  # facts in packets that Wireshark calls malformed, and the like
    differences: tuple[Difference, ...]
    problems: tuple[str, ...]  # how the file broke off


def get_opinion(path: str, progress: Progress, view: View = FileSource.batches) -> Opinion:
    """netmon's facts and tshark's on a capture, held together.

    Raises SourceError when the file is no capture, VerifyError when there is no tshark, or when it fails.
    """
    tshark = Tshark()
    comparison = Comparison(path)
    source = open_file(path)
    own = Own(comparison)
    own.take(view(source))
    total = source.stats()["packets"]
    wireshark = Wireshark(tshark, path, comparison)
    wireshark.count(lambda number: progress("counting", number, total))
    if tshark.complaint and not source.problems:
        raise VerifyError(f"{path}: tshark {tshark.version} cannot read it: {tshark.complaint}")
    wireshark.read(lambda number: progress("reading names", number, total))
    own.tell()
    if any(_is_of_tcp_hello(fact) for fact in comparison.extra):
        wireshark.look_again()
    wireshark.expect_stated()
    return Opinion(
        path,
        tshark.version,
        total,
        _by_protocol(comparison.expected & comparison.found),
        len(comparison.optional),
        tuple(_differences(comparison, wireshark)),
        tuple(source.problems),
    )


def _is_of_tcp_hello(fact: Fact) -> bool:
    return fact.over == "tcp" or (fact.over == "hello" and fact.text.startswith("tcp "))


def _by_protocol(facts: Counter[Fact]) -> Counter[str]:
    sums = Counter[str]()
    for fact, count in facts.items():
        sums[fact.over] += count
    return sums


def _differences(comparison: Comparison, wireshark: Wireshark) -> list[Difference]:
    """The differences in the order of their packets."""
    found = []
    for over, ends, theirs, ours in comparison.differences():
        facts = [*theirs, *ours]
        places = [place for place in map(wireshark.packets_of, facts) if place is not None]
        packets = (min(first for first, _ in places), max(last for _, last in places)) if places else None
        notes = (note for note in map(wireshark.note, facts) if note is not None)
        texts = [tuple(fact.text for fact in side) for side in (theirs, ours)]
        found.append(Difference(over, ends, packets, texts[0], texts[1], next(notes, None)))
    return sorted(
        found, key=lambda difference: (difference.packets or (0, 0), difference.over, difference.ends)
    )
