"""Which version of a file is on disk, to notice that it was replaced or written."""

from __future__ import annotations

from pathlib import Path

FileVersion = tuple[int, ...]
"""Device, inode, modification time and size."""


def file_version(path: Path) -> FileVersion | None:
    """The version of a file; None if the file does not exist or is not accessible."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
