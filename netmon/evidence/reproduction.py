"""Judges findings again, each from its evidence file alone, and compares the results."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from netmon import wiring
from netmon._engine import Matcher
from netmon.config.load import load
from netmon.config.settings import Config
from netmon.errors import NetmonError, OutputError, reason_of
from netmon.evidence.document import FORMAT
from netmon.evidence.judged import Decision, judged, key_of
from netmon.places.labels import DatabaseLabel
from netmon.records import ClassifiedFlow
from netmon.signatures.folder import default_folder
from netmon.signatures.match import compile_matcher
from netmon.signatures.model import SignatureSet
from netmon.sources.files import FileSource
from netmon.version import package_sha256

_KEYS = ("transport", "client", "client_port", "server", "server_port")


_FILE = {"file": str, "sha256": str}
_SHAPE = {
    "netmon": str,
    "packets": [{"time": str}],
    "capture": _FILE,
    "configuration": _FILE,
    "signatures": {"sha256": str},
    "databases": [{"name": str, "built": str, **_FILE}],
    "flow": dict.fromkeys(_KEYS, object),
    "judged": {},
}
"""What a document must have to be judged again; an element of a list stands for all of them."""


def read_document(file: Path) -> dict[str, Any]:
    """The JSON document of a finding. Raises OutputError."""
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise OutputError(f"{file}: {reason_of(error)}") from error
    except (ValueError, RecursionError) as error:
        raise OutputError(f"{file}: not the document of a finding: {error}") from error
    if not _fits(document, _SHAPE) or document.get("format") != FORMAT:
        raise OutputError(f"{file}: not the document of a finding, or of another version of netmon")
    whole: dict[str, Any] = document
    return whole


def _fits(value: object, shape: object) -> bool:
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            key in value and _fits(value[key], inner) for key, inner in shape.items()
        )
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(one, shape[0]) for one in value)
    return isinstance(shape, type) and isinstance(value, shape)


class Reproduction:
    """Judges findings again. Signatures are read once, and databases are hashed once."""

    def __init__(self, signatures: Path | None, databases: Sequence[Path]) -> None:
        """`signatures`: where those that decided are now. `databases`: folders, or files, with those."""
        self._signatures = signatures
        self._databases = databases
        self._known: dict[Path, tuple[SignatureSet, Matcher]] = {}
        self._hashes: dict[Path, str | None] = {}
        self.other_programs: Counter[str] = Counter()  # findings that another netmon decided, by its hash

    def differences(self, file: Path) -> Iterator[str]:
        """Every difference between a document and what its file shows now, one line each."""
        try:
            document = read_document(file)
            problems = [*_changed_files(file, document)]
            if not problems and not document["packets"]:
                problems.append(
                    "no packets: they were evicted before the flow was judged (evidence.memory_mib)"
                )
            program = document.get("program_sha256")
            if isinstance(program, str) and program != package_sha256():
                self.other_programs[f"{document['netmon']}, sha256 {program}"] += 1
            yield from problems or self._judge_again(file, document)
        except NetmonError as error:
            yield str(error)

    def _judge_again(self, file: Path, document: Mapping[str, Any]) -> Iterator[str]:
        """Raises NetmonError."""
        config = load(file.parent / document["configuration"]["file"])
        folder = self._signatures or config.signatures or default_folder()
        known, matcher = self._load(replace(config, signatures=folder), folder)
        wanted = document["signatures"]["sha256"]
        if known.sha256 != wanted:
            yield (
                f"other signatures: sha256 {known.sha256} in {folder}, and {wanted} decided "
                f"(netmon {document['netmon']}): name their folder with --signatures"
            )
            return
        config, missing = self._with_databases(config, document["databases"])
        if missing:
            yield from missing
            return
        databases = wiring.open_databases(config, lambda _line: None)
        monitor = wiring.make_monitor(config, known, databases=databases)
        capture = str(file.parent / document["capture"]["file"])
        source = FileSource([capture], matcher, limits=config.engine_keywords())
        flows = (flow for batch in source.batches() for flow in batch.flows)
        yield from _differences(document, [monitor.classify(flow) for flow in flows])

    def _load(self, config: Config, folder: Path) -> tuple[SignatureSet, Matcher]:
        if folder not in self._known:
            known = wiring.load_signatures(config)
            self._known[folder] = known, compile_matcher(known)
        return self._known[folder]

    def _with_databases(
        self, config: Config, wanted: Iterable[Mapping[str, Any]]
    ) -> tuple[Config, list[str]]:
        """The configuration with the databases that decided, wherever they are; what is missing, in lines."""
        labels: dict[Path, DatabaseLabel] = {}
        paths, missing = [], []
        for one in wanted:
            said = Path(one["file"])
            candidates = self._candidates(said)
            path = next((path for path in candidates if self._hash(path) == one["sha256"]), None)
            if path is None:
                missing.append(
                    f"the location database {one['name']}, built {one['built']}, sha256 {one['sha256']}, "
                    f"is not in {said} any more: name its folder with --databases"
                )
                continue
            paths.append(path)
            if said in config.labels:
                labels[path] = config.labels[said]
        return replace(config, databases=tuple(paths), labels=labels), missing

    def _candidates(self, said: Path) -> Iterator[Path]:
        yield said
        for folder in self._databases:
            yield from sorted(folder.rglob("*.[mM][mM][dD][bB]")) if folder.is_dir() else [folder]

    def _hash(self, path: Path) -> str | None:
        if path not in self._hashes:
            self._hashes[path] = _hash_of(path)
        return self._hashes[path]


def _hash_of(path: Path) -> str | None:
    """The hash of a file that a document names; None if it is no regular file."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


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


def _differences(document: Mapping[str, Any], found: Sequence[ClassifiedFlow]) -> Iterator[str]:
    ends = {key: document["flow"][key] for key in _KEYS}
    same = [one for one in found if key_of(one.flow, one.flow.client) == ends]
    if not same:
        yield "the flow is not in the capture, or matches no vendor"
        return
    now, before = judged(same[-1])._asdict(), document["judged"]
    for key in Decision._fields:
        if now[key] != before.get(key):
            yield f"{key}: {now[key]} now, and {before.get(key)} in the evidence"
