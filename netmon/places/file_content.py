"""The content of a file that is in use: the file may be replaced meanwhile."""

from __future__ import annotations

import importlib
import mmap
from functools import cached_property
from pathlib import Path
from typing import Any


class FileContent:
    """The bytes of a file that is open, mapped. Raises OSError, and ValueError for an empty file."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the bytes, computed when it is first asked for: few commands do."""
        hashlib: Any = importlib.import_module("hashlib")  # takes as long as to read a small capture
        digest: str = hashlib.sha256(self._bytes).hexdigest()
        return digest
