"""The commands, and the only place that turns errors into a line and an exit code."""

from __future__ import annotations

import errno
import sys
from typing import Annotated

import typer

from netmon.cli import (
    check,
    demo,
    doctor,
    evidence,
    explain,
    forward,
    history,
    places,
    privacy,
    read,
    report,
    run,
    selftest,
    signatures,
    store,
    top,
    verify,
)
from netmon.cli.commands import Commands, CommandSet, ReaderGoneError, end_as_filter, show_help
from netmon.cli.completion import complete_at_once
from netmon.cli.options import ERROR, INTERRUPTED
from netmon.cli.terminal import log, prepare
from netmon.errors import ConfigError, NetmonError, SignatureError, reason_of
from netmon.version import package_version

_EPILOG = (
    "Exit codes: 0 success; 1 error, reported in one line; 2 wrong usage; 3 a finding of "
    "severity warning or critical; 130 interrupted, 143 terminated; 141 the reader of the output has gone, "
    "as with head."
)

_WRITE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Errors of writing to a stream, which come without a file name."""

app = CommandSet(
    name="netmon",
    cls=Commands,
    help="Shows where traffic to a vendor's cloud really ends, and compares that with what was promised.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # usage errors without boxes, and no markup in help texts
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("read", short_help="Reads capture files and shows a summary or events.")(read.read)
app.command("run", short_help="Monitors mirror ports and serves metrics.")(run.run)
app.command("top", short_help="Watches a running sensor.")(top.top)
app.command("forward", short_help="Passes events on to NATS, Kafka or syslog.")(forward.forward)
app.command("verify", short_help="Compares netmon with Wireshark on a capture.")(verify.verify)
app.command("explain", short_help="Explains the verdict on one flow.")(explain.explain)
app.command("report", short_help="Writes a report for people.")(report.report)
app.command("history", short_help="Shows what the store has kept.")(history.history)
app.command("check", short_help="Checks the configuration and shows it.")(check.check)
app.command("doctor", short_help="Says what spoils the view of a mirror port, and what mends it.")(
    doctor.doctor
)
app.command("places", short_help="Shows where addresses are located, and why.")(places.places)
app.command("demo", short_help="Runs on a bundled capture.")(demo.demo)
app.command("selftest", short_help="Checks that this installation gives the results that it should.")(
    selftest.selftest
)
app.add_typer(signatures.app, name="signatures")
app.add_typer(evidence.app, name="evidence", short_help="Checks evidence for findings, and its chain.")
app.add_typer(privacy.app, name="privacy")
app.add_typer(store.app, name="store")
app.command("help", short_help="Shows the help of a command.")(show_help)


@app.command("version")
def show_version() -> None:
    """Shows the version."""
    typer.echo(f"netmon {package_version()}")


def _show_version(wanted: bool) -> None:
    if wanted:
        show_version()
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Shows where traffic to a vendor's cloud really ends."""


def main() -> None:
    """Runs the command line and exits; an error is reported in one line on standard error."""
    prepare()
    complete_at_once()
    try:
        try:
            app(prog_name="netmon")
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except (ConfigError, SignatureError) as error:  # one line per error
        log(*str(error).split("\n"))
        sys.exit(ERROR)
    except NetmonError as error:
        log(str(error))
        sys.exit(ERROR)
    except (ReaderGoneError, BrokenPipeError):
        end_as_filter()
    except OSError as error:
        where = error.filename or ("standard output" if error.errno in _WRITE_ERRORS else None)
        log((f"{where}: " if where else "") + reason_of(error))
        sys.exit(ERROR)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
