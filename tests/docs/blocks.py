"""The `console` blocks of README and the documentation: commands, and the output shown below each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for pattern in ("*.md", "docs/*.md", "deploy/*.md", "grafana/**/*.md", "netmon/data/*/*.md")
    for path in ROOT.glob(pattern)
)
"""Every document that is written for people who use or develop netmon, relative to the repository."""

TUTORIAL = Path("docs/tutorial.md")
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
TIME_OF_FINDING = re.compile(
    r"^(\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\dZ?(?= (unexpected|forbidden), )", re.MULTILINE
)
"""On a terminal, as the documents show it, or in a file."""
TSHARK = re.compile(r"tshark \d+\.\d+\.\d+")


class Command(NamedTuple):
    """One command as typed, and the lines shown as its output; none where a document leaves it out."""

    text: str
    output: tuple[str, ...]

    def matches(self, actual: str) -> bool:
        """Whether this output is what the document shows.

        A line `...` stands for any number of lines, `...` within a line for any text. The version of tshark,
        the times of findings and empty lines at the end do not matter.
        """
        if not self.output:
            return True
        pattern = "".join(map(_as_pattern, self.output))
        return re.fullmatch(pattern, _normalised(actual).rstrip("\n") + "\n") is not None


class Block(NamedTuple):
    """A `console` block of a document."""

    document: Path
    line: int
    commands: tuple[Command, ...]

    @property
    def is_of_tutorial(self) -> bool:
        """Whether it is a step of the tutorial, which makes a network of its own."""
        return self.document == TUTORIAL

    @property
    def needs_mirror_port(self) -> bool:
        """Whether it captures, or queries a sensor that does."""
        if self.is_of_tutorial:
            return False
        texts = " ".join(command.text for command in self.commands)
        words = ("sudo venv/bin/netmon run", "sudo venv/bin/netmon doctor", "http://127.0.0.1:10977")
        return any(word in texts for word in words)

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def read_blocks(document: Path, text: str) -> Iterator[Block]:
    """The `console` blocks of a document, in order. Raises ValueError for output without a command."""
    for found in FENCE.finditer(text):
        indent, language, body = found.groups()
        if language == "console":
            line = text.count("\n", 0, found.start()) + 1
            body = re.sub(f"^{indent}", "", body, flags=re.MULTILINE)
            yield Block(document, line, tuple(_read_commands(body, f"{document}:{line}")))


def all_blocks() -> list[Block]:
    """Every `console` block there is."""
    texts = {document: (ROOT / document).read_text(encoding="utf-8") for document in DOCUMENTS}
    return [block for document, text in texts.items() for block in read_blocks(document, text)]


def installation() -> Block:
    """The block that installs netmon: the first one of README."""
    return next(block for block in all_blocks() if block.document == Path("README.md"))


def _read_commands(text: str, where: str) -> Iterator[Command]:
    first, *parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    if first:
        raise ValueError(f"{where}: output without a command")
    for part in parts:
        command, *output = part.splitlines()
        yield Command(command, tuple(output))


def _as_pattern(line: str) -> str:
    if line == "...":
        return r"(?:.*\n)*?"
    return re.escape(_normalised(line)).replace(re.escape("..."), ".*") + r"\n"


def _normalised(text: str) -> str:
    return TIME_OF_FINDING.sub("TIME", TSHARK.sub("tshark N", text))
