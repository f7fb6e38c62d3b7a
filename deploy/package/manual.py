"""Writes the manual pages, from the same texts as `netmon --help`.

    python3 -m deploy.package.manual PACKAGES FOLDER

PACKAGES is a folder in which netmon is installed with all that it imports. Each command has a page, such as
netmon(1), netmon-read(1) and netmon-store-import(1).
"""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.package.tools import build_time

FILES = (
    ("/etc/netmon/netmon.yaml", "The configuration."),
    ("/var/lib/netmon", "What the sensor remembers."),
)
ENVIRONMENT = (("NETMON_CONFIG", "The configuration file, unless --config is given."),)


def pages(path: list[str], listed: Any, parent: Any = None) -> Iterator[tuple[str, str]]:
    """The names and texts of the pages of a command, as it is listed, and of its commands; in section 1."""
    context = listed.make_context(path[-1], [], parent=parent, resilient_parsing=True)
    lines = _lines(path, listed.get_short_help_str(200).rstrip("."), context.command, context)
    yield "-".join(path), "".join(f"{line}\n" for line in lines)
    for name, child in getattr(context.command, "commands", {}).items():
        yield from pages([*path, name], child, context)


def _lines(path: list[str], purpose: str, command: Any, context: Any) -> Iterator[str]:
    title = "-".join(path)
    date = time.strftime("%Y-%m-%d", time.gmtime(build_time()))
    yield f'.TH "{_text(title.upper())}" 1 "{date}" "netmon" "User Commands"'
    yield from (".SH NAME", f"{_text(title)} \\- {_text(purpose[:1].lower() + purpose[1:])}")
    yield from (
        ".SH SYNOPSIS",
        f"\\fB{_text(' '.join(path))}\\fR {_text(' '.join(command.collect_usage_pieces(context)))}",
    )
    yield from (".SH DESCRIPTION", *_paragraphs(inspect.cleandoc(command.help)))
    records = [one.get_help_record(context) for one in command.get_params(context)]
    yield from _section("OPTIONS", [record for record in records if record and record[0].startswith("-")])
    children = getattr(command, "commands", {}).items()
    entries = [(f"{title}-{name}(1)", child.get_short_help_str(200)) for name, child in children]
    yield from _section("COMMANDS", entries)
    if command.epilog:
        yield from (".SH EXIT STATUS", *_paragraphs(command.epilog.removeprefix("Exit codes: ")))
    if len(path) == 1:
        yield from _section("ENVIRONMENT", ENVIRONMENT)
        yield from _section("FILES", FILES)
    else:
        yield from (".SH SEE ALSO", f"\\fB{_text('-'.join(path[:-1]))}\\fR(1)")


def _section(head: str, entries: Any) -> Iterator[str]:
    """A section of terms, each with its explanation; nothing if there are none."""
    if entries:
        yield f".SH {head}"
    for term, words in entries:
        yield from (".TP", f"\\fB{_text(term)}\\fR", _text(words or "See above."))


def _paragraphs(words: str) -> Iterator[str]:
    for part in words.split("\n\n"):
        if part.startswith(" "):  # examples keep their lines
            yield from (".PP", ".RS 4", ".nf", _text(part.strip()), ".fi", ".RE")
        elif part.strip():
            yield from (".PP", _text(part.strip()))


def _text(words: str) -> str:
    """Plain text for troff: nothing in it is a command, an escape or a typographic quote."""
    escaped = words.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    lines = (line.strip() for line in escaped.split("\n"))
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in lines)


def main() -> int:
    """Writes a file for each page."""
    packages, folder = sys.argv[1:]
    sys.path.insert(0, packages)
    from netmon.cli.app import app  # noqa: PLC0415 - from that folder

    for name, text in pages(["netmon"], app):
        (Path(folder) / f"{name}.1").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
