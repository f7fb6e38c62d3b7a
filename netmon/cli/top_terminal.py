"""The screen of `netmon top` on a terminal, and its keys.

curses is part of Python, knows every terminal, sends only what has changed, which matters over ssh, and
leaves the terminal as it was after Ctrl-Z and at the end.
"""

from __future__ import annotations

import codecs
import curses
import locale
import os
import select
import signal
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime

from rich.cells import cell_len

from netmon.cli.terminal import printable
from netmon.errors import TopError
from netmon.language.language import Language
from netmon.top.drawing import draw
from netmon.top.lines import ScreenLine, Style, cut
from netmon.top.state import TopState, pressed
from netmon.top.watch import SensorWatch

_TURN_MS = 200
"""How long a key is waited for before the screen is drawn again."""
_KEYS: Mapping[int, str] = {
    curses.KEY_UP: "UP",
    curses.KEY_DOWN: "DOWN",
    curses.KEY_PPAGE: "PGUP",
    curses.KEY_NPAGE: "PGDN",
    curses.KEY_HOME: "HOME",
    curses.KEY_END: "END",
    curses.KEY_F1: "?",
    ord("\t"): "TAB",
    ord("h"): "?",
    3: "q",  # Ctrl-C, where the terminal passes it on
}
_SIMILAR = {"→": ">", "…": "~", "–": "-", "·": "|", "×": "x", "\u202f": " "}
"""Signs of netmon's own texts in one column of ASCII."""
_COLOURS: Mapping[Style, int] = {
    "bad": curses.COLOR_RED,
    "warn": curses.COLOR_YELLOW,
    "good": curses.COLOR_GREEN,
}
_PLAIN_LOOKS: Mapping[Style, int] = {
    "title": curses.A_REVERSE,
    "bold": curses.A_BOLD,
    "bad": curses.A_BOLD,
    "dim": curses.A_DIM,
}


def show(watch: SensorWatch, state: TopState, language: Language) -> int:
    """Shows the screen until a key or a signal ends it; returns the exit code. Raises TopError."""
    for name in ("LINES", "COLUMNS"):
        os.environ.pop(name, None)  # curses would believe them, whatever size the window gets
    ending: list[int] = []
    before = {
        number: signal.signal(number, lambda given, _frame: ending.append(given))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    watch.start(state.where)
    try:
        with _opened() as window:
            _run(window, watch, state, language, ending)
    except curses.error as error:
        raise TopError(
            f"the terminal {os.environ.get('TERM')} cannot be used: {error}; "
            f"without one: netmon top --once {state.where}"
        ) from error
    finally:
        watch.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0 if not ending or ending[0] == signal.SIGINT else 128 + ending[0]


@contextmanager
def _opened() -> Iterator[curses.window]:
    """The screen; the terminal afterwards is as it was. `curses.wrapper` would set colours in any case."""
    window = curses.initscr()
    try:
        curses.noecho()
        curses.cbreak()
        window.keypad(True)
        yield window
    finally:
        window.keypad(False)
        curses.echo()
        curses.nocbreak()
        curses.endwin()


def _run(
    window: curses.window, watch: SensorWatch, state: TopState, language: Language, ending: list[int]
) -> None:
    with suppress(curses.error):  # a terminal without it
        curses.curs_set(0)
    window.timeout(_TURN_MS)
    paint = _Painter(window)
    while not ending:
        state = watch.applied(state)
        height, width = window.getmaxyx()
        screen = draw(state, datetime.now().astimezone(), width, height, language)
        state = replace(state, scroll=screen.scroll)
        paint(screen.lines, width)
        key = window.getch()
        if key == curses.KEY_RESIZE:
            window.erase()
            continue
        if key == -1:
            if _is_gone():
                return
            continue
        name = _KEYS.get(key, chr(key) if 32 <= key < 127 else "")
        after = pressed(state, name, screen.page)
        if after is None:
            return
        if after.grouping == "client" and not watch.wants_clients:
            watch.wants_clients = True
            watch.hurry()
        state = after


def _is_gone() -> bool:
    """True if the terminal was closed, which SIGHUP does not tell a program that nohup started."""
    poll = select.poll()
    poll.register(sys.stdin.fileno(), select.POLLIN)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))


class _Painter:
    """Puts lines on a window, in the terminal's encoding, with its colours if it has any."""

    def __init__(self, window: curses.window) -> None:
        self._window = window
        self._encoding = _encoding()
        self._looks = dict(_PLAIN_LOOKS)
        if not os.environ.get("NO_COLOR") and curses.has_colors():
            curses.start_color()
            curses.use_default_colors()
            for number, (style, colour) in enumerate(_COLOURS.items(), 1):
                curses.init_pair(number, colour, -1)
                self._looks[style] = curses.color_pair(number) | (curses.A_BOLD if style == "bad" else 0)

    def __call__(self, lines: Sequence[ScreenLine], width: int) -> None:
        self._window.erase()
        for row, line in enumerate(lines):
            column = 0
            for text, style in line:
                shown = cut(self._encodable(printable(text)), width - column)
                # The last place of the last line cannot be written without scrolling: curses reports that.
                with suppress(curses.error):
                    self._window.addstr(row, column, shown, self._looks.get(style, 0))
                column += cell_len(shown)
        self._window.refresh()

    def _encodable(self, text: str) -> str:
        """The text with a sign that the terminal has for each one that it lacks, so that columns stay."""
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return "".join(map(self._similar, text))
        return text

    def _similar(self, sign: str) -> str:
        for one in (sign, _SIMILAR.get(sign, ""), unicodedata.normalize("NFKD", sign)[0]):
            with suppress(UnicodeEncodeError):
                if one and one.encode(self._encoding):
                    return one
        return "?" * cell_len(sign)


def _encoding() -> str:
    """The encoding of the terminal: that of the locale, and not of Python's UTF-8 mode."""
    of_stream = sys.stdout.encoding or "ascii"
    is_utf8 = codecs.lookup(of_stream).name == "utf-8"
    return locale.getencoding() if is_utf8 else of_stream
