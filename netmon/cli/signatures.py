"""`netmon signatures`: what would match, and why."""

from __future__ import annotations

import ipaddress
import re
import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from netmon import wiring
from netmon.cli.options import ERROR, ConfigOptions, SubjectOptions, grouped
from netmon.cli.terminal import make_console, printable, say, tell
from netmon.promises import Subject, describe_binding
from netmon.records import Place, RoundTrip
from netmon.signatures.examples import run_examples
from netmon.signatures.explain import Explanation, explain
from netmon.signatures.lint import lint
from netmon.signatures.model import Promise, Rule

app = typer.Typer(
    help="What the signatures match, and why.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("list")
@grouped
def list_signatures(options: ConfigOptions) -> None:
    """Lists vendors and their components."""
    known = wiring.load_signatures(options.load())
    console = make_console()
    for vendor in known.vendors.values():
        table = Table(box=box.SIMPLE_HEAD, title=f"{vendor.title} ({vendor.id})", title_justify="left")
        for heading in ("component", "what it does", "names", "payloads", "expected at"):
            table.add_column(heading, justify="right" if heading in ("names", "payloads") else "left")
        for component in vendor.components.values():
            promised = {
                place
                for expectation in component.expectations
                if expectation.basis == "promise"
                for place in vendor.promises[expectation.promise or ""].locations
            }
            names = ", ".join(known.locations[place].city for place in sorted(promised)) or "nothing promised"
            counts = (str(len(component.names)), str(len(component.magic) or ""))
            table.add_row(component.id, component.function, *counts, names)
        console.print(table)
        console.print(
            f"{len(vendor.networks)} networks, {len(vendor.promises)} statements on places, "
            f"{len(vendor.lookalikes)} look-alikes, {len(vendor.sources)} sources"
        )


@app.command("lint")
@grouped
def lint_signatures(options: ConfigOptions) -> None:
    """Finds what is legal but doubtful. Exits with 1 if there is any."""
    known = wiring.load_signatures(options.load())
    findings = lint(known, datetime.now(UTC).date())
    for finding in findings:
        say(str(finding))
    print(f"{len(findings)} findings in {len(known.files)} files", file=sys.stderr)
    if findings:
        raise typer.Exit(ERROR)


@app.command("test")
@grouped
def test_signatures(options: ConfigOptions) -> None:
    """Runs the examples and counterexamples inside the files. Exits with 1 if one fails."""
    known = wiring.load_signatures(options.load())
    results = run_examples(known)
    failed = [result for result in results if not result.passed]
    for result in failed:
        say(f"{result.name}: expected {result.expected or 'no match'}, found {result.found or 'no match'}")
    say(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    if failed:
        raise typer.Exit(ERROR)


@app.command("explain", short_help="Tells what matches a name or an address, and why.")
@grouped
def explain_signatures(
    text: Annotated[str, typer.Argument(metavar="NAME|IP", help="A host name or an IP address.")],
    rtt_ms: Annotated[
        float | None,
        typer.Option(
            "--rtt-ms", min=0.001, help="Smallest handshake round trip to the IP: what would it rule out?"
        ),
    ] = None,
    *,
    options: SubjectOptions,
) -> None:
    """Tells what matches a name or an address, and why, with sources, and which promises bind today.

    Examples:

      netmon signatures explain updates.vendor.example

      netmon signatures explain 192.0.2.10 --rtt-ms 3.2
    """
    asked = _question(text)
    settings = options.load()
    known = wiring.load_signatures(settings)
    answer = explain(known, asked)
    place = None
    if answer.kind == "address":
        now_ns = time.time_ns()
        trip = RoundTrip(round(rtt_ms * 1e6), 1, now_ns, "unlikely") if rtt_ms else None
        locator = wiring.make_locator(settings, known, wiring.open_databases(settings, tell))
        place = locator.locate(answer.asked, now_ns, trip)
    say(f"{answer.asked}: {answer.reason}")
    if answer.rule is not None:
        _echo_rule(answer, answer.rule)
    for competitor in answer.competitors:
        say(f"  also holds: {competitor.rule}; {competitor.why_not}")
    _echo_expectations(answer, settings.subject)
    if place is not None:
        _echo_place(answer, place)
    for remark in answer.remarks:
        say(f"  note: {remark}")
    for source in answer.sources:
        say(f"  source {source.key} ({source.trust}): {source.ref} ({source.about})")


def _question(text: str) -> str:
    """A name as DNS and hellos write it, or an address. Anything else would match nothing, and mislead."""
    asked = text.strip().removesuffix(".")
    try:
        return str(ipaddress.ip_address(asked))
    except ValueError:
        pass
    try:
        name = asked.encode("idna").decode("ascii")  # no empty label, and none of more than 63 bytes
    except UnicodeError:
        name = ""
    is_name = re.fullmatch(r"[\w*.-]{1,253}", name, re.ASCII) and not name.rpartition(".")[2].isdecimal()
    if not is_name:
        problem = (
            f"'{printable(text)}' is neither a host name nor an IP address: no scheme, port, path or prefix"
        )
        raise typer.BadParameter(problem, param_hint="NAME|IP")
    return name


def _echo_rule(answer: Explanation, rule: Rule) -> None:
    say(f"  {rule.vendor} / {rule.component}: {rule} [{rule.status}] {rule.file}:{rule.line}")
    if answer.component is not None:
        say(f"  {answer.component.function}; data: {answer.component.data_category}")
    if not answer.tags:
        say("  does not tag a flow")
    if rule.note:
        say(f"  note: {rule.note}")


def _echo_expectations(answer: Explanation, subject: Subject) -> None:
    for expectation in answer.expectations:
        note = f": {expectation.note}" if expectation.note else ""
        basis = f"{expectation.basis}, {expectation.promise}" if expectation.promise else expectation.basis
        say(f"  expectation ({basis}){note}")
    for promise in answer.promises:
        _echo_promise(promise, subject)
    if answer.component is not None and not answer.promises:
        say("  no promise: nothing is promised about where this component's data go")


def _echo_promise(promise: Promise, subject: Subject) -> None:
    """What was promised, to whom, about which data, and whether it binds today."""
    bounds = (("from", promise.effective_from), ("until", promise.effective_to))
    days = "".join(f", {word} {day}" for word, day in bounds if day)
    basis = f"{promise.status}, {', '.join(promise.sources)}"
    say(f"  promise {promise.id} ({basis}{days}): {promise.statement}")
    say(f"    made to {', '.join(sorted(promise.subjects)) or 'everybody'}; data: {promise.data}")
    say(f"    {describe_binding(promise, subject, datetime.now(UTC).date().isoformat())}")


def _echo_place(answer: Explanation, place: Place) -> None:
    say(f"  place: {place.city or place.location}, {place.country} ({place.confidence})")
    for step in place.steps:
        say(f"    {step}")
    for observed in answer.observed:
        say(f"  seen here: {observed.label} ({observed.status})")
