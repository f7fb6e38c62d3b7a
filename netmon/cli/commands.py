"""The group of all commands: it ends as filters do when the reader of the output has gone; and `help`."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Function = TypeVar("Function", bound=Callable[..., Any])


class ReaderGoneError(Exception):
    """The reader of standard output or standard error has closed the pipe, as `head` does."""


def _noticed(call: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The same; typer would make exit code 1 of a closed pipe."""

    def noticing(*words: Arguments.args, **options: Arguments.kwargs) -> Result:
        try:
            return call(*words, **options)
        except BrokenPipeError as error:
            raise ReaderGoneError from error

    return noticing


class Commands(TyperGroup):
    """A group of commands that raises ReaderGoneError."""

    def make_context(self, *words: Any, **options: Any) -> Any:
        """The context of the words; may print help."""
        return _noticed(super().make_context)(*words, **options)

    def invoke(self, *words: Any, **options: Any) -> Any:
        """Runs the command that the context names."""
        return _noticed(super().invoke)(*words, **options)


class PlainUsage(TyperCommand):
    """A command whose usage line has its arguments as they are written; typer puts braces around them."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The parts of the usage line."""
        return [re.sub(r"^\{(.*)\}$", r"\1", piece) for piece in super().collect_usage_pieces(ctx)]


class CommandSet(typer.Typer):
    """Commands, each with a plain usage line."""

    def command(self, name: str | None = None, **options: Any) -> Callable[[Function], Function]:
        """Adds a command."""
        return super().command(name, cls=PlainUsage, **options)


def end_as_filter() -> NoReturn:
    """Ends the process as SIGPIPE ends grep and tcpdump: in silence, and a shell shows 141."""
    # What is still buffered has no reader, and must not raise again at exit.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(nowhere, stream.fileno())
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    with suppress(OSError):  # the sensor's filter of system calls refuses it
        signal.raise_signal(signal.SIGPIPE)
    sys.exit(128 + signal.SIGPIPE)


def show_help(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND…]", help="A command. Default: netmon itself.")
    ] = None,
) -> None:
    """Shows the help of a command, as its option --help does.

    Examples:

      netmon help read

      netmon help signatures explain
    """
    shown = context.find_root()
    for word in words or ():
        group = shown.command
        if not isinstance(group, TyperGroup):
            raise typer.BadParameter(f"'{shown.command_path}' has no command '{word}'", param_hint="COMMAND")
        name, command, _ = group.resolve_command(shown, [word])
        if command is not None:
            shown = command.context_class(command, info_name=name, parent=shown)
    typer.echo(shown.get_help())
