"""What tells one reading of capture files from another: their contents, and the filter."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from netmon._engine import sha256

_SAMPLE_BYTES = 65_536


def run_of(paths: Sequence[str], expression: str) -> str:
    """The identifier of a run that reads these files: the same for the same files in the same order.

    It rests on the size, the beginning and the end of each file, so that large ones are not read twice. What
    can be read only once, such as standard input, gives a new identifier each time.
    """
    if not all(path != "-" and Path(path).is_file() for path in paths):
        return os.urandom(8).hex()
    seen = [expression.encode()]
    for path in paths:
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(_SAMPLE_BYTES)
            file.seek(max(0, size - _SAMPLE_BYTES))
            seen += [b"%d\n" % size, head, file.read(_SAMPLE_BYTES)]
    return sha256(b"".join(seen)).hex()[:16]
