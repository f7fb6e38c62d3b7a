"""How far the reading of signatures has come, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn

from netmon.signatures.load import ReportCount


@contextmanager
def reading_signatures(console: Console) -> Iterator[ReportCount | None]:
    """Shows how many names and networks were read, once they are thousands; only on a terminal."""
    if not console.is_terminal:
        yield None
        return
    with ExitStack() as stack:
        bar = Progress(SpinnerColumn(), TextColumn("{task.description}"), console=console, transient=True)
        tasks: list[TaskID] = []

        def report(count: int) -> None:
            text = f"reading signatures: {count:,} names and networks"
            if tasks:
                bar.update(tasks[0], description=text)
            else:
                stack.enter_context(bar)
                tasks.append(bar.add_task(text, total=None))

        yield report
