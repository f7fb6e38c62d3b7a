"""Writes `engine/THIRD-PARTY`: the crates within the engine, and the licences that ask to be passed on.

    python3 -m deploy.package.notices

It is part of every wheel, because a wheel contains these crates in compiled form. Run it when Cargo.lock
changes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from deploy.package.tools import ROOT, BuildError, output_of

NOTICES = ROOT / "engine" / "THIRD-PARTY"
PLATFORM = "x86_64-unknown-linux-gnu"
OWN_LICENCE = "Apache-2.0"
HEAD = """\
The engine of netmon contains the Rust standard library (MIT or Apache-2.0, https://www.rust-lang.org) and the
crates below, compiled. Those offered under the Apache License 2.0 are used under it; its text is in netmon's
LICENSE. `python3 -m deploy.package.notices` writes this file.
"""


class Crate(NamedTuple):
    """A crate that is linked into the engine."""

    name: str
    version: str
    licence: str  # an expression of SPDX
    home: str
    texts: tuple[str, ...]  # what its licence asks to be passed on

    @property
    def chosen(self) -> str:
        """The licence under which it is used: netmon's own, wherever that is offered."""
        offered = [one.strip() for one in re.split(r" OR |/", self.licence)]
        return OWN_LICENCE if OWN_LICENCE in offered else self.licence


def linked_crates() -> list[Crate]:
    """The crates, by name. Raises BuildError."""
    words = ["--locked", "--manifest-path", str(ROOT / "engine" / "Cargo.toml")]
    edges = ["--edges", "normal,no-proc-macro", "--target", PLATFORM]
    tree = output_of(["cargo", "tree", *words, *edges, "--prefix", "none", "--format", "{p}"])
    used = {tuple(line.split()[:2]) for line in tree.splitlines()}
    metadata = output_of(
        ["cargo", "metadata", *words, "--format-version", "1", "--filter-platform", PLATFORM]
    )
    packages = json.loads(metadata)["packages"]
    found = [_crate(one) for one in packages if (one["name"], f"v{one['version']}") in used and one["source"]]
    return sorted(found)


def notices() -> str:
    """The text of the file. Raises BuildError."""
    return "\n".join([HEAD, *_paragraphs()])


def _crate(package: dict[str, str]) -> Crate:
    crate = Crate(package["name"], package["version"], package["license"], package["repository"], ())
    folder = Path(package["manifest_path"]).parent
    wanted = ("NOTICE",) if crate.chosen == OWN_LICENCE else ("NOTICE", "LICENSE", "LICENCE", "COPYING")
    files = sorted(path for path in folder.iterdir() if path.name.upper().startswith(wanted))
    if len(wanted) > 1 and not files:
        raise BuildError(f"{crate.name} {crate.version} has no licence file ({crate.licence})")
    return crate._replace(texts=tuple(path.read_text(encoding="utf-8").strip() for path in files))


def _paragraphs() -> Iterator[str]:
    crates = linked_crates()
    for crate in crates:
        yield f"{crate.name} {crate.version}: {crate.chosen}, {crate.home}"
    for crate in crates:
        for text in crate.texts:
            yield f"\n{'-' * 100}\n{crate.name} {crate.version}\n\n{text}"
    yield ""


def main() -> int:
    """Writes the file."""
    try:
        NOTICES.write_text(notices(), encoding="utf-8")
    except BuildError as error:
        print(f"notices: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
