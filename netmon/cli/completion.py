"""`netmon completion`: Tab completes commands, options and names of files in bash, zsh and fish."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from netmon.cli.app import COMPLETE, NAME
from netmon.cli.terminal import write_line

_FILES = {
    "bash": ".bash_completions/netmon.sh",
    "zsh": ".zfunc/_netmon",
    "fish": ".config/fish/completions/netmon.fish",
}
"""Where the script of each shell belongs in the home directory."""
_STARTS = {
    "bash": (".bashrc", "source '{file}'"),
    "zsh": (".zshrc", "fpath+=~/.zfunc; autoload -Uz compinit; compinit"),
}
"""What a shell reads when it starts, and the line there without which it does not find the script."""
_REGISTERED = f"compdef _{NAME}_completion {NAME}\n"
"""For zsh, which runs the file as a function at the first Tab, where Click's script completes, and again at
the second, where it does nothing but this."""


@click.command()
@click.argument(
    "shell",
    type=click.Choice(list(_FILES)),
    metavar="[bash|zsh|fish]",
    required=False,
    help="Default: the one of SHELL, which is that of your account.",
)
@click.option("--install", is_flag=True, help="Install the script for this user instead of printing it.")
@click.pass_context
def completion(context: click.Context, shell: str | None, install: bool) -> None:
    """Prints the script with which a shell completes commands, options and names of files.

    Examples:

      netmon completion --install

      netmon completion zsh > _netmon
    """
    name = shell or Path(os.environ.get("SHELL", "")).name
    completer = get_completion_class(name) if name in _FILES else None
    if completer is None:
        raise click.UsageError(f"SHELL is '{os.environ.get('SHELL', '')}': name bash, zsh or fish")
    script = completer(context.find_root().command, {}, NAME, COMPLETE).source()
    script += _REGISTERED if name == "zsh" else ""
    if not install:
        click.echo(script, nl=False)
        return
    file = Path.home() / _FILES[name]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(script, encoding="utf-8")
    if name in _STARTS:
        start, line = _STARTS[name]
        _add_line(Path.home() / start, line.format(file=file))
    write_line(f"{file}: installed; shells that start from now on complete {NAME}")


def _add_line(file: Path, line: str) -> None:
    """Adds a line to a file that lacks it."""
    text = file.read_bytes() if file.exists() else b""
    if line.encode() not in text:
        end = b"\n" if text and not text.endswith(b"\n") else b""
        with file.open("ab") as stream:
            stream.write(end + line.encode() + b"\n")
