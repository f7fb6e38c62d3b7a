"""One capture read twice: by netmon and by Wireshark's dissectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from netmon.errors import VerifyError
from netmon.sources import Batch
from netmon.sources.files import FileSource
from netmon.verify.compare import Comparison, Difference
from netmon.verify.facts import Fact
from netmon.verify.kinds import Kinds
from netmon.verify.netmon_facts import NetmonFacts, open_file
from netmon.verify.tshark import Tshark
from netmon.verify.wireshark import Wireshark

ReportStep = Callable[[str, int, int], None]
"""Called with the name of the current step, the number of packets that it has read, and their total."""

ReadRecords = Callable[[FileSource], Iterable[Batch]]
"""How the records of a source are read."""


@dataclass(frozen=True)
class Opinion:
    """The result of comparing one capture."""

    file: str
    tshark: str  # its version
    packets: int
    times_ns: Sequence[int]  # of each packet, as tshark reads it
    equal: Counter[str]  # the number of facts that both read, by protocol
    left_out: int  # facts that are not compared, such as those in malformed packets
    behind: int  # flows whose names tshark reads in one side's bytes alone, behind another header
    differences: tuple[Difference, ...]
    problems: tuple[str, ...]  # how the file is truncated or damaged


def get_opinion(path: str, progress: ReportStep, read_records: ReadRecords = FileSource.batches) -> Opinion:
    """Compares the facts that netmon and tshark read in a capture.

    Raises SourceError if the file is not a capture, VerifyError if tshark is missing or fails.
    """
    tshark = Tshark()
    comparison = Comparison(path)
    source = open_file(path)
    netmon_facts = NetmonFacts(comparison)
    netmon_facts.read(read_records(source))
    total = source.stats()["packets"]
    wireshark = Wireshark(tshark, path, comparison)
    wireshark.count(lambda number: progress("counting", number, total))
    if tshark.error and not source.problems:
        raise VerifyError(f"{path}: tshark {tshark.version} cannot read it: {tshark.error}")
    wireshark.read(lambda number: progress("reading names", number, total))
    netmon_facts.add()
    wireshark.expect_moved(comparison.extra)
    if any(_is_of_tcp_hello(fact) for fact in comparison.extra):
        wireshark.read_missed_hellos()
    behind = wireshark.read_behind(
        fact for fact in comparison.extra if _is_of_tcp_hello(fact) or fact.over in ("http", "x509")
    )
    wireshark.expect_other_names()
    return Opinion(
        path,
        tshark.version,
        total,
        wireshark.times_ns,
        _by_protocol(comparison.expected & comparison.found),
        len(comparison.optional),
        behind,
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
    """The differences, in the order of their packets."""
    found, kinds = [], Kinds(comparison, wireshark)
    for over, endpoints, theirs, ours in comparison.differences():
        facts = [*theirs, *ours]
        ranges = [each for each in map(wireshark.packets_of, facts) if each is not None]
        packets = (min(first for first, _ in ranges), max(last for _, last in ranges)) if ranges else None
        notes = (note for note in map(wireshark.note, facts) if note is not None)
        found.append(
            Difference(
                over,
                endpoints,
                packets,
                wireshark=tuple(fact.text for fact in theirs),
                netmon=tuple(fact.text for fact in ours),
                note=next(notes, None),
                kind=kinds.of(theirs, ours),
                shown=wireshark.shown(facts[0]),
            )
        )
    return sorted(
        found, key=lambda difference: (difference.packets or (0, 0), difference.over, difference.endpoints)
    )
