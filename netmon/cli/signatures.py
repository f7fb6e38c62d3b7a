"""`netmon signatures`: lists, checks and explains signatures."""

from __future__ import annotations

import ipaddress
import re
import sys
import time
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import click

from netmon import wiring
from netmon.cli.commands import Ordered
from netmon.cli.console import make_console
from netmon.cli.exit_codes import ERROR
from netmon.cli.grouping import grouped
from netmon.cli.options import ConfigOptions, SubjectOptions
from netmon.cli.page import write_wrapped
from netmon.cli.single_options import round_trip_of, round_trip_option
from netmon.cli.terminal import log, printable, write_line
from netmon.config.settings import Config
from netmon.explain.promises import expectation_text, promise_texts
from netmon.outputs.layout import Paragraph
from netmon.outputs.sheet import Sheet
from netmon.places.embedded import embedded_ipv4
from netmon.records import Place, Trips
from netmon.signatures.examples import run_examples
from netmon.signatures.explain import Explanation, explain
from netmon.signatures.lint import lint
from netmon.signatures.model import Promise, Rule
from netmon.signatures.source_dates import AGES, check_dates, known_date
from netmon.signatures.statistics import Counts, count_entries
from netmon.signatures.wildcards import explain_wildcard, is_wildcard
from netmon.verdict.promises import Subject

app = Ordered("signatures", help="Lists, checks and explains signatures.")


@app.command("list")
@grouped(ConfigOptions)
def list_signatures(options: ConfigOptions) -> None:
    """Lists vendors and their components."""
    known = wiring.load_signatures(options.load())
    console = make_console()
    for vendor in known.vendors.values():
        rows = []
        for component in vendor.components.values():
            promised = {
                place
                for expectation in component.expectations
                if expectation.basis == "promise"
                for place in vendor.promises[expectation.promise or ""].locations
            }
            names = ", ".join(known.locations[place].city for place in sorted(promised)) or "no promise"
            counts = (str(len(component.names)), str(len(component.magic) or ""))
            rows.append((component.id, component.function, *counts, names))
        headings = ("component", "function", "names", "payloads", "promised places")
        title = f"{vendor.title} ({vendor.id})"
        console.print(Sheet(headings, rows, right=("names", "payloads"), title=title))
        numbers = (
            f"{len(vendor.networks)} networks, {len(vendor.promises)} promises, "
            f"{len(vendor.lookalikes)} look-alikes, {len(vendor.sources)} sources"
        )
        console.print(Paragraph(numbers))


@app.command("lint")
@grouped(ConfigOptions)
def lint_signatures(options: ConfigOptions) -> None:
    """Finds valid but questionable content. Exits with 1 if there is any."""
    known = wiring.load_signatures(options.load())
    findings = lint(known, datetime.now(UTC).date())
    for finding in findings:
        write_line(str(finding))
    noun = "finding" if len(findings) == 1 else "findings"
    print(f"{len(findings)} {noun} in {len(known.files)} files", file=sys.stderr)
    if findings:
        sys.exit(ERROR)


@app.command("test")
@grouped(ConfigOptions)
def test_signatures(options: ConfigOptions) -> None:
    """Tests examples, counterexamples and the dates of sources. Exits with 1 if one fails.

    Every source needs a date that is not in the future, or `date: unknown`.
    """
    known = wiring.load_signatures(options.load())
    results = run_examples(known)
    dates = check_dates(known, datetime.now(UTC).date())
    failed = [result for result in results if not result.passed]
    for result in failed:
        write_line(
            f"{result.name}: expected {result.expected or 'no match'}, found {result.found or 'no match'}"
        )
    for problem in dates.problems:
        write_line(str(problem))
    write_line(f"sources: {dates.dated} dated, {dates.unknown} of unknown date, {len(dates.problems)} failed")
    write_line(f"examples: {len(results) - len(failed)} passed, {len(failed)} failed")
    if failed or dates.problems:
        sys.exit(ERROR)


@app.command("stats")
@grouped(ConfigOptions)
def count_signatures(options: ConfigOptions) -> None:
    """Counts names and networks by trust and age.

    The age of an entry is that of its newest source with a known date.
    """
    known = wiring.load_signatures(options.load())
    console = make_console()
    for vendor in known.vendors.values():
        numbers = count_entries(vendor, datetime.now(UTC).date())
        title = f"{vendor.title} ({vendor.id}), by the newest dated source of each entry"
        console.print(Paragraph(title, "bold"))
        for heading, counts in (("names", numbers.names), ("networks", numbers.networks)):
            console.print(_count_table(heading, counts))
        dated = numbers.sources - len(numbers.undated)
        console.print(Paragraph(f"{numbers.sources} sources, {dated} with a known date"))
        console.print(Paragraph(f"without: {', '.join(numbers.undated) or 'none'}"))
        console.print()


def _count_table(heading: str, counts: Counts) -> Sheet:
    """A row for each trust status that has entries, and their sum."""
    rows = [(status, ages) for status, ages in counts.items() if ages]
    total = ("total", sum((ages for _, ages in rows), Counter()))
    cells = [
        (status, *(str(ages[age] or "") for age in AGES), str(ages.total()))
        for status, ages in (*rows, total)
    ]
    return Sheet((heading, *AGES, "total"), cells, right=(*AGES, "total"), pad_edge=False)


@app.command("explain", short_help="Explains which signature matches a name or an address.")
@click.argument(
    "text",
    metavar="NAME|IP",
    help="A host name, an IP address, or a wildcard such as '*.vendor.example'.",
)
@round_trip_option
@grouped(SubjectOptions)
def explain_signatures(text: str, rtt_ms: float | None, options: SubjectOptions) -> None:
    """Explains which signature matches a name or an address, and which promises apply today.

    Shows the deciding rule, the rules that it overrides, the expectations with their promises, the place of
    an address, and all sources.

    Examples:

      netmon signatures explain updates.vendor.example

      netmon signatures explain 192.0.2.10 --rtt-ms 3.2

      netmon signatures explain '*.vendor.example'
    """
    tell_signatures(text, options.load(), rtt_ms)


def tell_signatures(text: str, settings: Config, rtt_ms: float | None = None) -> None:
    """Prints what the signatures say about a name, an address or a wildcard."""
    query = _normalise(text)
    known = wiring.load_signatures(settings)
    if is_wildcard(query):
        for line in explain_wildcard(known, query):
            write_line(line)
        return
    embedded = _embedded(query, settings.nat64_prefixes)
    answer = explain(known, embedded or query)
    if embedded:
        write_wrapped(f"{query}: packets to it arrive at {embedded}, which it contains")
    place, trips = None, Trips()
    if answer.kind == "address":
        now_ns = time.time_ns()
        locator = wiring.make_locator(settings, known, wiring.open_databases(settings, log))
        place, trips = locator.locate_by(answer.queried, now_ns, round_trip_of(rtt_ms, now_ns), None)
    write_wrapped(f"{answer.queried}: {answer.reason}")
    if answer.rule is not None:
        _write_rule(answer, answer.rule)
    for competitor in answer.competitors:
        write_wrapped(f"  also matches: {competitor.rule}; {competitor.why_not}")
    statements = known.vendors[answer.rule.vendor].promises.values() if answer.rule is not None else ()
    _write_expectations(answer, statements, settings.subjects.distinct())
    if place is not None:
        _write_place(answer, place, trips)
    for remark in answer.remarks:
        write_wrapped(f"  note: {remark}")
    for source in answer.sources:
        trust = f"{source.trust}, {known_date(source) or 'date unknown'}"
        write_wrapped(f"  source {source.key} ({trust}): {source.ref} ({source.about})")


def _normalise(text: str) -> str:
    """A name as in DNS and TLS, or an address. Anything else is rejected: it would never match."""
    query = text.strip().removesuffix(".")
    try:
        return str(ipaddress.ip_address(query))
    except ValueError:
        pass
    try:
        name = query.encode("idna").decode("ascii")  # rejects empty labels, and labels of more than 63 bytes
    except UnicodeError:
        name = ""
    if is_wildcard(name) and re.fullmatch(r"[\d*.]+", name):
        raise click.BadParameter(
            f"'{printable(text)}' is no pattern of host names, such as '*.vendor.example': of addresses, "
            "give a single one",
            param_hint="NAME|IP",
        )
    is_name = re.fullmatch(r"[\w*.-]{1,253}", name, re.ASCII) and not name.rpartition(".")[2].isdecimal()
    if not is_name:
        problem = (
            f"'{printable(text)}' is neither a host name nor an IP address: "
            "leave out scheme, port, path, prefix length and brackets"
        )
        raise click.BadParameter(problem, param_hint="NAME|IP")
    return name


def _embedded(query: str, prefixes: Sequence[str]) -> str | None:
    """The IPv4 address in an IPv6 address, if the query is one."""
    try:
        return embedded_ipv4(query, prefixes)
    except ValueError:
        return None  # a name


def _write_rule(answer: Explanation, rule: Rule) -> None:
    write_wrapped(f"  {rule.vendor} / {rule.component}: {rule} [{rule.status}] {rule.file}:{rule.line}")
    if answer.component is not None:
        write_wrapped(f"  {answer.component.function}; data: {answer.component.data_category}")
    if not answer.tags:
        write_wrapped("  matches no flow by itself")


def _write_expectations(
    answer: Explanation, statements: Collection[Promise], subjects: Collection[Subject]
) -> None:
    for expectation in answer.expectations:
        write_wrapped(f"  {expectation_text(expectation)}")
    for promise in answer.promises:
        today = datetime.now(UTC).date().isoformat()
        first, *others = promise_texts(promise, statements, subjects, today)
        write_wrapped(f"  {first}")
        for text in others:
            write_wrapped(f"    {text}")
    if answer.component is not None and not answer.promises:
        write_wrapped("  no promise about the location of this component's data")


def _write_place(answer: Explanation, place: Place, trips: Trips) -> None:
    if place.confidence in ("unknown", "disputed"):
        write_wrapped(f"  place: {place.confidence}")
    else:
        city = place.city or "city unknown"
        write_wrapped(f"  place: {city}, {place.country} ({place.confidence})")
    for step in (*trips.before, *place.steps):
        write_wrapped(f"    {step}")
    for observed in answer.observed:
        write_wrapped(f"  seen here: {observed.label} ({observed.status})")
