"""Instructions by callgrind (Debian's valgrind): a measure that a busy machine does not change."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path


def instructions(words: tuple[str, ...]) -> int:
    """The instructions of a program and of its start. Raises RuntimeError if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        # `env` becomes the program that it starts, which is counted in its place.
        tool = ("valgrind", "--trace-children=yes", "--tool=callgrind")
        tool = (*tool, f"--callgrind-out-file={Path(folder) / 'out'}")
        done = subprocess.run((*tool, *words), capture_output=True, text=True, check=False)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if collected is None or done.returncode not in (0, 3):  # 3: netmon found something unexpected
        raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr[-500:]}")
    return int(collected[1])
