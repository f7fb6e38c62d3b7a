"""Completion in zsh from the first Tab on.

zsh runs a completion file as the function that completes, at the first Tab of a shell. That of typer only
defines the function and registers it, so that Tab did nothing; here the file calls it then, as the files of
other programs do. Where the text of typer is another one, it stays as it is.
"""

from __future__ import annotations

from typer import _completion_classes as printed
from typer import _completion_shared as installed

_REGISTERED = "compdef %(complete_func)s %(prog_name)s"
_CALLED = f"""\
if [ "$funcstack[1]" = "_%(prog_name)s" ]; then
  %(complete_func)s "$@"
else
  {_REGISTERED}
fi"""


def complete_at_once() -> None:
    """Changes the script that typer prints for zsh, and the one that it installs."""
    printing, installing = (
        getattr(printed, "ZshComplete", None),
        getattr(installed, "_completion_scripts", {}),
    )
    if printing is not None:
        printing.source_template = _called(printing.source_template)
    if "zsh" in installing:
        installing["zsh"] = _called(installing["zsh"])


def _called(script: str) -> str:
    return script if _CALLED in script else script.replace(_REGISTERED, _CALLED)
