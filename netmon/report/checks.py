"""The commands with which each table of a report can be checked."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def checks_of_store(asked: Sequence[str], limits: Sequence[str]) -> dict[str, str]:
    """For a report from a store; `limits` are the options that select what is reported."""
    again = shlex.join([*asked, "--format", "json", "-o", "-"])
    history = {
        name: shlex.join(["netmon", "history", *limits, "--by", by])
        for name, by in (("findings", "client"), ("map", "place"), ("time", "day"), ("rows", "component"))
    }
    return {**history, "view": again, "sensors": again, "second": "netmon verify FILE", "json": again}


def checks_of_files(
    asked: Sequence[str], options: Sequence[str], paths: Sequence[str], filter_words: Sequence[str] = ()
) -> dict[str, str]:
    """For a report from capture files; `options` are those that decide how they are judged."""
    again = shlex.join([*asked, "--format", "json", "-o", "-"])
    read = shlex.join(["netmon", "read", *options, *paths, *filter_words])
    second = shlex.join(["netmon", "verify", *paths[:1]])
    by = {
        name: shlex.join(["netmon", "read", "--by", view, *options, *paths, *filter_words])
        for name, view in (("findings", "client"), ("map", "place"), ("time", "day"))
    }
    return {
        **dict.fromkeys(("rows", "view"), read),
        **by,
        "sensors": again,
        "second": second,
        "json": again,
    }
