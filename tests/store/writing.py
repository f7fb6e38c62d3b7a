"""Writes an example flow to a store again and again, and says what it has written, until it is killed.

python -m tests.store.writing FILE RUN
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from netmon.outputs.observer import Observer
from netmon.store.retention import Limit
from netmon.store.writer import StoreWriter
from tests.records import classified
from tests.store.conftest import lines_of


def main() -> None:
    """Each line that is printed has the time and the number of a flow that the writer has taken."""
    writer = StoreWriter(Path(sys.argv[1]), Limit(days=0, max_bytes=0), print)
    observer = Observer("berlin", "", sys.argv[2])
    number = 0
    while True:
        for line in lines_of(classified(flow_id=number), observer=observer):
            writer.write(line)
        print(time.monotonic(), number, flush=True)
        number += 1
        time.sleep(0.002)


if __name__ == "__main__":
    main()
