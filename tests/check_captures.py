"""Compare netmon with tshark on the real captures: names, certificates, DNS messages, byte counts.

    python -m tests.check_captures [--over tcp,quic,dns,…] [--summary] [FILE…]

prints precision and recall for each protocol, and every difference with its file and frame.
`captures/truth.jsonl` holds what tshark reads, and `captures/adjudicated.tsv` the names for which
tshark's answer is not the right one. `captures/known_differences.tsv` lists the accepted
differences. The exit code is 1 if there are any others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from netmon.records import DnsRecord, FlowRecord
from netmon.verify.compare import Comparison
from netmon.verify.facts import Fact, name_fact
from netmon.verify.netmon_facts import NetmonFacts, open_file
from netmon.verify.other_names import OtherNames
from netmon.verify.tshark_facts import (
    Hellos,
    endpoints_of,
    expect_contents,
    expect_flow,
    expect_hello,
    expect_message,
)

CAPTURES = Path(__file__).parent / "captures"


class Known(NamedTuple):
    """A line of known_differences.tsv: the number of facts that differ in a file, and why."""

    file: str
    over: str
    side: str  # "missing": only tshark reads them; "extra": only netmon reads them
    count: int
    reason: str


# --- tshark's side -----------------------------------------------------------------------------


def read_truth() -> dict[str, dict]:
    """What tshark reads in each capture, by file name."""
    with (CAPTURES / "truth.jsonl").open(encoding="utf-8") as lines:
        return {answer["file"]: answer for answer in map(json.loads, lines)}


def _expect(comparison: Comparison, truth: dict) -> None:
    for hello in truth["sni_flows"]:
        expect_hello(comparison, hello)
    seen: Hellos = set()
    for hello in truth["client_hellos"]:
        if "src" in hello and not hello.get("quoted") and hello["over"] != "gquic":
            is_malformed = hello["frame"] in truth["malformed_frames"]
            expect_contents(comparison, hello, seen, is_malformed=is_malformed)
    for hello in truth["sni_partial"]:
        comparison.optional.add(name_fact("tcp", endpoints_of(hello), hello["sni"]))
    for line in (CAPTURES / "adjudicated.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        name, proto, src, sport, dst, dport, sni, judgement, *_ = line.split("\t")
        if name == comparison.file:
            over = "tcp" if proto == "tcp" else "quic"
            fact = name_fact(over, (src, int(sport), dst, int(dport)), sni)
            if judgement == "may":
                comparison.optional.add(fact)
            else:
                comparison.expected[fact] = 1
    other_names = OtherNames()
    other_names.add_hellos(truth["client_hellos"])
    other_names.add_requests(truth["requests"])
    other_names.add_certificates(truth["certificates"])
    other_names.expect(comparison)
    suspicious = {*truth["malformed_frames"], *truth["short_frames"]}
    for message in truth["dns"]:
        expect_message(comparison, message, is_doubtful=message["frame"] in suspicious)
    for flow in truth["flows"]:
        counts = [flow[way][what] for way in ("fwd", "rev") for what in ("packets", "ip_bytes")]
        packets = (flow["first_frame"], flow["first_frame"])
        expect_flow(comparison, flow["proto"], endpoints_of(flow), tuple(counts), packets)


# --- netmon's side -----------------------------------------------------------------------------


def read_capture(path: Path) -> tuple[list[FlowRecord], list[DnsRecord]]:
    """Every flow and every DNS message that netmon reads in a capture."""
    batches = list(open_file(str(path)).batches())
    return [flow for batch in batches for flow in batch.flows], [r for batch in batches for r in batch.dns]


# --- the comparison ----------------------------------------------------------------------------


def compare(file: str, truth: dict) -> Comparison:
    """Compares the facts about a capture; truth.jsonl has the flows of DNS, TLS, QUIC and DTLS only."""
    comparison = Comparison(file)
    _expect(comparison, truth)
    netmon_facts = NetmonFacts(comparison)
    netmon_facts.read(open_file(str(CAPTURES / file)).batches())
    netmon_facts.add(flows_of_both=True)
    return comparison


def read_known_differences() -> list[Known]:
    """The accepted differences."""
    lines = (CAPTURES / "known_differences.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines[1:] if line)
    return [Known(file, over, side, int(count), reason) for file, over, side, count, reason in rows]


def find_deviations(comparisons: Iterable[Comparison], known: Iterable[Known]) -> list[str]:
    """Every deviation from the accepted differences, including those that no longer exist."""
    known_counts = {(each.file, each.over, each.side): each.count for each in known}
    deviations = []
    for comparison in comparisons:
        for side, facts in (("missing", comparison.missing), ("extra", comparison.extra)):
            by_protocol = Counter[str]()
            for fact, count in facts.items():
                by_protocol[fact.over] += count
            listed = {over for file, over, where in known_counts if (file, where) == (comparison.file, side)}
            for over in sorted(by_protocol.keys() | listed):
                count, expected = by_protocol[over], known_counts.get((comparison.file, over, side), 0)
                if count != expected:
                    first = next((fact for fact in facts if fact.over == over), None)
                    deviations.append(
                        f"{comparison.file}: {count} {side} over {over}, {expected} are known"
                        + (f"; e.g. {_show(comparison, first)}" if first else "")
                    )
    return deviations


def _show(comparison: Comparison, fact: Fact) -> str:
    packets = comparison.packets.get(fact)
    where = "" if packets is None else f"packet {packets[1]}: "
    source, source_port, destination, destination_port = fact.endpoints
    return f"{where}{source}:{source_port} → {destination}:{destination_port} {fact.text}"


def score(comparisons: Iterable[Comparison]) -> dict[str, tuple[int, int, int]]:
    """The numbers of facts that are expected, found, and both, for each protocol."""
    sums: dict[str, list[int]] = {}
    for comparison in comparisons:
        for position, facts in enumerate(
            (
                comparison.expected,
                comparison.found - _surplus(comparison),
                comparison.expected & comparison.found,
            )
        ):
            for fact, count in facts.items():
                sums.setdefault(fact.over, [0, 0, 0])[position] += count
    return {over: (row[0], row[1], row[2]) for over, row in sorted(sums.items())}


def _surplus(comparison: Comparison) -> Counter[Fact]:
    """The optional facts that netmon found, which are neither right nor wrong."""
    return Counter(
        {i: n for i, n in (comparison.found - comparison.expected).items() if i in comparison.optional}
    )


def main() -> int:
    """Compare and print. The exit code is 0 if all differences are known."""
    parser = argparse.ArgumentParser(description="Compare netmon with tshark on the real captures.")
    parser.add_argument("files", nargs="*", metavar="FILE", help="as named in truth.jsonl (all)")
    parser.add_argument(
        "--over", default="", help="only these, by comma: tcp,quic,dtls,gquic,http,x509,dns,flow,…"
    )
    parser.add_argument("--summary", action="store_true", help="do not list the differences")
    arguments = parser.parse_args()
    truth = read_truth()
    unknown = [file for file in arguments.files if file not in truth]
    if unknown:
        parser.error(f"not in truth.jsonl: {', '.join(unknown)}")
    wanted = set(filter(None, arguments.over.split(",")))
    comparisons = [compare(file, truth[file]) for file in arguments.files or sorted(truth)]
    if not arguments.summary:
        _print_differences(comparisons, wanted)
    _print_score(comparisons, wanted)
    deviations = find_deviations(comparisons, read_known_differences())
    print("\n".join(deviations) or "all differences are known")
    return 1 if deviations else 0


def _print_differences(comparisons: Iterable[Comparison], wanted: Collection[str]) -> None:
    """Each difference over a wanted protocol in a line; over any, if none is named."""
    for comparison in comparisons:
        for sign, facts in (("-", comparison.missing), ("+", comparison.extra)):
            for fact in facts.elements():
                if not wanted or fact.over in wanted:
                    print(f"{sign} {comparison.file} {fact.over} {_show(comparison, fact)}")


def _print_score(comparisons: Iterable[Comparison], wanted: Collection[str]) -> None:
    """Precision and recall of each wanted protocol."""
    print(f"{'':8}{'expected':>9}{'found':>8}{'precision':>11}{'recall':>9}")
    for over, (expected, found, right) in score(comparisons).items():
        if not wanted or over in wanted:
            print(f"{over:8}{expected:9}{found:8}{_percent(right, found):>11}{_percent(right, expected):>9}")


def _percent(part: int, total: int) -> str:
    return f"{100 * part / total:.2f} %" if total else "-"


if __name__ == "__main__":
    sys.exit(main())
