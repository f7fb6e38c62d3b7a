"""Removes the oldest files of the chain, so that the chain has an end in space and stays verifiable.

A record names the last record that was removed, by its number and hash: what is left must follow that one.
The findings that the removed records name go with them, as nothing would say any more what they were.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from netmon.evidence.chain import Chain, line_hash, segments
from netmon.evidence.folder import DOCUMENT, EvidenceFolder

KIND = "pruned"


def prune(folder: EvidenceFolder, chain: Chain) -> None:
    """Removes files of the chain while they take more than its share, but not the last one.

    Raises OSError, also if one of them is damaged: then it stays, to be examined.
    """
    chain.flush()
    paths = segments(folder.path) if chain.is_written else []
    left = sum(map(folder.size_of, paths))
    for path in paths[:-1]:
        if left <= folder.most_of_chain:
            return
        left -= folder.size_of(path)
        _prune_one(folder, chain, path)


def _prune_one(folder: EvidenceFolder, chain: Chain, path: Path) -> None:
    lines = path.read_bytes().splitlines()
    try:
        records: list[dict[str, Any]] = [json.loads(line) for line in lines]
        named = [one["file"] for one in records if one["kind"] == "evidence"]
        through = records[-1]["n"] if records else 0
        events = _erased_events(records)
        is_damaged = not all(map(DOCUMENT.fullmatch, named))
    except (ValueError, KeyError, TypeError, RecursionError):
        is_damaged = True
    if is_damaged:
        raise OSError(errno.EINVAL, f"{path.name} is damaged")
    stems = [name.removesuffix(".json") for name in named if (folder.path / name).exists()]
    if stems:
        chain.add("removed", files=[f"{stem}.json" for stem in stems], why="retention")
    if records:
        chain.add(KIND, through=through, sha256=line_hash(lines[-1]), events=events)
    chain.flush()
    if chain.is_written:  # else a check would miss what is removed
        for stem in stems:
            folder.remove(stem)
        folder.remove_file(path)


def _erased_events(records: Iterable[dict[str, Any]]) -> int:
    """How many events were erased according to these records, and to those that were pruned before."""
    erased = [int(one.get("events", 0)) for one in records if one["kind"] == "erased"]
    pruned = {one["through"]: int(one["events"]) for one in records if one["kind"] == KIND}
    return sum(erased) + sum(pruned.values())
