"""A diagnosis for people: the worst findings first, each with what it means and the command that fixes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console

from netmon.cli.terminal import printable
from netmon.doctor.findings import CheckResult, Mark
from netmon.language.language import Language
from netmon.language.marking import _
from netmon.outputs.layout import Paragraph

_MARKS: Mapping[Mark, tuple[str, str]] = {
    Mark.PROBLEM: ("PROBLEM", "bold red"),
    Mark.WARNING: (_("WARNING"), "yellow"),
    Mark.NOT_CHECKED: (_("NOT CHECKED"), "cyan"),
    Mark.OK: ("OK", "green"),
}
_TITLES: Mapping[str, str] = {
    "rights": _("rights"),
    "kernel": _("kernel"),
    "interface": _("interface"),
    "traffic": _("traffic"),
    "losses": _("lost packets"),
    "directions": _("both directions"),
    "undecoded": _("packets not decoded"),
    "cut": _("complete packets"),
    "offloads": _("offloading"),
    "packet_size": _("packet size"),
    "duplicates": _("duplicates"),
    "vlans": "VLANs",
    "dns": "DNS",
    "encrypted_dns": _("encrypted DNS"),
    "ech": _("encrypted names"),
    "quic": "QUIC",
    "clock": _("clock"),
    "country": _("country of the users"),
    "databases": _("location databases"),
    "signatures": _("signatures"),
    "files": _("folders"),
    "disk": _("room on the disk"),
    "web": _("metrics"),
}
_INDENT = "  "


def show(console: Console, findings: Sequence[CheckResult], language: Language) -> None:
    """Prints the findings, and how many of each kind there are."""
    for one in findings:
        _show(console, one, language)
    console.print(Paragraph(_closing(findings, language)))


def _show(console: Console, one: CheckResult, language: Language) -> None:
    mark, colour = _MARKS[one.mark]
    title = f"{one.interface}: " if one.interface else ""
    title += language.say(_TITLES[one.check])
    width = max(len(language.say(word)) for word, _colour in _MARKS.values()) + 1
    head = language.say(mark).ljust(width)
    text = printable(one.text)
    if one.mark in (Mark.OK, Mark.NOT_CHECKED):
        console.print(Paragraph(f"{title}: {text}", colour, " " * width, head, styled=width))
        return
    console.print(Paragraph(title, colour, " " * width, head, styled=width + len(title)))
    console.print(Paragraph(text, "", _INDENT, _INDENT))
    if one.meaning is not None:
        console.print(Paragraph(printable(one.meaning), "", _INDENT, _INDENT))
    if one.command is not None:
        console.print(f"{_INDENT}$ {printable(one.command)}", style="bold", soft_wrap=True)
    console.print()


def _closing(findings: Sequence[CheckResult], language: Language) -> str:
    counts = {mark: sum(one.mark is mark for one in findings) for mark in Mark}
    parts = [
        language.say_count(counts[Mark.PROBLEM], "{count} problem", "{count} problems"),
        language.say_count(counts[Mark.WARNING], "{count} warning", "{count} warnings"),
        language.say("{count} not checked", count=language.number(counts[Mark.NOT_CHECKED])),
        f"{language.number(counts[Mark.OK])} ok",
    ]
    return ", ".join(parts)
