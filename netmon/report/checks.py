"""The commands with which each table of a report can be checked."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence

from netmon.report.tabular import TableName


def checks_of(options: Sequence[str], files: Sequence[str] = (), words: Sequence[str] = ()) -> dict[str, str]:
    """By table. `options` select what is reported, of these capture files with a filter of these words."""
    operands = [*files, *words]
    if any(one.startswith("-") and one != "-" for one in operands):
        operands.insert(0, "--")
    return {
        **{table.value: _joined([*options, "--table", table.value, *operands]) for table in TableName},
        "second": _joined(["netmon", "verify", *([one for one in files if one != "-"] or ["FILE"])]),
        "json": _joined([*options, "--format", "json", "-o", "-", *operands]),
    }


def _joined(words: Sequence[str]) -> str:
    """The words as a shell reads them. A page is text, and the name of a file need not be."""
    return " ".join(shlex.quote(word) if word.isprintable() else f"$'{_escaped(word)}'" for word in words)


def _escaped(word: str) -> str:
    return "".join(one if one.isprintable() and one not in "\\'" else _octal(one) for one in word)


def _octal(one: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(one))
