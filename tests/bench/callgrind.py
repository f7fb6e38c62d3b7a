"""Instructions by callgrind (Debian's valgrind): a measure that a busy machine does not change."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path


def instructions(words: tuple[str, ...]) -> int:
    """The instructions of a program and of its start. Raises RuntimeError if it fails."""
    return instructions_by_object(words).total()


def instructions_by_object(words: tuple[str, ...]) -> Counter[str]:
    """The same by the names of the program's and its libraries' files."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        # `env` becomes the program that it starts, which is counted in its place.
        tool = ("valgrind", "--trace-children=yes", "--tool=callgrind", f"--callgrind-out-file={out}")
        done = subprocess.run((*tool, *words), capture_output=True, text=True, check=False)
        # 3: netmon found something unexpected
        if done.returncode not in (0, 3) or not out.exists():
            raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr[-500:]}")
        return _by_object(out.read_text(encoding="utf-8"))


def _by_object(profile: str) -> Counter[str]:
    """What callgrind has counted in each file; a name is written out once, and then has a number."""
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    current, is_callees = "", False
    for line in profile.splitlines():
        if named := re.match(r"c?ob=(\(\d+\))(?: (.+))?", line):
            number, path = named.groups()
            names.setdefault(number, Path(path or "").name)
            current = current if line.startswith("c") else names[number]
        elif line.startswith("calls="):
            is_callees = True  # the next line is counted where it was called
        elif re.match(r"[\d+*-]", line):
            counts[current] += 0 if is_callees else int(line.split()[1])
            is_callees = False
    return counts
