"""Judges a finding again, from its evidence file alone, and compares the result with what was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from netmon import wiring
from netmon.config.load import load
from netmon.config.settings import Config
from netmon.errors import NetmonError, OutputError, reason_of
from netmon.evidence.document import FORMAT
from netmon.evidence.judged import Decision, judged, key_of
from netmon.places.databases import default_folders
from netmon.places.labels import DatabaseLabel
from netmon.records import ClassifiedFlow
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource


def read_document(file: Path) -> dict[str, Any]:
    """The JSON document of a finding. Raises OutputError."""
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise OutputError(f"{file}: {reason_of(error)}") from error
    except ValueError as error:
        raise OutputError(f"{file}: not the document of a finding: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise OutputError(f"{file}: not the document of a finding, or of another version of netmon")
    return document


def reproduce(
    file: Path, signatures: Path | None, databases: Sequence[Path], environment: Mapping[str, str]
) -> Iterator[str]:
    """Every difference between the evidence and what it shows now, one line each; none if it is reproduced.

    `signatures` and `databases`: where those that decided are looked for, by their hashes.
    """
    document = read_document(file)
    problems = [*_changed_files(file, document)]
    if problems:
        yield from problems
        return
    if not document["packets"]:
        yield "holds no packets: they were evicted before the flow was judged (evidence.memory_mib)"
        return
    try:
        config = load(file.parent / document["configuration"]["file"])
        if signatures is not None:
            config = replace(config, signatures=signatures)
        known = wiring.load_signatures(config)
        if known.sha256 != document["signatures"]["sha256"]:
            yield _other_signatures(document, known.sha256, Path(known.folder))
            return
        folders = [*databases, *default_folders(environment)]
        config, missing = _with_databases(config, document["databases"], folders)
        if missing:
            yield from missing
            return
        found = list(_judge(config, file.parent / document["capture"]["file"]))
    except NetmonError as error:
        yield str(error)
        return
    yield from _differences(document, found)


def _changed_files(file: Path, document: Mapping[str, Any]) -> Iterator[str]:
    """The files that are not those that the document names."""
    for part in ("capture", "configuration"):
        named = file.parent / Path(document[part]["file"]).name
        try:
            found = hashlib.sha256(named.read_bytes()).hexdigest()
        except OSError as error:
            yield f"{named.name}: {reason_of(error)}"
            continue
        if found != document[part]["sha256"]:
            yield f"{named.name}: changed: its sha256 is {found}, and was {document[part]['sha256']}"


def _other_signatures(document: Mapping[str, Any], sha256: str, folder: Path) -> str:
    wanted = document["signatures"]["sha256"]
    return (
        f"other signatures: sha256 {sha256} in {folder}, and {wanted} decided (netmon {document['netmon']}): "
        "name their folder with --signatures"
    )


def _with_databases(
    config: Config, wanted: Iterable[Mapping[str, Any]], folders: Sequence[Path]
) -> tuple[Config, list[str]]:
    """The configuration with the databases that decided, wherever they are; what is missing, in lines."""
    labels: dict[Path, DatabaseLabel] = {}
    paths, missing = [], []
    for one in wanted:
        said = Path(one["file"])
        path = next((path for path in _candidates(said, folders) if _hash(path) == one["sha256"]), None)
        if path is None:
            missing.append(
                f"the location database {one['name']}, built {one['built']}, sha256 {one['sha256']}, is not "
                f"in {said} any more: name its folder with --databases"
            )
            continue
        paths.append(path)
        if said in config.labels:
            labels[path] = config.labels[said]
    return replace(config, databases=tuple(paths), labels=labels), missing


def _candidates(said: Path, folders: Sequence[Path]) -> Iterator[Path]:
    yield said
    for folder in folders:
        yield from sorted(folder.rglob("*.[mM][mM][dD][bB]")) if folder.is_dir() else [folder]


def _hash(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def _judge(config: Config, capture: Path) -> Iterator[ClassifiedFlow]:
    """The flows in a capture, as `netmon read` judges them. Raises NetmonError."""
    known = wiring.load_signatures(config)
    databases = wiring.open_databases(config, lambda _line: None)
    monitor = wiring.make_monitor(config, known, databases=databases)
    source = FileSource([str(capture)], compile_matcher(known), limits=config.engine_keywords())
    for batch in source.batches():
        for flow in batch.flows:
            yield monitor.classify(flow)


def _differences(document: Mapping[str, Any], found: Sequence[ClassifiedFlow]) -> Iterator[str]:
    ends = {key: value for key, value in document["flow"].items() if key in _KEYS}
    same = [one for one in found if key_of(one.flow, one.flow.client) == ends]
    if not same:
        yield "the flow is not in the capture, or matches no vendor"
        return
    now, before = judged(same[-1])._asdict(), document["judged"]
    for key in Decision._fields:
        if now[key] != before.get(key):
            yield f"{key}: {now[key]} now, and {before.get(key)} in the evidence"


_KEYS = ("transport", "client", "client_port", "server", "server_port")
