"""Writes the checksums of a release's files into their folder, and prints its notes.

    python3 -m deploy.package.release FOLDER

The notes say which files have been tested. It fails if a file is missing, or if there is one that does not
belong there.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from deploy.package.debian import RELEASES
from deploy.package.tools import BuildError
from deploy.package.wheel import TARGETS, TESTED

CHECKSUMS = "SHA256SUMS"


class Kind(NamedTuple):
    """What one file of a release is."""

    pattern: str
    purpose: str
    is_tested: bool


def kinds() -> list[Kind]:
    """Every file of a release: a wheel for each target, the source, a package for each Debian."""
    wheels = [
        Kind(f"netmon_egress-*-{_tag(target)}.whl", f"wheel for {target}", target == TESTED)
        for target in TARGETS
    ]
    source = Kind("netmon_egress-*.tar.gz", "source distribution, builds with Rust", is_tested=True)
    packages = [
        Kind(f"netmon_*+deb{debian}_amd64.deb", f"Debian {debian} on x86-64", is_tested=True)
        for debian in RELEASES
    ]
    return [*wheels, source, *packages]


def describe(folder: Path) -> str:
    """Writes the checksums; returns the notes. Raises BuildError."""
    found = {kind: _only_file(folder, kind) for kind in kinds()}
    others = {path.name for path in folder.iterdir()} - {path.name for path in found.values()} - {CHECKSUMS}
    if others:
        raise BuildError(f"{folder} has files that are not part of a release: {', '.join(sorted(others))}")
    files = sorted(found.values())
    sums = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    (folder / CHECKSUMS).write_text("".join(sums), encoding="utf-8")
    return "".join(f"{line}\n" for line in _notes(found))


def _notes(found: dict[Kind, Path]) -> Iterator[str]:
    yield from ("How to install: docs/install.md. What is new: CHANGELOG.md.", "")
    yield from ("| file | for | tested |", "|---|---|---|")
    for kind, path in found.items():
        yield f"| `{path.name}` | {kind.purpose} | {'yes' if kind.is_tested else '**no: built only**'} |"
    yield from ("", f"`sha256sum --check --ignore-missing {CHECKSUMS}` checks what was downloaded.")


def _only_file(folder: Path, kind: Kind) -> Path:
    matching = list(folder.glob(kind.pattern))
    if len(matching) != 1:
        raise BuildError(f"{folder} has {len(matching)} files {kind.pattern} ({kind.purpose}), not one")
    return matching[0]


def _tag(target: str) -> str:
    """The end of the name of a wheel: what it may be installed on."""
    machine = target.partition("-")[0]
    return f"manylinux*_{machine}" if target.endswith("gnu") else f"musllinux*_{machine}"


def main() -> int:
    """Describes the release in the folder that the command line names."""
    try:
        print(describe(Path(sys.argv[1])), end="")
    except BuildError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
