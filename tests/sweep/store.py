"""The results of a sweep in a file, a line for each capture, so that it can be interrupted and repeated."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tests.sweep.examination import Result


class Store:
    """Results by the hash of their capture. The last line about a capture counts."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.results: dict[str, Result] = {}
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                try:
                    result = Result(**json.loads(line))
                except (ValueError, TypeError):  # cut by an interruption, or of an older layout
                    continue
                self.results[result.sha256] = result

    def add(self, result: Result) -> None:
        """Appends a result."""
        self.results[result.sha256] = result
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")

    def compact(self) -> None:
        """Rewrites the file with the last line about each capture."""
        lines = [json.dumps(asdict(result), ensure_ascii=False) + "\n" for result in self.results.values()]
        new = self._file.with_suffix(".new")
        new.write_text("".join(lines), encoding="utf-8")
        new.replace(self._file)
