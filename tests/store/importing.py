"""Imports example flows as those of a run into a store, once a line comes on standard input.

python -m tests.store.importing FILE RUN FLOWS
"""

from __future__ import annotations

import sys

from netmon.errors import StoreError
from netmon.outputs.observer import Observer
from netmon.store.kept import imported_into
from tests.records import START_NS, classified
from tests.store.conftest import lines_of


def main() -> None:
    """Prints when it is ready, and at its end why nothing was stored, or an empty line."""
    path, run, flows = sys.argv[1:]
    some = [classified(flow_id=one, start_ns=START_NS + one * 1000) for one in range(int(flows))]
    try:
        with imported_into(path) as intake:
            for line in lines_of(*some, observer=Observer("berlin", "", run)):
                intake.write(line)
            intake.flush()
            print("ready", flush=True)
            sys.stdin.readline()
    except StoreError as error:
        print(error)
    else:
        print()


if __name__ == "__main__":
    main()
