"""All commands."""

from __future__ import annotations

from typing import Annotated

import typer

from netmon.cli.commands import Commands, Deferred
from netmon.cli.version import show_version

_EPILOG = (
    "Exit codes: 0 success; 1 error, reported in one line; 2 wrong usage; 3 a finding of "
    "severity warning or critical; 130 interrupted, 143 terminated; 141 the reader of the output has gone, "
    "as with head."
)

TABLE = {
    "read": Deferred("netmon.cli.read", "read", "Reads capture files and shows a summary or events."),
    "run": Deferred("netmon.cli.run", "run", "Monitors mirror ports and serves metrics."),
    "top": Deferred("netmon.cli.top", "top", "Watches a running sensor."),
    "forward": Deferred("netmon.cli.forward", "forward", "Passes events on to NATS, Kafka or syslog."),
    "verify": Deferred("netmon.cli.verify", "verify", "Compares netmon with Wireshark on a capture."),
    "explain": Deferred("netmon.cli.explain", "explain", "Explains the verdict on one flow."),
    "report": Deferred("netmon.cli.report", "report", "Writes a report for people."),
    "history": Deferred("netmon.cli.history", "history", "Shows what the store has kept."),
    "check": Deferred("netmon.cli.check", "check", "Checks the configuration and shows it."),
    "doctor": Deferred(
        "netmon.cli.doctor", "doctor", "Says what spoils the view of a mirror port, and how to fix it."
    ),
    "places": Deferred("netmon.cli.places", "places", "Shows where addresses are located, and why."),
    "demo": Deferred("netmon.cli.demo", "demo", "Runs on a bundled capture."),
    "selftest": Deferred(
        "netmon.cli.selftest",
        "selftest",
        "Checks that this installation gives the results that it should.",
    ),
    "help": Deferred("netmon.cli.commands", "show_help", "Shows the help of a command."),
    "version": Deferred("netmon.cli.version", "show_version", "Shows the version."),
    "signatures": Deferred("netmon.cli.signatures", "app", "Lists, checks and explains signatures."),
    "evidence": Deferred("netmon.cli.evidence", "app", "Checks evidence for findings, and its chain."),
    "privacy": Deferred(
        "netmon.cli.privacy", "app", "Manages pseudonyms, and lists what is stored about clients."
    ),
    "store": Deferred("netmon.cli.store", "app", "Brings events into a store, or shows its tables."),
}
"""All commands, in the order in which they are listed."""


class _All(Commands):
    TABLE = TABLE


app = typer.Typer(
    name="netmon",
    cls=_All,
    help="Shows where traffic to a vendor's cloud really ends, and compares that with what was promised.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # usage errors without boxes, and no markup in help texts
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
