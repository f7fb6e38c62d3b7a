"""How far the reading of signatures has come, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from netmon.cli.late import LateModule
from netmon.signatures.folder import ReportCount

if TYPE_CHECKING:
    from rich import progress as bars
    from rich.console import Console
else:
    bars = LateModule("rich.progress")


@contextmanager
def reading_signatures(console: Console | None) -> Iterator[ReportCount | None]:
    """Shows how many names and networks were read, once they are thousands; only on a terminal."""
    if console is None:
        yield None
        return
    with ExitStack() as stack:
        shown: list[tuple[bars.Progress, bars.TaskID]] = []

        def report(count: int) -> None:
            text = f"reading signatures: {count:,} names and networks"
            if shown:
                bar, task = shown[0]
                bar.update(task, description=text)
            else:
                columns = (bars.SpinnerColumn(), bars.TextColumn("{task.description}"))
                bar = stack.enter_context(bars.Progress(*columns, console=console, transient=True))
                shown.append((bar, bar.add_task(text, total=None)))

        yield report
