"""`netmon doctor`: listens to a mirror port for a while, and says what spoils the view and how to fix it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import NamedTuple

import click
from msgspec.structs import replace

from netmon import wiring
from netmon._engine import Matcher
from netmon.cli.console import make_console
from netmon.cli.doctor_page import show
from netmon.cli.exit_codes import ERROR, OK
from netmon.cli.grouping import grouped
from netmon.cli.mirror_ports import interfaces_here, interfaces_option, mirror_ports, open_live
from netmon.cli.options import SubjectOptions
from netmon.cli.page import progress_console
from netmon.cli.reading import reading_signatures
from netmon.cli.single_options import language_option
from netmon.cli.spoken_language import LanguageName, chosen_language
from netmon.cli.stopping import stoppable
from netmon.cli.terminal import json_stream, log
from netmon.cli.transient_line import TransientLine
from netmon.cli.values import duration
from netmon.config.settings import Config
from netmon.doctor.checks.outputs import NUMBERED
from netmon.doctor.checks.setup import KnownDatabase
from netmon.doctor.diagnosis import DoctorFacts, diagnose
from netmon.doctor.document import document
from netmon.doctor.facts.clock import clock_state
from netmon.doctor.facts.files import written_folders
from netmon.doctor.facts.kernel import kernel
from netmon.doctor.facts.rights import rights
from netmon.doctor.facts.traffic import Report, Traffic, listen, port
from netmon.doctor.facts.web import web_addresses
from netmon.doctor.findings import Mark
from netmon.errors import SourceError, StartError
from netmon.language.language import ENGLISH, Language
from netmon.outputs.json_line import json_document
from netmon.outputs.layout import Paragraph
from netmon.outputs.texts import duration_text, plural
from netmon.places.databases import Databases
from netmon.places.providers import named_provider
from netmon.privileges.account import Account
from netmon.privileges.drop import account_of, give_up
from netmon.privileges.preload import preload
from netmon.privileges.written import with_state
from netmon.signatures.match import compile_matcher
from netmon.signatures.model import SignatureSet
from netmon.sources import Stats
from netmon.sources.find_files import is_pattern
from netmon.sources.stop_request import StopRequest
from netmon.version import package_version

_DURATION_S = 120.0


@click.command()
@interfaces_option
@click.option(
    "--duration",
    "duration_s",
    type=duration,
    default=_DURATION_S,
    metavar="TIME",
    show_default=False,
    help="How long to listen, such as 30s or 5m. Default: 2m.",
)
@click.option("--json", is_flag=True, help="Write one JSON document.")
@language_option
@grouped(SubjectOptions)
def doctor(
    interfaces: tuple[str, ...],
    duration_s: float,
    json: bool,
    language: LanguageName | None,
    options: SubjectOptions,
) -> None:
    """Listens to mirror ports, and says what spoils the view and how to fix it.

    Checks rights, kernel, interfaces, offloading, losses, both directions, VLANs, DNS and what hides names,
    the clock, location databases, signatures, folders, disks and the address for metrics. Each finding is a
    problem, a warning, ok or not checked, with what it means and the command that fixes it, the most
    important first.

    Needs the rights of `netmon run`, which it gives up in the same way. Changes nothing and writes no file.
    Exits with 1 if there is a problem, and else with 0. Ctrl-C ends it early, with the findings so far, and
    the exit code is 130.

    Examples:

      sudo "$(command -v netmon)" doctor -i eth1

      sudo "$(command -v netmon)" doctor -i eth1 --duration 30s --json
    """
    settings = options.load()
    ports = mirror_ports(settings, interfaces)
    with reading_signatures(progress_console()) as count:
        known = wiring.load_signatures(settings, log, count)
    databases = wiring.open_databases(settings, log)
    matcher = compile_matcher(known)
    able, system, clock = rights(), kernel(), clock_state()
    user = _user(settings)
    folders = tuple(written_folders(user.settings, os.environ, user.account))
    web = tuple(web_addresses(settings.web))
    with stoppable() as stop:
        refusal = user.refusal or _given_up(settings, user.account)
        traffic = _listened(user.settings, ports, matcher, duration_s, stop, refusal)
        facts = DoctorFacts(
            config=user.settings,
            today=datetime.now(UTC).date(),
            rights=able,
            kernel=system,
            user=user.name,
            folders=folders,
            web=web,
            databases=_known(databases),
            quoted=_quoted(known),
            reviewed={
                one.id: date.fromisoformat(one.reviewed) if one.reviewed else None
                for one in known.vendors.values()
            },
            clock=clock,
            names=interfaces_here(),
            traffic=traffic,
            refusal=refusal,
        )
        spoken = ENGLISH if json else chosen_language(language)
        findings = diagnose(facts, spoken)
        if json:
            is_early = stop.is_asked
            page = document(findings, package_version(), ports, traffic.seconds, is_interrupted=is_early)
            json_stream().write(json_document(page))
        else:
            show(make_console(), findings, spoken)
            if stop.is_asked:
                make_console().print(Paragraph(_interruption(traffic.seconds, duration_s, spoken), "bold"))
    if stop.is_asked:
        sys.exit(stop.exit_code)
    sys.exit(ERROR if any(one.mark is Mark.PROBLEM for one in findings) else OK)


def _interruption(seconds: float, planned_s: float, language: Language) -> str:
    return language.say(
        "interrupted after {seconds} of {planned}: these are the findings so far",
        seconds=language.duration(round(seconds)),
        planned=language.duration(planned_s),
    )


class _User(NamedTuple):
    """The user that the sensor would become, and the configuration that it would have."""

    name: str
    account: Account | None
    settings: Config
    refusal: str | None = None


def _user(settings: Config) -> _User:
    own = f"{NUMBERED}{os.geteuid()}" if os.geteuid() else "root"
    try:
        account = account_of(settings, os.environ, log)
        if account is None:
            return _User(own, None, settings)
        return _User(account.name, account, with_state(settings, os.environ, account))
    except StartError as error:
        return _User(own, None, settings, str(error))


def _given_up(settings: Config, account: Account | None) -> str | None:
    """Gives up what the sensor gives up. Why that is refused, if it is."""
    preload()
    try:
        for line in give_up(settings, account):
            log(line)
    except StartError as error:
        return str(error)
    return None


def _listened(
    settings: Config,
    ports: Sequence[str],
    matcher: Matcher,
    duration_s: float,
    stop: StopRequest,
    refusal: str | None,
) -> Traffic:
    """What the interfaces showed; without packets if nothing can be captured."""
    failure = refusal
    if refusal is None:
        try:
            # No packets are kept as evidence, which nothing would write.
            without = replace(settings, evidence=replace(settings.evidence, folder=None))
            source = open_live(without, ports, "", matcher)
            with _progress(ports, duration_s) as report:
                return listen(source, duration_s, lambda: stop.is_asked, report)
        except SourceError as error:
            failure = str(error)
    named = [name for name in ports if name != "any" and not is_pattern(name)]
    return Traffic(ports=tuple(map(port, named)), failure=failure)


@contextmanager
def _progress(ports: Sequence[str], duration_s: float) -> Iterator[Report]:
    """Shows on a terminal how far it is; elsewhere, one line says how long it takes."""
    names, total = ", ".join(ports), duration_text(duration_s)
    if progress_console() is None:
        log(f"listening to {names} for {total}")
        yield _ignore
        return
    line = TransientLine(sys.stderr)

    def report(seconds: float, stats: Stats) -> None:
        packets = stats["packets"]
        line.write(
            f"{names}: {seconds:.0f} s of {total}, {packets:,} {plural(packets, 'packet')}; "
            "Ctrl-C ends it with the findings so far"
        )

    report(0.0, {"packets": 0})
    try:
        yield report
    finally:
        line.remove()


def _ignore(_seconds: float, _stats: Stats) -> None:
    """Shows nothing."""


def _quoted(known: SignatureSet) -> set[str]:
    """The providers whose locations the signatures quote."""
    quoted = [one for vendor in known.vendors.values() for one in vendor.databases.values()]
    return {named_provider(one.provider or one.id) for one in quoted if one.about == "location"}


def _known(databases: Databases) -> list[KnownDatabase]:
    return [
        KnownDatabase(
            name=one.name,
            provider=one.provider,
            day=date.fromisoformat(one.date),
            locates=one.about in ("location", "merged") and "country" in one.fields,
            has_ipv6=one.ip_version == 6,
        )
        for one in databases.current
    ]
