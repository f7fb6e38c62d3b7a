"""Compare netmon with tshark over folders of captures.

    python -m tests.sweep [-j N] [--results FILE] [--again] [--report] DIR…

lists what the two read differently, grouped by kind, with the smallest example of each. Results are kept in a
file, so an interrupted sweep goes on where it stopped; a later one asks tshark only about captures in which
netmon reads something else than before.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.sweep import captures, report
from tests.sweep.store import Store
from tests.sweep.workers import examine_all

_PER_LINE = 50


def main() -> int:
    """Sweep, and print the report."""
    parser = argparse.ArgumentParser(description="Compare netmon with tshark over folders of captures.")
    parser.add_argument("roots", nargs="+", type=Path, metavar="DIR", help="folders, or files")
    parser.add_argument("-j", type=int, default=1, dest="jobs", help="files at a time (1)")
    parser.add_argument("--results", type=Path, default=Path("sweep.jsonl"), help="where results are kept")
    parser.add_argument("--again", action="store_true", help="examine captures that have a result, too")
    parser.add_argument("--afresh", action="store_true", help="ask tshark even if netmon reads the same")
    parser.add_argument("--report", action="store_true", help="only report the results so far")
    arguments = parser.parse_args()
    store = Store(arguments.results)
    found = list(captures.find(arguments.roots))
    if not arguments.report:
        again = arguments.again or arguments.afresh
        tasks = [
            (capture, None if arguments.afresh else store.results.get(capture.sha256))
            for capture in found
            if again or capture.sha256 not in store.results
        ]
        for number, result in enumerate(examine_all(tasks, arguments.jobs), 1):
            store.add(result)
            if number % _PER_LINE == 0 or number == len(tasks):
                print(f"{number} of {len(tasks)} captures", file=sys.stderr, flush=True)
        store.compact()
    results = [store.results[capture.sha256] for capture in found if capture.sha256 in store.results]
    for line in report.lines(results):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
