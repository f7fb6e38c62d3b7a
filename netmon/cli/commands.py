"""Groups of commands, each of which is imported when it is used; and `help`."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netmon.cli.ending import heed_interrupts

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Deferred(click.Command):
    """Stands for a command, which is imported when it is used; no list of commands needs it."""

    def __init__(self, name: str, place: str, summary: str) -> None:
        """The place is a module and a name in it, as in "netmon.cli.read:read"."""
        super().__init__(name, short_help=summary)
        self._place = place

    def load(self) -> click.Command:
        """The command itself."""
        module, _, name = self._place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def make_context(self, *words: Any, **settings: Any) -> click.Context:
        """The context of the command itself, which is what runs, or completes."""
        command = self.load()
        heed_interrupts()
        return command.make_context(*words, **settings)


class Ordered(click.Group):
    """Commands in the order in which they are added; errors say that options stand behind their command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The words that are left for the command; it may not stand behind its own options."""
        option = args[0].partition("=")[0] if args else ""
        known = {name for one in self.get_params(ctx) for name in (*one.opts, *one.secondary_opts)}
        command = next((word for word in args if word in self.commands), None)
        if option.startswith("-") and option not in known and command and not ctx.resilient_parsing:
            ctx.fail(
                f"{option} stands before '{command}'; options stand behind their command: "
                f"{ctx.command_path} {command} {option} …"
            )
        return super().parse_args(ctx, args)


class Program(Ordered):
    """All commands."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the words begin with; a capture without one is what `read` is for."""
        if args[0] not in self.commands and Path(args[0]).exists() and not ctx.resilient_parsing:
            from shlex import quote  # noqa: PLC0415  # few starts need it

            ctx.fail(
                f"'{args[0]}' is a file, not a command; to read a capture: "
                f"{ctx.command_path} read {quote(args[0])}"
            )
        return super().resolve_command(ctx, args)


def _named(context: click.Context, words: Iterable[str]) -> click.Context:
    """The context of the command that words name. Raises UsageError."""
    shown = context.find_root()
    for word in words:
        group, name, found = shown.command, None, None
        if isinstance(group, click.Group):
            name, found, _ = group.resolve_command(shown, [word])
        if found is None:
            raise click.BadParameter(f"'{shown.command_path}' has no command '{word}'", param_hint="COMMAND")
        command = found.load() if isinstance(found, Deferred) else found
        shown = click.Context(command, info_name=name, parent=shown)
    return shown


def _complete(context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The commands that may follow the words so far; none after one that there is not."""
    try:
        shown = _named(context, context.params["words"])
    except click.UsageError:
        return []
    return shown.command.shell_complete(shown, incomplete)


@click.command("help", short_help="Shows the help of a command.")
@click.argument(
    "words",
    metavar="[COMMAND…]",
    nargs=-1,
    shell_complete=_complete,
    help="A command. Default: netmon itself.",
)
@click.pass_context
def show_help(context: click.Context, words: tuple[str, ...]) -> None:
    """Shows the help of a command, as its option --help does.

    Examples:

      netmon help read

      netmon help signatures explain
    """
    click.echo(_named(context, words).get_help())
