"""Commands, and the one place where an error becomes a line and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated

import typer

from netmon.cli import check, demo, places, read, run, signatures, verify
from netmon.cli.options import ERROR, INTERRUPTED
from netmon.cli.terminal import prepare, tell
from netmon.errors import ConfigError, NetmonError, SignatureError, reason_of
from netmon.version import package_version

_EPILOG = (
    "Exit codes: 0 fine; 1 error, told in one line; 2 wrong usage; 3 an unexpected destination was found; "
    "130 interrupted."
)

_WRITING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What the system says when it is a stream that cannot be written, which has no name."""

app = typer.Typer(
    name="netmon",
    help="Shows where the traffic to a vendor's cloud really ends: named, located, counted, judged.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # a usage error is a line, not a box; brackets in help texts are brackets
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("read")(read.read)
app.command("run")(run.run)
app.command("verify", short_help="Compares what netmon and Wireshark see in a capture.")(verify.verify)
app.command("check")(check.check)
app.command("places", short_help="Shows where addresses are, by every source.")(places.places)
app.command("demo")(demo.demo)
app.add_typer(signatures.app, name="signatures")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"netmon {package_version()}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Shows where the traffic to a vendor's cloud really ends."""


def main() -> None:
    """Runs the command line and exits; what goes wrong is one line on standard error."""
    prepare()
    try:
        app(prog_name="netmon")
    except (ConfigError, SignatureError) as error:  # a line for each mistake
        tell(*str(error).split("\n"))
        sys.exit(ERROR)
    except NetmonError as error:
        tell(str(error))
        sys.exit(ERROR)
    except BrokenPipeError:
        # Whoever read our output has gone, for example `head`: nothing to say, and nothing to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ERROR)
    except OSError as error:
        where = error.filename or ("standard output" if error.errno in _WRITING else None)
        tell((f"{where}: " if where else "") + reason_of(error))
        sys.exit(ERROR)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
