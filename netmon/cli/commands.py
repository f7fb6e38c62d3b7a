"""The group of all commands, each of which is imported when it is used; and `help`."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple, ParamSpec, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from netmon.cli.ending import ReaderGoneError, heed_interrupts

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Function = TypeVar("Function", bound=Callable[..., Any])


def _noticed(call: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The same; typer would make exit code 1 of a closed pipe."""

    def noticing(*words: Arguments.args, **options: Arguments.kwargs) -> Result:
        try:
            return call(*words, **options)
        except BrokenPipeError as error:
            raise ReaderGoneError from error

    return noticing


class Deferred(NamedTuple):
    """A command that is imported when it is used."""

    module: str
    name: str  # of a function, or of a group
    help: str  # what a list of commands says about it

    def load(self, name: str) -> Any:
        """The command of this name."""
        found = getattr(importlib.import_module(self.module), self.name)
        host = CommandSet(rich_markup_mode=None)
        host.callback()(_group)
        if isinstance(found, typer.Typer):
            host.add_typer(found, name=name, short_help=self.help)
        else:
            host.command(name, short_help=self.help)(found)
        return typer.main.get_group(host).commands[name]

    def listed(self, name: str) -> TyperCommand:
        """What stands for the command in a list."""
        return TyperCommand(name, short_help=self.help, rich_markup_mode=None)


def _group() -> None:
    """Makes a group of what would else be a single command."""


class _Commands(MutableMapping[str, Any]):
    """Commands by name, each imported when it is looked up."""

    def __init__(self, table: Mapping[str, Deferred]) -> None:
        self._table = table
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = self._table[name].load(name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


class Ordered(TyperGroup):
    """A group whose errors say that options stand behind their command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words that are left for the command; it may not stand behind its own options."""
        option = args[0].partition("=")[0] if args else ""
        known = {name for one in self.get_params(ctx) for name in (*one.opts, *one.secondary_opts)}
        command = next((word for word in args if word in self.commands), None)
        if option.startswith("-") and option not in known and command is not None:
            ctx.fail(
                f"{option} stands before '{command}'; options stand behind their command: "
                f"{ctx.command_path} {command} {option} …"
            )
        return super().parse_args(ctx, args)


class Commands(Ordered):
    """A group of commands that raises ReaderGoneError, and imports a command when it is used.

    `TABLE` has the commands.
    """

    TABLE: Mapping[str, Deferred] = {}

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        self.commands = _Commands(self.TABLE)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the table."""
        return list(self.TABLE)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the list of commands, without importing them."""
        with self._listed():
            super().format_commands(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What may be meant, without importing it."""
        with self._listed():
            return super().shell_complete(ctx, incomplete)

    def make_context(self, *words: Any, **options: Any) -> Any:
        """The context of the words; may print help."""
        return _noticed(super().make_context)(*words, **options)

    def invoke(self, *words: Any, **options: Any) -> Any:
        """Runs the command that the context names."""
        return _noticed(super().invoke)(*words, **options)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words begin with; a capture without one is what `read` is for."""
        if args[0] not in self.TABLE and Path(args[0]).exists():
            word = shlex.quote(args[0])
            ctx.fail(
                f"'{args[0]}' is a file, not a command; to read a capture: {ctx.command_path} read {word}"
            )
        found = super().resolve_command(ctx, args)
        heed_interrupts()
        return found

    @contextmanager
    def _listed(self) -> Iterator[None]:
        commands = self.commands
        self.commands = {name: one.listed(name) for name, one in self.TABLE.items()}
        try:
            yield
        finally:
            self.commands = commands


class PlainUsage(TyperCommand):
    """A command whose usage line has its arguments as they are written; typer puts braces around them."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The parts of the usage line."""
        return [re.sub(r"^\{(.*)\}$", r"\1", piece) for piece in super().collect_usage_pieces(ctx)]


class CommandSet(typer.Typer):
    """Commands, each with a plain usage line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(cls=Ordered, **options)

    def command(self, name: str | None = None, **options: Any) -> Callable[[Function], Function]:
        """Adds a command."""
        return super().command(name, cls=PlainUsage, **options)


def _named(context: Any, words: Iterable[str]) -> Any:
    """The context of the command that words name. Raises BadParameter, or UsageError with a suggestion."""
    shown = context.find_root()
    for word in words:
        group, found = shown.command, None
        if isinstance(group, TyperGroup):
            name, found, _ = group.resolve_command(shown, [word])
        if found is None:
            raise typer.BadParameter(f"'{shown.command_path}' has no command '{word}'", param_hint="COMMAND")
        shown = found.context_class(found, info_name=name, parent=shown)
    return shown


def _complete(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The commands that may follow the words so far, with what they do; none after one that there is not."""
    try:
        shown = _named(context, context.params["words"] or ())
    except typer.BadParameter:
        return []
    return [(one.value, one.help or "") for one in shown.command.shell_complete(shown, incomplete)]


def show_help(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND…]", help="A command. Default: netmon itself.", autocompletion=_complete
        ),
    ] = None,
) -> None:
    """Shows the help of a command, as its option --help does.

    Examples:

      netmon help read

      netmon help signatures explain
    """
    typer.echo(_named(context, words or ()).get_help())
