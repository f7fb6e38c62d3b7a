"""The commands with which each table of a report can be checked."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from netmon.report.tabular import TableName


def checks_of(options: Sequence[str], files: Sequence[str] = (), words: Sequence[str] = ()) -> dict[str, str]:
    """By table. `options` select what is reported, of these capture files with a filter of these words."""
    operands = [*files, *words]
    if any(one.startswith("-") and one != "-" for one in operands):
        operands.insert(0, "--")
    return {
        **{table.value: shlex.join([*options, "--table", table.value, *operands]) for table in TableName},
        "second": shlex.join(["netmon", "verify", *([one for one in files if one != "-"] or ["FILE"])]),
        "json": shlex.join([*options, "--format", "json", "-o", "-", *operands]),
    }
