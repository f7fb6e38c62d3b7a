"""A state → the lines of a screen of some width and height. Nothing here knows a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from rich.cells import cell_len

from netmon.language.language import Language
from netmon.language.marking import _
from netmon.language.words import SEVERITY
from netmon.outputs.layout import wrapped
from netmon.top.flow_table import FlowTable, verdict_style, verdict_text
from netmon.top.header import clock, header
from netmon.top.lines import ScreenLine, StyledText, between, cut_line
from netmon.top.rows import place_name, rows_of
from netmon.top.state import FindingLine, Grouping, Order, TopState

_ORDERS: Mapping[Order, str] = {
    "worst": _("worst first"),
    "rate": _("by bytes sent per second"),
    "sent": _("by bytes sent"),
    "received": _("by bytes received"),
    "flows": _("by flows"),
    "name": _("by name"),
}
_HELP = (
    ("q", _("quit")),
    ("?", _("this help; any key goes back")),
    (_("p, space"), _("pause, and go on")),
    ("a", _("each kind of flow: vendor, component, place and verdict")),
    ("v  c  l  u", _("group by vendor, component, place, client")),
    ("g, G", _("next, previous grouping")),
    ("s, S", _("next, previous order")),
    ("r", _("reverse the order")),
    (_("arrows, k, j"), _("scroll; PgUp, PgDn, Home, End as well")),
    ("Tab", _("scroll the other list")),
)
_ABOUT = (
    _("Flows and bytes count from the start of the sensor; rates are those since the last look."),
    _("Clients, and the names of findings, come from the store, if this user can read it."),
)
_GROUPINGS: Mapping[Grouping, str] = {
    "kind": _("Flows"),
    "vendor": _("Flows by vendor"),
    "component": _("Flows by component"),
    "place": _("Flows by place"),
    "client": _("Flows by client, today (UTC)"),
}
SMALLEST = (20, 6)
"""Width and height below which nothing is drawn."""
_FEWEST_FINDINGS = 3


class TopScreen(NamedTuple):
    """What is to be shown, and how far down its lists it is, after all."""

    lines: list[ScreenLine]
    scroll: tuple[int, int]
    page: int  # lines of the table


def draw(state: TopState, now: datetime, width: int, height: int, language: Language) -> TopScreen:
    """The screen, of at most so many lines and columns."""
    if width < SMALLEST[0] or height < SMALLEST[1]:
        small = (StyledText(language.say("window too small")),)
        return TopScreen([cut_line(small, width)][:height], state.scroll, 1)
    above = [cut_line(line, width) for line in header(state, now, width, language)]
    if state.is_helping:
        lines = [*above, (), *(cut_line(line, width) for line in _help(width, language))]
        return TopScreen(lines[:height], state.scroll, 1)
    body, scroll, page = _body(state, now, width, height - len(above) - 1, language)
    filled = [*above, *body, *[()] * (height - len(above) - len(body) - 1)]
    return TopScreen([*filled[: height - 1], _keys(width, language)], scroll, page)


def listing(state: TopState, now: datetime, width: int, language: Language) -> list[ScreenLine]:
    """Everything, in as many lines as that takes."""
    room = (
        4 + max(len(rows_of(state, language)), 1) + max(len(findings_of(state, language)), _FEWEST_FINDINGS)
    )
    unscrolled = replace(state, scroll=(0, 0))
    body, _, _ = _body(unscrolled, now, width, max(room, 2 * (2 + _FEWEST_FINDINGS)), language)
    return [*(cut_line(line, width) for line in header(state, now, width, language)), *body]


def _body(
    state: TopState, now: datetime, width: int, room: int, language: Language
) -> tuple[list[ScreenLine], tuple[int, int], int]:
    """The table and the findings, which share the room; how far each is scrolled; the lines of a page."""
    if state.shown is None:
        return [], state.scroll, 1
    rows, findings = rows_of(state, language), findings_of(state, language)
    for_findings = _share(room, 2 + max(len(rows), 1), 2 + max(len(findings), 1))
    counts = max(room - for_findings - 2, 0), max(for_findings - 2, 0)
    scroll = (
        min(state.scroll[0], max(len(rows) - counts[0], 0)),
        min(state.scroll[1], max(len(findings) - counts[1], 0)),
    )
    table = FlowTable(rows, state.grouping, width, language)
    about = _about_rows(state, language)
    lines: list[ScreenLine] = [
        _heading(about, state.pane == "flows", (scroll[0], counts[0], len(rows)), width, language),
        table.heading(),
        *table.lines(scroll[0], counts[0]),
    ]
    if not rows:
        lines.append((StyledText(_no_rows(state, language), "dim"),))
    lines += [()] * (counts[0] + 2 - len(lines))
    if counts[1]:
        about = language.say("Latest findings")
        position = (scroll[1], counts[1], len(findings))
        lines += [(), _heading(about, state.pane == "findings", position, width, language)]
        lines += [_finding(one, now, width, language) for one in findings[scroll[1] :][: counts[1]]]
        if not findings:
            lines.append((StyledText(language.say("No findings so far."), "dim"),))
    page = counts[0] if state.pane == "flows" else counts[1]
    return [cut_line(line, width) for line in lines[:room]], scroll, max(page, 1)


def _share(room: int, rows: int, findings: int) -> int:
    """The lines for the findings with their heading; 0 if there is no room for a few of them."""
    least = 2 + _FEWEST_FINDINGS
    if room < 2 * least:
        return 0
    return max(min(findings, room - rows), min(findings, room // 3), least)


def _heading(
    about: str, is_chosen: bool, position: tuple[int, int, int], width: int, language: Language
) -> ScreenLine:
    """What a list is about, and which of its lines are shown, if not all; a mark says that keys scroll it."""
    first, shown, count = position
    where = ""
    if count > shown:
        last = min(first + shown, count)
        where = language.say("{first}–{last} of {count}", first=first + 1, last=last, count=count)
    return (StyledText(between(f"{'>' if is_chosen else ' '} {about}", where, width), "bold"),)


def _about_rows(state: TopState, language: Language) -> str:
    say = language.say
    order = say(_ORDERS[state.order])
    backwards = f", {say('reversed')}" if state.is_reversed else ""
    return f"{say(_GROUPINGS[state.grouping])}, {order}{backwards}"


def _no_rows(state: TopState, language: Language) -> str:
    if state.grouping == "client" and state.records.why_none is not None:
        why = language.say(state.records.why_none)
        return language.say("Clients are in the store only: {why}", why=why)
    if state.grouping == "client":
        return language.say("No flow of a known vendor is stored today (UTC).")
    looked_up = state.shown.now.looked_up if state.shown is not None else 0
    if looked_up:
        return language.say_count(
            round(looked_up),
            "No flow of a known vendor so far, only {count} DNS query.",
            "No flow of a known vendor so far, only {count} DNS queries.",
        )
    return language.say("No flow of a known vendor so far.")


def findings_of(state: TopState, language: Language) -> Sequence[FindingLine]:
    """The findings of the store; without it, what the metrics tell, which is less."""
    if state.records.why_none is None or state.shown is None:
        return state.records.findings
    found = [
        FindingLine(
            last_s=seen_s,
            outcome=kind.outcome,
            severity=kind.severity,
            who=None,
            what=f"{kind.vendor} ({kind.component})",
            location=kind.location,
            country=kind.country,
            city=state.shown.now.cities.get(kind.location),
        )
        for kind, seen_s in state.shown.now.seen.items()
    ]
    return sorted(found, key=lambda one: -one.last_s)


def _finding(one: FindingLine, now: datetime, width: int, language: Language) -> ScreenLine:
    """A finding; where there is no room for all of it, without the verdict beside the severity."""
    where = place_name(one.location, one.country, one.city, language)
    who = f"{one.who} → " if one.who else ""
    times = f" ×{language.number(one.flows)}" if one.flows > 1 else ""
    before, after = f"{clock(one.last_s, now)} ", f"{times}: {where}: {who}{one.what}"
    verdict = verdict_text(one.outcome, one.severity, language)
    if one.severity is not None and cell_len(before + verdict + after) > width:
        verdict = language.say(SEVERITY[one.severity])
    style = verdict_style(one.outcome, one.severity)
    return StyledText(before), StyledText(verdict, style), StyledText(after)


def _help(width: int, language: Language) -> Iterator[ScreenLine]:
    for keys, text in _HELP:
        head = f"{language.say(keys):<16} "
        for line in wrapped(language.say(text), width - len(head)):
            yield StyledText(head, "bold"), StyledText(line)
            head = " " * len(head)
    yield ()
    for text in _ABOUT:
        yield from ((StyledText(line),) for line in wrapped(language.say(text), width))


def _keys(width: int, language: Language) -> ScreenLine:
    say = language.say
    words = ("q", say("quit"), "?", say("help"), "p", say("pause"), "g", say("group"), "s", say("order"))
    more = ("r", say("reverse"), say("arrows"), say("scroll"))
    line: list[StyledText] = []
    left = width
    for key, text in zip((*words, *more)[::2], (*words, *more)[1::2], strict=True):
        gap = "  " if line else ""
        left -= cell_len(f"{gap}{key} {text}")
        if left < 0:
            break
        line += [StyledText(gap), StyledText(key, "bold"), StyledText(f" {text}")]
    return tuple(line)
