"""Signatures that were read before, from the user's cache folder.

A file of the cache is used only if it was made from the same bytes of the same folder by the same code, and
nobody but this user can have written it. Whatever is wrong with the cache, the signatures are read anew.
"""

from __future__ import annotations

import importlib
import io
import os
import pickle
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from netmon._engine import sha256, sha256_of_files
from netmon.signatures.folder import ReportCount, signature_files
from netmon.signatures.model import SignatureSet

OF_PACKAGE = Path("/var/cache/netmon")
"""Made by the package of a distribution."""
KEPT = 4
"""Files that are kept: one for each folder of signatures that is in use."""
MAX_BYTES = 64 * 1024 * 1024
"""Of a file; larger signatures are read anew each time."""
_PREFIX = "signatures-"
_DIGEST_BYTES = 32
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PACKAGE = Path(__file__).parents[1]
_CODE = (_PACKAGE, _PACKAGE / "signatures")
"""The folders of the files that decide about the contents of a `SignatureSet`."""
_CLASSES = ("netmon.signatures.model", "netmon.records")
"""Where the classes of its values are."""
_BY_NAMES = ("msgspec._utils", "rebuild")
"""The function with which a Struct whose fields have to be named is pickled: it calls the class with them."""


def cache_folder(environment: Mapping[str, str], of_package: Path = OF_PACKAGE) -> Path | None:
    """The user's folder for what can be made again; None without one.

    Root has that of the package, if it is installed, so that a purge leaves nothing in a home.
    """
    chosen, home = (Path(environment.get(key, "")) for key in ("XDG_CACHE_HOME", "HOME"))
    if chosen.is_absolute():
        return chosen / "netmon"
    with suppress(OSError):
        if _is_own(of_package.lstat(), stat.S_ISDIR):
            return of_package
    return home / ".cache/netmon" if home.is_absolute() else None


def load_cached(folder: Path, cache: Path | None, progress: ReportCount | None = None) -> SignatureSet:
    """The same as `load_folder`, which is called unless the cache has its result. Raises SignatureError."""
    key = None if cache is None else _key(folder)
    if cache is None or key is None:
        return _load(folder, progress)
    file = cache / f"{_PREFIX}{key.hex()}"
    found = _read(file, key)
    if found is None:
        found = _load(folder, progress)
        if key == _key(folder):  # else a file was replaced while it was read
            with suppress(OSError):
                _write(file, key + _packed(found))
    return found


def _load(folder: Path, progress: ReportCount | None) -> SignatureSet:
    from netmon.signatures.load import load_folder  # noqa: PLC0415  # reads YAML, which takes long to import

    return load_folder(folder, progress)


def _key(folder: Path) -> bytes | None:
    """A hash of the signatures, and of the code that reads them; None if they cannot be read."""
    try:
        engine = importlib.import_module("netmon._engine").__file__ or ""
        built = Path(engine).stat()
        about = f"{sys.version}\n{folder}\n{engine} {built.st_size} {built.st_mtime_ns}\n".encode()
        return sha256_of_files(about, [*_code(), *signature_files(folder)])
    except (OSError, UnicodeEncodeError):
        return None


def _code() -> Iterator[Path]:
    for folder in _CODE:
        yield from sorted(path for path in folder.iterdir() if path.suffix == ".py")


def _read(file: Path, key: bytes) -> SignatureSet | None:
    """What a file of the cache holds; None if there is none, or if it may not be used."""
    try:
        if not _is_own(file.parent.lstat(), stat.S_ISDIR):
            return None
        with open(os.open(file, _READ_FLAGS), "rb") as stream:  # noqa: PTH123  # a descriptor
            about = os.fstat(stream.fileno())
            if not _is_own(about, stat.S_ISREG) or about.st_size > MAX_BYTES:
                return None
            data = stream.read(MAX_BYTES)
    except OSError:
        return None
    head, digest, packed = (
        data[: len(key)],
        data[len(key) :][:_DIGEST_BYTES],
        data[len(key) + _DIGEST_BYTES :],
    )
    if head != key or digest != sha256(packed):
        return None
    try:
        found = _Unpickler(io.BytesIO(packed)).load()
    except (pickle.UnpicklingError, ValueError, TypeError, AttributeError, LookupError, EOFError):
        return None
    return found if isinstance(found, SignatureSet) else None


def _is_own(about: os.stat_result, is_kind: Any) -> bool:
    """True for a file or folder of this user that nobody else may write to."""
    return is_kind(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o022


def _packed(signatures: SignatureSet) -> bytes:
    packed = pickle.dumps(signatures, pickle.HIGHEST_PROTOCOL)
    return sha256(packed) + packed


def _write(file: Path, data: bytes) -> None:
    """Writes a file of the cache, and removes old ones. Raises OSError."""
    folder = file.parent
    if len(data) > MAX_BYTES or not _may_be_made(folder):
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = folder / f"{file.name}.{os.getpid()}"
    descriptor = os.open(new, _NEW_FLAGS, 0o600)
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123  # a descriptor
            stream.write(data)
        new.replace(file)
    except OSError:
        new.unlink()
        raise
    others = [path for path in folder.glob(f"{_PREFIX}*") if path != file]
    others.sort(key=lambda path: path.lstat().st_mtime_ns, reverse=True)
    for path in others[KEPT - 1 :]:
        path.unlink(missing_ok=True)


def _may_be_made(folder: Path) -> bool:
    """True if the folder, or what it would be made in, is this user's: `sudo` may keep another's home."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return _is_own(folder.lstat(), stat.S_ISDIR)


class _Unpickler(pickle.Unpickler):
    """Makes the values of signatures, and nothing else: no file of the cache can call a function."""

    def find_class(self, module: str, name: str) -> Any:
        """The class of a value. Raises UnpicklingError for anything else."""
        if (module, name) == _BY_NAMES:
            return super().find_class(module, name)
        found = getattr(importlib.import_module(module), name, None) if module in _CLASSES else None
        if isinstance(found, type) and issubclass(found, Struct) and found.__module__ == module:
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no value of signatures")
