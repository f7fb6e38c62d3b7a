"""Brings the catalogues of grafana/languages up to date: `python -m grafana.src.catalogue`.

New texts are added without a translation, and texts that are no longer used are removed.
"""

from __future__ import annotations

from pathlib import Path

import polib

from grafana.src import build
from grafana.src.language import FOLDER, Language
from grafana.src.settings import Settings


def used() -> list[str]:
    """Every English text of dashboards and alerts."""
    english = Language()
    build.files(Settings(), english)
    return list(english.asked)


def update(file: Path) -> list[str]:
    """Writes the catalogue with exactly the texts in use. Returns those without a translation."""
    old = polib.pofile(str(file), wrapwidth=110)
    known = {entry.msgid: entry for entry in old if not entry.obsolete}
    new = polib.POFile(wrapwidth=110)
    new.header, new.metadata = old.header, old.metadata
    for text in used():
        new.append(known.get(text) or polib.POEntry(msgid=text))
    new.save(str(file))
    return [entry.msgid for entry in new if not entry.msgstr]


def main() -> None:
    """The command."""
    for file in sorted(FOLDER.glob("*.po")):
        missing = update(file)
        print(f"{file.name}: {len(missing)} texts have no translation")
        for text in missing:
            print(f"  {text}")


if __name__ == "__main__":
    main()
