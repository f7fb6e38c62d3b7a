"""`netmon read` with the words that most scripts use, without the parser of the command line.

To import it takes longer than to read a small capture. All other words are left to it, and so are errors of
usage, help and completion.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from netmon.cli.ending import heed_interrupts
from netmon.cli.late import LateModule

if TYPE_CHECKING:
    from netmon.cli import options, read_files
else:
    options = LateModule("netmon.cli.options")
    read_files = LateModule("netmon.cli.read_files")

COMPLETION = "_NETMON_COMPLETE"
"""Is set by a shell that asks for a completion."""
FLAGS = {
    "--json": ("json", True),
    "--all": ("every", True),
    "--exit-code": ("exit_code", True),
    "--no-exit-code": ("exit_code", False),
}
COUNTRY = "--country"


def plain_reading(words: Sequence[str]) -> Callable[[], int] | None:
    """What reads as the words of the command line say, and has the exit code; None if they are not plain."""
    if words[:1] != ["read"] or COMPLETION in os.environ:
        return None
    files: list[str] = []
    chosen: dict[str, bool] = {}
    country = None
    left = iter(words[1:])
    for word in left:
        if word in FLAGS:
            name, value = FLAGS[word]
            chosen[name] = value
        elif word == COUNTRY:
            country = next(left, "")
            if not country.isalpha():
                return None
        elif word.startswith("-") and word != "-":
            return None
        else:
            files.append(word)
    if not files or ("every" in chosen and "json" not in chosen):
        return None
    return partial(_read, files, country, chosen)


def _read(files: list[str], country: str | None, chosen: dict[str, Any]) -> int:
    read, given = read_files.read_files, options.EvidenceOptions(country=country)
    heed_interrupts()
    return read(files, given, **chosen)
