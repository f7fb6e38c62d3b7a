"""Replaces a run in a store again and again, by more flows each time, until it is killed.

python -m tests.store.replacing FILE FLOWS
"""

from __future__ import annotations

import sys
from itertools import count

from netmon.store.rows import rows_of
from netmon.store.sqlite import SqliteStore
from netmon.store.staging import staged
from tests.records import classified
from tests.store.conftest import OBSERVER, events_of


def main() -> None:
    """Each number that is printed is that of a replacement that was begun."""
    store, flows = SqliteStore(sys.argv[1]), int(sys.argv[2])
    run = OBSERVER.sensor, OBSERVER.run or ""
    with staged("store") as stage:
        for event in events_of(*(classified(flow_id=number) for number in range(flows))):
            stage.write(rows_of(event))
        for number in count():
            print(number, flush=True)
            with store.changing():
                store.replace([run], stage.rows())


if __name__ == "__main__":
    main()
