"""Reads capture files as `netmon read` does: to a summary, events, or a view."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import astuple

from netmon.cli.capture_reading import CaptureReading, ReadingPlan
from netmon.cli.exit_codes import ERROR, FOUND, OK
from netmon.cli.late import LateModule
from netmon.cli.named_files import named_files
from netmon.cli.options import EvidenceOptions
from netmon.cli.spoken_language import LanguageName, chosen_language
from netmon.cli.stopping import stoppable
from netmon.cli.summary_page import SummaryPage, show_summary
from netmon.cli.terminal import log, printable, write_line
from netmon.language.language import Language
from netmon.outputs.shown import FINDINGS
from netmon.sources.stop_request import StopRequest
from netmon.unread import partly_unread_text, unread_text

if TYPE_CHECKING:
    from netmon.cli import history, views
else:
    history = LateModule("netmon.cli.history")
    views = LateModule("netmon.cli.views")


def read_files(
    words: Sequence[str],
    options: EvidenceOptions,
    *,
    is_followed: bool = False,
    json: bool = False,
    every: bool = False,
    store: str | None = None,
    by: views.View | None = None,
    csv: bool = False,
    findings: int = FINDINGS,
    workers: int = 1,
    exit_code: bool = True,
    language: LanguageName | None = None,
) -> int:
    """Reads the files that are named and shows what they contain. The exit code. Raises NetmonError."""
    files = named_files(words, store, is_followed=is_followed)
    configured = options.load()
    settings = options.for_files(configured)
    spoken = chosen_language(language)
    plan = ReadingPlan(
        options.source,
        json=json,
        every=every,
        follow=is_followed,
        store=store,
        views=by is not None,
        workers=workers,
    )
    reading = CaptureReading(files, plan, configured, settings, spoken)
    with stoppable() as stop:
        with ExitStack() as stack:
            reading.run(stack, stop)
            remarks = _remarks(stop, spoken)
            if by is not None:
                _show_view(reading, by, csv, remarks, spoken)
        if not json and by is None:
            page = SummaryPage(remarks, findings, partial(_command, words, options))
            show_summary(reading.summary, reading.stats, settings.subjects, spoken, page)
        for line in reading.doubts():
            log(line)
    is_alarm = exit_code and bool(reading.found.alarms)
    is_read = _unread_text(reading, spoken) is None
    return _exit_code(reading.problems, stop, is_read=is_read, is_alarm=is_alarm)


def _unread_text(reading: CaptureReading, language: Language) -> str | None:
    """That most packets could not be decoded, of the run or of an interface; None if they could."""
    nothing_seen = not reading.found.ended
    partly = partly_unread_text(reading.stats, language, nothing_seen=nothing_seen)
    return unread_text(reading.stats, language) or partly


def _show_view(
    reading: CaptureReading,
    by: views.View,
    csv: bool,
    remarks: Sequence[str],
    language: Language,
) -> None:
    """Writes a view; a table after the remarks, and where there is nothing in it, with the reason."""
    view, unread = reading.view(by), _unread_text(reading, language)
    if csv:
        history.show(view, views.Format.CSV, language)
        return
    for remark in remarks:
        write_line(remark)
    if unread is not None:
        write_line(f"{language.say('NOT READ')}: {unread}.")
    if view.rows:
        history.show(view, views.Format.TABLE, language)
    elif unread is None:
        looked_up = list(reading.summary.looked_up_lines(reading.stats))
        for line in (*looked_up, reading.summary.sentence(is_looked_up=bool(looked_up))):
            write_line(line)


def _exit_code(problems: Sequence[str], stop: StopRequest, *, is_read: bool, is_alarm: bool) -> int:
    if stop.is_asked:
        return stop.exit_code
    if is_alarm:
        return FOUND
    return ERROR if problems or not is_read else OK


def _remarks(stop: StopRequest, language: Language) -> tuple[str, ...]:
    """What is to be known about the run before its result."""
    if not stop.is_asked:
        return ()
    return (language.say("INTERRUPTED by {signal}: this is what was read until then.", signal=stop.name),)


def _command(words: Sequence[str], options: EvidenceOptions, findings: int) -> str:
    """The command that shows so many findings of the same files."""
    import shlex  # noqa: PLC0415  # few summaries leave out findings

    given = zip(options.__struct_fields__, astuple(options), options.__struct_defaults__, strict=True)
    chosen = [(name, value) for name, value, default in given if value != default and name != "evidence"]
    parts = [part for name, value in chosen for part in (f"--{name}", str(value))]
    return printable(shlex.join(["netmon", "read", "--findings", str(findings), *parts, *words]))
