"""All commands."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from netmon.cli.commands import Deferred, Program, show_help
from netmon.cli.version import show_version

NAME = "netmon"
COMPLETE = "_NETMON_COMPLETE"
"""The variable in which the script of a shell says that it asks for words that complete a command."""
_EPILOG = (
    "Exit codes: 0 success; 1 error, reported in one line; 2 wrong usage; 3 a finding of "
    "severity warning or critical; 130 interrupted, 143 terminated; 141 the reader of the output has gone, "
    "as with head."
)


def run() -> NoReturn:
    """Does what the words of the command line ask for, or completes them for a shell."""
    try:
        if asked := os.environ.get(COMPLETE):
            from click.shell_completion import shell_complete  # noqa: PLC0415  # only a shell needs it

            sys.exit(shell_complete(app, {}, NAME, COMPLETE, asked))
        with app.make_context(NAME, sys.argv[1:]) as context:
            app.invoke(context)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    sys.exit()


def _show_version(context: click.Context, _option: click.Parameter, is_wanted: bool) -> None:
    if is_wanted and not context.resilient_parsing:
        show_version()
        context.exit()


@click.command("version")
def version() -> None:
    """Shows the version."""
    show_version()


app = Program(
    NAME,
    [
        Deferred("read", "netmon.cli.read:read", "Reads capture files and shows a summary or events."),
        Deferred("run", "netmon.cli.run:run", "Monitors mirror ports and serves metrics."),
        Deferred("top", "netmon.cli.top:top", "Watches a running sensor."),
        Deferred("forward", "netmon.cli.forward:forward", "Passes events on to NATS, Kafka or syslog."),
        Deferred("verify", "netmon.cli.verify:verify", "Compares netmon with Wireshark on a capture."),
        Deferred("explain", "netmon.cli.explain:explain", "Explains the verdict on one flow."),
        Deferred("report", "netmon.cli.report:report", "Writes a report for people."),
        Deferred("history", "netmon.cli.history:history", "Shows what the store has kept."),
        Deferred("check", "netmon.cli.check:check", "Checks the configuration and shows it."),
        Deferred(
            "doctor",
            "netmon.cli.doctor:doctor",
            "Says what spoils the view of a mirror port, and how to fix it.",
        ),
        Deferred("places", "netmon.cli.places:places", "Shows where addresses are located, and why."),
        Deferred("demo", "netmon.cli.demo:demo", "Runs on a bundled capture."),
        Deferred(
            "selftest",
            "netmon.cli.selftest:selftest",
            "Checks that this installation gives the results that it should.",
        ),
        show_help,
        version,
        Deferred("completion", "netmon.cli.completion:completion", "Makes the shell complete commands."),
        Deferred("signatures", "netmon.cli.signatures:app", "Lists, checks and explains signatures."),
        Deferred("evidence", "netmon.cli.evidence:app", "Checks evidence for findings, and its chain."),
        Deferred(
            "privacy", "netmon.cli.privacy:app", "Manages pseudonyms, and lists what is stored about clients."
        ),
        Deferred("store", "netmon.cli.store:app", "Brings events into a store, or shows its tables."),
    ],
    params=[
        click.Option(
            ["--version", "-V"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_version,
            help="Show the version.",
        )
    ],
    help="Shows where traffic to a vendor's cloud really ends, and compares that with what was promised.",
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
