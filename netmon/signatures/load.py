"""A folder of signature files → `SignatureSet`, or all errors in it with file and line."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from netmon.errors import SignatureError, reason_of
from netmon.signatures.checks import find_conflicts
from netmon.signatures.folder import ReportCount, signature_files
from netmon.signatures.model import (
    PublicNames,
    PublicResolvers,
    Rule,
    SignatureSet,
    Vendor,
)
from netmon.signatures.read_ech import read_public_names
from netmon.signatures.read_locations import Atlas, read_locations
from netmon.signatures.read_resolvers import read_resolvers
from netmon.signatures.read_vendor import read_vendor
from netmon.yaml_nodes import Document, Item, in_lines

T = TypeVar("T")

REPORT_EVERY = 2000
"""Rules between two reports of progress."""
MAX_BYTES = 32 * 1024 * 1024
"""The largest file: several hundred thousand names."""
LOCATIONS = "locations.yaml"
PUBLIC_NAMES = "ech_public_names.yaml"
RESOLVERS = "resolvers.yaml"
SHARED = (LOCATIONS, PUBLIC_NAMES, RESOLVERS)
"""Files that do not describe a vendor. Only the locations are required."""


def load_folder(folder: Path, progress: ReportCount | None = None) -> SignatureSet:
    """All `*.yaml` files of the folder: one vendor per file, and the files in `SHARED`.

    `progress` is called with the number of rules read so far, after some thousands each.
    Raises SignatureError with one "file:line: message" per line for every error, sorted by file and line; a
    folder with an error is not used at all.
    """
    documents = _open(folder)
    atlas = _read_atlas(folder, documents)
    vendors = _read_vendors(documents, atlas, _numbers(progress))
    public_names = _read_shared(documents, PUBLIC_NAMES, read_public_names, PublicNames())
    resolvers = _read_shared(documents, RESOLVERS, read_resolvers, PublicResolvers())
    problems = [problem for document in documents for problem in document.problems]
    problems = problems or find_conflicts(vendors)
    if problems:
        raise SignatureError(in_lines(problems))
    digest = hashlib.sha256()
    for document in documents:
        digest.update(document.data)
    return SignatureSet(
        vendors={vendor.id: vendor for vendor in vendors},
        locations=atlas.locations,
        rules=_in_order(vendors),
        sha256=digest.hexdigest(),
        folder=str(folder),
        files=tuple(document.file for document in documents),
        public_names=public_names,
        resolvers=resolvers,
        groups=atlas.groups,
    )


def _open(folder: Path) -> list[Document]:
    if folder.is_file():
        raise SignatureError(
            f"{folder}: a file; name the folder of the signatures, which has a file for each vendor"
        )
    try:
        documents = [Document(path, max_bytes=MAX_BYTES) for path in signature_files(folder)]
    except OSError as error:
        raise SignatureError(f"{error.filename or folder}: {reason_of(error)}") from error
    if not documents:
        raise SignatureError(f"{folder}: no signature files (*.yaml) in this folder")
    return documents


def _numbers(progress: ReportCount | None) -> Iterator[int]:
    """Numbers for rules, from 0."""
    for number in itertools.count():
        if progress is not None and number % REPORT_EVERY == 0 and number > 0:
            progress(number)
        yield number


def _read_atlas(folder: Path, documents: list[Document]) -> Atlas:
    if not any(Path(document.file).name == LOCATIONS for document in documents):
        raise SignatureError(f"{folder}: {LOCATIONS} is missing; vendor files refer to its locations")
    return _read_shared(documents, LOCATIONS, read_locations, Atlas())


def _read_shared(documents: list[Document], name: str, read: Callable[[Item], T], without: T) -> T:
    """The contents of the file with this name; `without` if it is missing or not valid YAML."""
    roots = [document.root for document in documents if Path(document.file).name == name]
    return read(roots[0]) if roots and roots[0] is not None else without


def _read_vendors(documents: list[Document], atlas: Atlas, numbers: Iterator[int]) -> list[Vendor]:
    vendors: dict[str, Vendor] = {}
    for document in documents:
        if Path(document.file).name in SHARED or document.root is None:
            continue
        vendor = read_vendor(document.root, atlas, numbers)
        first = vendors.setdefault(vendor.id, vendor)
        if first is not vendor and vendor.id:
            document.report(1, f"vendor '{vendor.id}' is already described in {first.file}")
    return list(vendors.values())


def _in_order(vendors: list[Vendor]) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for vendor in vendors:
        for component in vendor.components.values():
            rules.extend(component.names)
            rules.extend(component.magic)
        rules.extend(vendor.networks)
        rules.extend(vendor.certificates)
    return tuple(sorted(rules, key=lambda rule: rule.number))
