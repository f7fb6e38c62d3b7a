"""The report as one HTML page: without scripts, and without anything from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from netmon.language import words as shared
from netmon.language.language import NARROW, Language
from netmon.records import STANDINGS, Standing
from netmon.report import words
from netmon.report.answers import WORST_FIRST
from netmon.report.facts import OTHER
from netmon.report.findings import MOST_SHOWN
from netmon.report.map_drawing import draw_map
from netmon.report.model import (
    Answer,
    AskedPeriod,
    ConcernStatement,
    Report,
    ReportScope,
    ShareSum,
    SourceVote,
    StandingSum,
    Sum,
    Used,
)
from netmon.report.quotations import WhyNot
from netmon.report.scope import MOST_FILES
from netmon.report.shares import SHARES, STACK, Share
from netmon.report.time_drawing import draw_time
from netmon.signatures.model import Location
from netmon.verdict.table import REASONS

TEMPLATES = Path(__file__).parent / "templates"
_COLOUR_OF_STANDING: Mapping[Standing, str] = {
    "located": "concern",
    "possible": "elsewhere",
    "unknown": "no_promise",
    "excluded": "not_there",
}
"""The colours of standings, as the style has them."""
_EMPTY = Sum(0, 0, 0, 0, 0.0)
_WHOLE = 1000


def environment(language: Language, locations: Mapping[str, Location]) -> jinja2.Environment:
    """What templates are rendered with."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    catalogue = language.catalogue
    made.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.gettext, catalogue.ngettext, newstyle=True, pgettext=catalogue.pgettext
    )
    made.filters.update(_values(language, locations))
    made.filters.update(_words(language))
    made.filters.update(_parts(language))
    return made


def render(
    report: Report, language: Language, locations: Mapping[str, Location], checks: Mapping[str, str]
) -> str:
    """The page; `checks` are the commands that repeat the numbers of its tables."""
    style = _style()
    made = environment(language, locations)
    titles = {answer.vendor: answer.title for answer in report.answers}
    made.filters["vendor_title"] = lambda vendor: titles.get(vendor, vendor)
    seen = {part.share for answer in report.answers for part in answer.shares}
    mapped = {part.share for place in report.destinations for part in place.shares}
    text = made.get_template("report.html").render(
        report=report,
        language=language,
        titles=", ".join(titles.values()),
        # The page's style contains no text of others, and its hash is the only thing that its policy allows.
        style=Markup(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        map=draw_map(report, language),
        time=draw_time(report, language),
        shares_seen=[share for share in STACK if share in seen],
        shares_on_map=[share for share in STACK if share in mapped],
        period=_period(report, language),
        is_judged=_is_judged(report),
        checks=checks,
        most_contacts=MOST_SHOWN,
        most_files=MOST_FILES,
    )
    return "".join(line + "\n" for line in map(str.rstrip, text.splitlines()) if line)


def _is_judged(report: Report) -> bool:
    """True if any connection has a verdict, or is known to have ended in a country of concern, or not to."""
    standings = (one for answer in report.answers for about in answer.statements for one in about.standings)
    return any(row.outcome != "undecided" for row in report.rows) or any(
        one.standing in ("located", "excluded") for one in standings
    )


def _period(report: Report, language: Language) -> str:
    """The period in words; a file without packets has none."""
    scope = report.scope
    if scope.files and report.view.grade == "empty":
        return language.say("no packets")
    return language.period(scope.covered.since, scope.covered.until)


def _asked(language: Language, asked: AskedPeriod) -> str:
    """The limits that were given, in words."""
    if asked.since and asked.until:
        return language.period(asked.since, asked.until)
    if asked.since:
        return language.say("from {moment} UTC", moment=language.moment(asked.since))
    return language.say("until {moment} UTC", moment=language.moment(asked.until or ""))


@cache
def _style() -> str:
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")


@cache
def _colours() -> dict[str, str]:
    """The colours of the light theme: drawings have them as attributes, too, for WeasyPrint."""
    theme = _style().partition(":root {")[2].partition("}")[0]
    found = dict(re.findall(r"--([\w-]+): (#\w{6});", theme))
    return found | {standing: found[name] for standing, name in _COLOUR_OF_STANDING.items()}


def _values(language: Language, locations: Mapping[str, Location]) -> dict[str, Callable[..., str]]:
    """Filters for values."""

    def place(word: str) -> str:
        known = locations.get(word)
        return language.say_of("city", known.city) if known else language.country(word)

    def countries(codes: Iterable[str], name: Callable[[str], str], last: str) -> str:
        return _join(
            [language.say("another country") if code == OTHER else name(code) for code in codes], last
        )

    return {
        "colour": lambda name: _colours()[name],
        "bytes": language.bytes,
        "number": language.number,
        "percent": language.percent,
        "duration": language.duration,
        "day": language.day,
        "moment": language.moment,
        "second": language.second,
        "period": language.period,
        "milliseconds": lambda value: language.number(value, 1) + NARROW + "ms",
        "country": language.country,
        "country_in_text": language.country_in_text,
        "city": partial(language.say_of, "city"),
        "countries_or": partial(countries, name=language.country, last=language.say("or")),
        "countries_and": partial(countries, name=language.country, last=language.say("and")),
        "in_countries": partial(countries, name=language.country_in_text, last=language.say("and")),
        "country_list": lambda codes: ", ".join(map(language.country, codes)),
        "locations": lambda ids: ", ".join(map(place, ids)),
    }


def _words(language: Language) -> dict[str, Callable[..., str]]:
    """Filters for codes."""

    def say(texts: Mapping[str, str]) -> Callable[[str], str]:
        return lambda code: language.say(texts[code]) if code in texts else code

    return {
        "standing": say(words.STANDING),
        "uncounted": say(shared.UNCOUNTED),
        "outcome": say(shared.OUTCOME),
        "severity": say(shared.SEVERITY),
        "reason": say(REASONS),
        "evidence": say(shared.EVIDENCE),
        "why_not": partial(_why_not, language),
        "question": say(words.QUESTION),
        "confidence": say(words.CONFIDENCE),
        "about": say(words.ABOUT),
        "status": say(words.STATUS),
        "concern_status": say(words.CONCERN_STATUS),
        "detail": say({**shared.UNNAMED, **words.OF_READ}),
        "blind": say({kind: what for kind, (what, _) in words.BLIND.items()}),
        "consequence": say({kind: means for kind, (_, means) in words.BLIND.items()}),
        "level": lambda severity: "warning-level" if severity == "warning" else str(severity),
        "share": partial(_share, language),
        "asked": partial(_asked, language),
        "privacy_list": partial(_privacy_list, language),
        "source_name": partial(_source_name, language),
        "used_name": lambda used: _used_name(language, used),
    }


def _parts(language: Language) -> dict[str, Callable[..., Any]]:
    """Filters that pick and arrange parts of an answer."""
    return {
        "worst": _worst,
        "by_standing": _by_standing,
        "share_of": _share_of,
        "standing_parts": lambda one: _lay_out([(part.standing, part.sum.flows) for part in one.standings]),
        "share_parts": lambda parts: _lay_out([(part.share, part.sum.total_bytes) for part in parts]),
        "other_signatures": lambda report: any(
            one.kind == "signatures" and one.sha256 != report.signatures_sha256 for one in report.used
        ),
    }


def _share(language: Language, share: Share, answer: Answer | None) -> str:
    """The words for a share; with an answer about one country of concern, that country is named."""
    countries = {one.country for one in answer.statements} if answer is not None else set()
    if len(countries) == 1 and share in words.SHARE_OF_COUNTRY:
        country = language.country_in_text(countries.pop())
        return language.say(words.SHARE_OF_COUNTRY[share]).format(country=country)
    return language.say(words.SHARE[share])


def _why_not(language: Language, one: WhyNot) -> str:
    """Why a promise does not apply, in words."""
    say: Mapping[str, Callable[[str], str]] = {
        "not_official": lambda status: language.say(words.STATUS[status]),
        "not_yet": language.day,
        "over": language.day,
        "other_users": language.country_in_text,
    }
    value = say[one.code](one.value) if one.code in say else one.value
    since = language.day(one.since) if one.since else ""
    return language.say(words.WHY_NOT[one.code]).format(value=value, since=since)


def _privacy_list(language: Language, scope: ReportScope) -> str:
    levels = sorted({level for sensor in scope.sensors for level in sensor.privacy})
    return "; ".join(language.say(words.PRIVACY[level]) for level in levels)


def _source_name(language: Language, vote: SourceVote) -> str:
    """The name of a source, such as that of a database; what a person said, in words."""
    if vote.source in words.SOURCE:
        return language.say(words.SOURCE[vote.source])
    return vote.title or vote.source


def _used_name(language: Language, used: Used) -> str:
    text = words.USED_SOURCE.get(used.name) if used.kind == "source" else None
    return language.say(text or words.USED[used.kind], name=used.title or used.name)


def _join(texts: list[str], last: str) -> str:
    """Texts as a list within a sentence: "A", "A or B", "A, B or C"."""
    *first, end = texts or ["–"]
    return f"{', '.join(first)} {last} {end}" if first else end


def _worst(statements: Iterable[ConcernStatement]) -> ConcernStatement | None:
    return min(statements, key=lambda one: WORST_FIRST.index(one.conclusion), default=None)


def _by_standing(standings: Iterable[StandingSum]) -> dict[Standing, Sum]:
    """The sums by standing, also those that are zero."""
    found: dict[Standing, Sum] = {one.standing: one.sum for one in standings}
    return {one: found.get(one, _EMPTY) for one in STANDINGS}


def _share_of(parts: Iterable[ShareSum], share: Share) -> float:
    assert share in SHARES
    return next((one.sum.share or 0.0 for one in parts if one.share == share), 0.0)


def _lay_out(parts: list[tuple[str, int]]) -> list[tuple[str, float, float]]:
    """Where the parts of a bar begin, and how wide they are, of 1,000; none is too thin to be seen."""
    whole = sum(size for _, size in parts) or 1
    widths = [max(4.0, _WHOLE * size / whole) for _, size in parts]
    factor = _WHOLE / (sum(widths) or 1)
    laid, left = [], 0.0
    for (kind, _), width in zip(parts, widths, strict=True):
        laid.append((kind, round(left, 1), round(width * factor, 1)))
        left += width * factor
    return laid
