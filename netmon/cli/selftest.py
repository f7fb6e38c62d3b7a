"""`netmon selftest`: whether this installation gives the results that it should."""

from __future__ import annotations

import sys
import time

import click

from netmon.cli.exit_codes import ERROR, OK
from netmon.cli.terminal import json_stream, write_line
from netmon.outputs.json_line import json_document
from netmon.outputs.texts import plural
from netmon.version import package_version

_SHOWN = 20
"""Differences that are shown; --json has all."""


@click.command()
@click.option("--json", is_flag=True, help="Write one JSON document.")
def selftest(json: bool) -> None:
    """Checks that this installation gives the results that it should.

    Reads a capture that comes with netmon, by the installed engine and signatures, into every kind of output,
    and compares the results with those that come with netmon. Needs no privileges, no network and no
    settings, writes no file, and ignores your configuration. Exits with 0 if all results are the expected
    ones, and else with 1.
    """
    began_s = time.monotonic()
    failure, found = None, []
    try:
        # What a damaged installation lacks is a result, too.
        from netmon.selftest.compare import differences, expected_results  # noqa: PLC0415
        from netmon.selftest.replay import replay  # noqa: PLC0415

        results, expected = replay(), expected_results()
        found = list(differences(results, expected))
        parts = sorted(expected)
    except Exception as error:  # noqa: BLE001  # whatever a damaged installation raises
        failure, parts = f"{type(error).__name__}: {error}", []
    seconds = time.monotonic() - began_s
    bad = {one.part for one in found}
    if json:
        document = {
            "version": 1,
            "netmon": package_version(),
            "ok": failure is None and not found,
            "seconds": round(seconds, 2),
            "parts": {part: part not in bad for part in parts},
            "failure": failure,
            "differences": [one._asdict() for one in found],
        }
        json_stream().write(json_document(document))
    else:
        for part in parts:
            count = sum(one.part == part for one in found)
            total = len(expected[part])
            write_line(f"{part}: {f'{count:,} of {total:,} differ' if count else _ok(total)}")
        for one in found[:_SHOWN]:
            write_line(f"  {one.part}: {one.name}: expected {one.expected}, found {one.found}")
        if len(found) > _SHOWN:
            write_line(f"  {len(found) - _SHOWN:,} more differences; --json shows all")
        write_line(_closing(failure, len(found), seconds))
    sys.exit(OK if failure is None and not found else ERROR)


def _ok(total: int) -> str:
    return f"ok ({total:,} {plural(total, 'result')})"


def _closing(failure: str | None, differences: int, seconds: float) -> str:
    version = f"netmon {package_version()}"
    if failure is not None:
        return f"{version} cannot read its own capture: {failure}; install it again"
    if differences:
        return f"{version} does not give the expected results: install it again, or report the lines above"
    return f"{version} gives the expected results ({seconds:.1f} s)"
