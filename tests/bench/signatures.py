"""Time and memory that large signature sets take: `python -m tests.bench.signatures [COUNT]`.

Each row is measured in its own process: CPU seconds and the peak of its memory.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from tests.floods import resident_bytes

COUNT = 200_000

HEAD = """vendor: {vendor}
title: Large
reviewed: 2026-11-01
sources:
  O1: {{trust: official, date: unknown, ref: 'https://www.example.com/', about: list}}
  C1: {{trust: community, date: unknown, ref: 'https://www.example.org/', about: list}}
databases:
  example_db: {{title: Example DB, about: location, date: 2026-06-01, attribution: Example, sources: [C1]}}
components:
  lists:
    title: Lists
    function: lists
    data: none
    sources: [O1]
    expectations: [{{basis: none}}]
    names:
"""
NETWORKS = """networks:
  - holder: Example
    role: service
    status: official
    sources: [O1]
    prefixes:
"""


NAMES = (
    "{{suffix: {name}, status: official, sources: [O1]}}",
    "{{exact: {name}, family: family{group}, status: community, sources: [O1, C1]}}",
    "{{suffix: {name}, status: official, sources: [O1], note: 'no. {number}, it''s one of many'}}",
    "{{status: official, sources: [C1], exact: '{name}', family: family{group}}}",
    "{{sources: [O1], status: official, note: number {number}, suffix: {name}}}",
)
NETWORK_LINES = (
    "{network}: {{}}",
    "{network}: {{status: community, sources: [C1]}}",
    "{network}: {{votes: {{example_db: RU/Moscow}}, valid_from: 2024-01-01}}",
    "{network}: {{votes: {{example_db: CH}}, place: zurich, note: number {number}}}",
    "{network}:",
)
"""The shapes of entries on one line; the first one only, unless they are mixed."""
NAME_BLOCK = "suffix: {name}\n        status: official\n        sources:\n        - O1"
NETWORK_BLOCK = "{network}:\n        status: community\n        votes:\n          example_db: RU/Moscow"
NAME_IN_BRACES = (
    "{{\n          suffix: {name},\n          status: official,\n          sources: [O1],\n        }}"
)
NETWORK_IN_BRACES = "{network}:\n        {{ status: community, votes: {{ example_db: RU/Moscow }} }}"
"""Entries as programs and formatters write them, over several lines."""

SHAPES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "plain": (NAMES[:1], NETWORK_LINES[:1]),
    "mixed": (NAMES, NETWORK_LINES),
    "blocks": ((NAME_BLOCK,), (NETWORK_BLOCK,)),
    "braces": ((NAME_IN_BRACES,), (NETWORK_IN_BRACES,)),
}


def write_set(folder: Path, names: int, networks: int, vendors: int = 1, shape: str = "plain") -> None:
    """A folder of signatures: the shared files, and vendors with so many names and networks together."""
    names_of, networks_of = SHAPES[shape]
    shutil.copy(default_folder() / "locations.yaml", folder)
    for vendor in range(vendors):
        with (folder / f"large{vendor}.yaml").open("w", encoding="utf-8") as file:
            file.write(HEAD.format(vendor=f"large{vendor}"))
            for number in range(vendor, max(names, vendors), vendors):
                name = f"n{number}.large{vendor}.example"
                line = names_of[number % len(names_of)]
                file.write(f"      - {line.format(name=name, number=number, group=number % 50)}\n")
            if networks:
                file.write(NETWORKS)
            for number in range(vendor, networks, vendors):
                high, low = divmod(number, 256)
                network = f"{16 + (high >> 8)}.{high & 255}.{low}.0/24"
                line = networks_of[number % len(networks_of)]
                file.write(f"      {line.format(network=network, number=number)}\n")


def write_vendor(folder: Path, names: Sequence[str]) -> None:
    """A folder of signatures: the shared files, and one vendor with these names."""
    shutil.copy(default_folder() / "locations.yaml", folder)
    lines = (f"      - {NAMES[0].format(name=name)}\n" for name in names)
    (folder / "vendor.yaml").write_text(HEAD.format(vendor="vendor") + "".join(lines), encoding="utf-8")


def measure(names: int, networks: int, vendors: int, shape: str) -> str:
    """CPU seconds and memory of loading and compiling one set, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        write_set(Path(folder), names, networks, vendors, shape)
        before = resource.getrusage(resource.RUSAGE_SELF)
        compile_matcher(load_folder(Path(folder)))
        after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{seconds:.2f} s of CPU, {resident_bytes('VmHWM') / 2**20:.0f} MB at most"


def main() -> None:
    """Prints one line for each set."""
    parser = argparse.ArgumentParser(description="Time and memory that large signature sets take.")
    parser.add_argument("count", nargs="?", type=int, default=COUNT, metavar="COUNT")
    parser.add_argument("--set", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.set:
        *numbers, shape = arguments.set
        print(measure(*map(int, numbers), shape))
        return
    count = arguments.count
    for title, numbers in {
        "names of one vendor": (count, 0, 1, "plain"),
        "networks of one vendor": (0, count, 1, "plain"),
        "names and networks of eight vendors": (count // 2, count // 2, 8, "plain"),
        "names of mixed shapes": (count, 0, 1, "mixed"),
        "networks of mixed shapes": (0, count, 1, "mixed"),
        "names on four lines each": (count, 0, 1, "blocks"),
        "networks on four lines each": (0, count, 1, "blocks"),
        "names in braces over lines": (count, 0, 1, "braces"),
        "networks in braces over lines": (0, count, 1, "braces"),
    }.items():
        words = (sys.executable, "-m", "tests.bench.signatures", "--set", *map(str, numbers))
        result = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        print(f"{count} {title}: {result.strip()}")


if __name__ == "__main__":
    main()
