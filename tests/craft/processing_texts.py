"""The catalogues of `netmon privacy list`: `python -m tests.craft.processing_texts` brings them up to date.

New texts get an empty translation, those that are no longer used are removed, and `.mo` files are made anew.
"""

from __future__ import annotations

from pathlib import Path

import polib

from netmon.processing import texts
from netmon.processing.language import FOLDER


def english() -> list[str]:
    """All texts, in their order."""
    return [value for name, value in vars(texts).items() if name.isupper()]


def renewed(file: Path) -> polib.POFile:
    """A catalogue with exactly the texts that there are."""
    catalogue = polib.pofile(str(file), wrapwidth=100)
    known = {entry.msgid: entry.msgstr for entry in catalogue}
    catalogue[:] = [polib.POEntry(msgid=text, msgstr=known.get(text, "")) for text in english()]
    return catalogue


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.po")):
        renewed(path).save()
        renewed(path).save_as_mofile(str(path.with_suffix(".mo")))
