"""Findings about what judges flows: the clients' country, location databases, signatures; and the clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date

from netmon.doctor.facts.clock import ClockState
from netmon.doctor.findings import CheckResult, Mark
from netmon.language.language import Language
from netmon.verdict.subjects import Subjects

DATABASE_DAYS = 45
"""The age from which a database is stale, as for the alert DatabaseStale."""
SIGNATURES_DAYS = 180
"""The time after a review from which signatures are stale, as for the alert SignaturesStale."""
_LATE_S = 2.0
_INSTALL = "sudo install -D -m 644 DATABASE.mmdb -t /usr/share/GeoIP"


@dataclass(frozen=True, slots=True)
class KnownDatabase:
    """A location database in use."""

    name: str
    provider: str
    day: date
    locates: bool  # it says where addresses are, and not only whose they are
    has_ipv6: bool


def country_findings(subjects: Subjects, language: Language) -> Iterator[CheckResult]:
    """Whether promises that depend on the country of the users can be applied."""
    if not subjects.are_unknown:
        countries = sorted({one.country for one in subjects.distinct() if one.country})
        names = ", ".join(map(language.country, countries))
        yield CheckResult("country", Mark.OK, language.say("users in {countries}", countries=names))
        return
    meaning = language.say(
        "No promise that a vendor made to users of one country is applied, so flows to the promised place "
        "are not called expected."
    )
    command = "netmon run --country DE …"
    yield CheckResult(
        "country", Mark.WARNING, language.say("the users' country is not known"), meaning, command
    )


def database_findings(
    known: Sequence[KnownDatabase], quoted: Set[str], today: date, language: Language
) -> Iterator[CheckResult]:
    """Which sources locate addresses, how old they are, and what is missing.

    `quoted`: the providers whose locations the signatures quote.
    """
    say = language.say
    located = [one for one in known if one.locates]
    if not located:
        meaning = say(
            "Only the networks in the signatures and places.declared locate addresses. A country needs two "
            "sources that agree, so most flows stay undecided (single_source)."
        )
        text = say("no location database was found")
        yield CheckResult("databases", Mark.WARNING, text, meaning, _INSTALL)
        return
    stale = [one for one in located if (today - one.day).days > DATABASE_DAYS]
    if stale:
        names = ", ".join(f"{one.name} ({language.day(one.day.isoformat())})" for one in stale)
        text = say("location databases of more than {days} days: {names}", days=DATABASE_DAYS, names=names)
        meaning = say("Networks move meanwhile, and a verdict rests on where they were.")
        yield CheckResult("databases", Mark.WARNING, text, meaning, _INSTALL)
    else:
        names = ", ".join(f"{one.name} ({language.day(one.day.isoformat())})" for one in located)
        yield CheckResult("databases", Mark.OK, say("location databases: {names}", names=names))
    if all(one.provider in quoted for one in located):
        names = ", ".join(sorted({one.provider for one in located}))
        text = say("every location database is by a provider that the signatures quote: {names}", names=names)
        meaning = say(
            "Both count as one source, so most flows stay undecided (single_source): add a database of "
            "another provider."
        )
        yield CheckResult("databases", Mark.WARNING, text, meaning, _INSTALL)
    if not any(one.has_ipv6 for one in located):
        meaning = say("The place of a server that is reached over IPv6 stays unknown.")
        yield CheckResult("databases", Mark.WARNING, say("no location database has IPv6"), meaning, _INSTALL)


def signature_findings(
    reviewed: dict[str, date | None], today: date, language: Language
) -> Iterator[CheckResult]:
    """When the signatures of each vendor were last reviewed."""
    for vendor, day in sorted(reviewed.items()):
        if day is None:
            text = language.say("{vendor}: no day of the last review", vendor=vendor)
            yield CheckResult("signatures", Mark.NOT_CHECKED, text)
            continue
        text = language.say(
            "{vendor}: last reviewed on {day}", vendor=vendor, day=language.day(day.isoformat())
        )
        if (today - day).days <= SIGNATURES_DAYS:
            yield CheckResult("signatures", Mark.OK, text)
            continue
        meaning = language.say("New names and networks of the vendor are not recognised: update netmon.")
        yield CheckResult("signatures", Mark.WARNING, text, meaning)


def clock_findings(
    state: ClockState | None, late_s: float | None, language: Language
) -> Iterator[CheckResult]:
    """Whether the clock is right, as far as this machine knows. `late_s`: the clock minus a packet's time."""
    say = language.say
    if late_s is not None and abs(late_s) > _LATE_S:
        seconds = language.number(late_s, 1)
        text = say("packets have a time that is {seconds} s off the system's clock", seconds=seconds)
        meaning = say("Events, evidence and the days of databases have wrong times.")
        yield CheckResult("clock", Mark.PROBLEM, text, meaning, "timedatectl")
    if state is None:
        text = say("the kernel does not tell whether the clock is synchronised")
        yield CheckResult("clock", Mark.NOT_CHECKED, text)
    elif state.is_synchronised:
        yield CheckResult("clock", Mark.OK, say("the system's clock is synchronised"))
    else:
        text = say("the kernel does not know the system's clock to be synchronised (NTP)")
        meaning = say("Times of events and evidence may be wrong, and cannot be compared with other logs.")
        yield CheckResult("clock", Mark.WARNING, text, meaning, "sudo timedatectl set-ntp true")
