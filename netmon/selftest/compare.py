"""What an installation found, compared with the results that come with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from netmon.selftest.replay import Results

EXPECTED = Path(__file__).parents[1] / "data" / "selftest.json"


class UnexpectedResult(NamedTuple):
    """A value that is not the expected one; None stands for one that is not there."""

    part: str
    name: str
    expected: object
    found: object


def expected_results() -> Results:
    """The results that come with the package. Raises OSError and ValueError."""
    results: Results = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return results


def differences(found: Results, expected: Results) -> Iterator[UnexpectedResult]:
    """Every difference, by part and name."""
    for part in sorted({*found, *expected}):
        here, there = found.get(part, {}), expected.get(part, {})
        for name in sorted({*here, *there}):
            if here.get(name) != there.get(name):
                yield UnexpectedResult(part, name, there.get(name), here.get(name))
