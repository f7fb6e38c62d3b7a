"""Writes the manual pages, from the same texts as `netmon --help`.

    python3 -m deploy.package.manual PACKAGES FOLDER

PACKAGES is a folder in which netmon is installed with all that it imports. Each command has a page, such as
netmon(1), netmon-read(1) and netmon-store-import(1).
"""

from __future__ import annotations

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


def page(path: list[str], command: Any, context: Any) -> str:
    """The page of a command, in section 1."""
    return "".join(f"{line}\n" for line in _lines(path, command, context))


def pages(path: list[str], command: Any, parent: Any = None) -> Iterator[tuple[str, str]]:
    """The names and texts of the pages of a command and of its commands."""
    context = command.make_context(path[-1], [], parent=parent, resilient_parsing=True)
    yield "-".join(path), page(path, command, context)
    for name, child in getattr(command, "commands", {}).items():
        if not child.hidden:
            yield from pages([*path, name], child, context)


def _lines(path: list[str], command: Any, context: Any) -> Iterator[str]:
    title, purpose = "-".join(path), command.get_short_help_str(200).rstrip(".")
    date = time.strftime("%Y-%m-%d", time.gmtime(build_time()))
    yield f'.TH "{_text(title.upper())}" 1 "{date}" "netmon" "User Commands"'
    yield from (".SH NAME", f"{_text(title)} \\- {_text(purpose[:1].lower() + purpose[1:])}")
    yield from (
        ".SH SYNOPSIS",
        f"\\fB{_text(' '.join(path))}\\fR {_text(' '.join(_usage(command, context)))}",
    )
    yield from (".SH DESCRIPTION", *_paragraphs(command.help or command.get_short_help_str(200)))
    records = [one.get_help_record(context) for one in command.get_params(context)]
    yield from _section("OPTIONS", [record for record in records if record and record[0].startswith("-")])
    children = {name: child for name, child in getattr(command, "commands", {}).items() if not child.hidden}
    entries = [(f"{title}-{name}(1)", child.get_short_help_str(200)) for name, child in children.items()]
    yield from _section("COMMANDS", entries)
    if command.epilog:
        yield from (".SH EXIT STATUS", *_paragraphs(command.epilog.removeprefix("Exit codes: ")))
    if len(path) == 1:
        yield from _section("ENVIRONMENT", ENVIRONMENT)
        yield from _section("FILES", FILES)
    else:
        yield from (".SH SEE ALSO", f"\\fB{_text('-'.join(path[:-1]))}\\fR(1)")


def _usage(command: Any, context: Any) -> list[str]:
    pieces: list[str] = command.collect_usage_pieces(context)
    return pieces


def _section(head: str, entries: Any) -> Iterator[str]:
    """A section of terms, each with its explanation; nothing if there are none."""
    if entries:
        yield f".SH {head}"
    for term, words in entries:
        yield from (".TP", f"\\fB{_text(term)}\\fR", _text(words or "See above."))


def _paragraphs(words: str) -> Iterator[str]:
    for part in words.replace("\b\n", "").split("\n\n"):
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
    import typer.main  # noqa: PLC0415 - from that folder

    from netmon.cli.app import app  # noqa: PLC0415

    for name, text in pages(["netmon"], typer.main.get_command(app)):
        (Path(folder) / f"{name}.1").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
