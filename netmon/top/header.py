"""The lines above the table: which sensor, how much it sees and how well, and the flows of each verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from netmon.language.language import Language
from netmon.language.marking import _
from netmon.language.words import OUTCOME
from netmon.top.flow_table import verdict_style
from netmon.top.glance import Glance
from netmon.top.lines import ScreenLine, StyledText, between, joined
from netmon.top.rows import outcome_counts, packet_rate
from netmon.top.state import Pair, TopState

_TROUBLES: Mapping[str, str] = {
    "state": _("the state cannot be written"),
    "store": _("the store cannot be written"),
    "reload": _("the last reload of the signatures failed"),
    "events": _("events were lost"),
    "reports": _("reports about flows were lost"),
    "interception": _("a middlebox seems to answer handshakes"),
}


def header(state: TopState, now: datetime, width: int, language: Language) -> Iterator[ScreenLine]:
    """The lines; times are local ones."""
    glance = state.shown.now if state.shown else None
    yield (StyledText(_title(state, glance, now, width, language), "title"),)
    if state.problem is not None:
        yield (StyledText(_problem(state, glance, language), "bad"),)
    if state.shown is None or glance is None:
        if state.problem is None:
            yield (StyledText(language.say("Asking the sensor …")),)
        return
    yield _rates(state.shown, width, language)
    if len(glance.ports) > 1:
        yield _ports(state.shown, width, language)
    yield _outcomes(glance, now, width, language)
    if glance.troubles:
        troubles = ", ".join(language.say(text) for key, text in _TROUBLES.items() if key in glance.troubles)
        yield (StyledText(language.say("Attention: {troubles}", troubles=troubles), "warn"),)


def clock(time_s: float, now: datetime) -> str:
    """A time of today, or a day and a time."""
    moment = datetime.fromtimestamp(time_s, now.tzinfo)
    return f"{moment:%H:%M:%S}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M}"


def _title(state: TopState, glance: Glance | None, now: datetime, width: int, language: Language) -> str:
    named = [glance.sensor, glance.site] if glance else []
    who = ", ".join(filter(None, named)) or state.where
    paused = f"  {language.say('PAUSED')}" if state.is_paused else ""
    where = "" if who == state.where else f"{state.where}  "
    short = between(f"netmon top: {who}{paused}", f"{now:%H:%M:%S}", width)
    long = between(f"netmon top: {who}{paused}", f"{where}{now:%H:%M:%S}", width)
    return long if long.endswith(f"{now:%S}") else short


def _problem(state: TopState, glance: Glance | None, language: Language) -> str:
    reason = (state.problem or "").removeprefix(f"{state.where}: ")
    if glance is None:
        return language.say("No answer: {reason}", reason=reason)
    when = f"{datetime.fromtimestamp(glance.at_s):%H:%M:%S}"
    return language.say(
        "No answer: {reason}. Trying again; what is shown is from {time}.", reason=reason, time=when
    )


def _rates(pair: Pair, width: int, language: Language) -> ScreenLine:
    glance, say, number = pair.now, language.say, language.number
    rate = packet_rate(pair)
    parts = [
        StyledText(say("{count} packets/s", count="–" if rate is None else number(round(rate)))),
        StyledText(say("{count} dropped", count=number(glance.dropped)), "warn" if glance.dropped else ""),
        _view(glance, language),
        StyledText(
            language.say_count(round(glance.active_flows), "{count} active flow", "{count} active flows")
        ),
    ]
    return joined(parts, width, needed=3)


def _view(glance: Glance, language: Language) -> StyledText:
    down = [
        language.say("{name} not captured", name=name) for name, one in glance.ports.items() if not one.is_up
    ]
    poor = [one.replace("_", " ") for one in sorted(glance.poor)]
    text = ", ".join([*down, *poor]) or language.say("good")
    return StyledText(language.say("view: {view}", view=text), "warn" if down or poor else "good")


def _ports(pair: Pair, width: int, language: Language) -> ScreenLine:
    parts = []
    for name, port in pair.now.ports.items():
        rate = packet_rate(pair, name)
        count = language.say("{count} packets/s", count="–" if rate is None else language.number(round(rate)))
        down = language.say("{name} not captured", name=name)
        parts.append(StyledText(f"{name} {count}" if port.is_up else down, "" if port.is_up else "warn"))
    return joined(parts, width, needed=len(parts))


def _outcomes(glance: Glance, now: datetime, width: int, language: Language) -> ScreenLine:
    parts, counts = [], outcome_counts(glance)
    for outcome, count in counts.items():
        word = language.say(OUTCOME[outcome]) if outcome in OUTCOME else outcome
        parts.append(
            StyledText(f"{word} {language.number(count)}", verdict_style(outcome, None) if count else "")
        )
    if glance.started_s:
        parts.append(StyledText(language.say("flows since {time}", time=clock(glance.started_s, now)), "dim"))
    return joined(parts, width, needed=len(counts))
