"""The documentation's page about scenarios.

python -m tests.scenarios.page        rewrites docs/scenarios.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.scenarios.table import SCENARIOS, Scenario

PATH = Path(__file__).parents[2] / "docs" / "scenarios.md"
HEAD = """# Scenarios

What netmon says in situations that occur in organisations: the verdict, its severity, what it means, and
what cannot be known. Each one is a test that crafts a capture and runs `netmon read` on it
(`tests/scenarios/`); this page is generated from the same list. The places are those of the votes in the
signatures and of a database that the test crafts. [Verdicts](verdicts.md) explains the reasons.

| scenario | verdict | reason | severity | exit code |
|---|---|---|---|---|
"""


def text() -> str:
    """The page."""
    table = "".join(f"{_row(one)}\n" for one in SCENARIOS)
    return f"{HEAD}{table}\n" + "\n".join("\n".join(_section(one)) for one in SCENARIOS)


def _row(one: Scenario) -> str:
    link = f"[{one.name}](#{_anchor(one.name)})"
    reason = f"`{one.reason}`" if one.reason else "–"
    return f"| {link} | {one.outcome or 'no flow'} | {reason} | {one.severity or '–'} | {one.exit_code} |"


def _section(one: Scenario) -> Iterator[str]:
    yield f"## {one.name}\n"
    yield f"{one.story}\n"
    yield f"```yaml\n{one.config}```\n"
    yield f"> {one.sentence}\n"
    yield f"What remains open: {one.unknown}\n"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
