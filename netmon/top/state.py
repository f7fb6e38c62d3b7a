"""What the screen shows, as a value: it changes with each glance at the sensor, and with each key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from netmon.records import Severity
from netmon.store.latest import ClientToday
from netmon.top.glance import Glance

Grouping = Literal["kind", "vendor", "component", "place", "client"]
GROUPINGS: tuple[Grouping, ...] = ("kind", "vendor", "component", "place", "client")
Order = Literal["worst", "rate", "sent", "received", "flows", "name"]
ORDERS: tuple[Order, ...] = ("worst", "rate", "sent", "received", "flows", "name")
Pane = Literal["flows", "findings"]
Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding of the list: what is equal in several flows is one line."""

    last_s: float
    outcome: str
    severity: Severity | None
    who: str | None  # the client, as the privacy level shows it
    what: str  # the server, or the vendor and its component
    location: str
    country: str
    city: str | None
    flows: int = 1


@dataclass(frozen=True, slots=True)
class Records:
    """What the store has; without one, only what the metrics say is shown."""

    findings: Sequence[FindingLine] = ()
    clients: Sequence[ClientToday] = ()
    why_none: str | None = None  # why the store cannot be used


@dataclass(frozen=True, slots=True)
class Pair:
    """Two glances of one run of the sensor: the latest, and the one before it, for rates."""

    now: Glance
    before: Glance | None = None


@dataclass(frozen=True, slots=True)
class TopState:
    """Everything that the screen depends on, apart from its size and the time."""

    where: str  # the sensor's address
    shown: Pair | None = None
    waiting: Pair | None = None  # came while the screen is paused
    records: Records = field(default_factory=Records)
    problem: str | None = None  # why the sensor does not answer
    grouping: Grouping = "kind"
    order: Order = "worst"
    is_reversed: bool = False
    is_paused: bool = False
    is_helping: bool = False
    pane: Pane = "flows"
    scroll: tuple[int, int] = (0, 0)  # lines above the first that is shown: of flows, of findings


def glanced(state: TopState, glance: Glance) -> TopState:
    """The sensor has answered. Rates begin anew if it was started anew."""
    latest = state.waiting or state.shown
    before = latest.now if latest is not None and latest.now.started_s == glance.started_s else None
    pair = Pair(glance, before)
    if state.is_paused:
        return replace(state, waiting=pair, problem=None)
    return replace(state, shown=pair, waiting=None, problem=None)


def failed(state: TopState, problem: str) -> TopState:
    """The sensor has not answered; what it said before stays."""
    return replace(state, problem=problem)


def recorded(state: TopState, records: Records) -> TopState:
    """The store was read."""
    return state if state.is_paused else replace(state, records=records)


def pressed(state: TopState, key: str, page: int) -> TopState | None:
    """A key was pressed; None: the program ends. `page`: the lines by which a page is scrolled."""
    if key in ("q", "Q"):
        return None
    if state.is_helping:
        return replace(state, is_helping=False)
    change = _CHANGES.get(key)
    return _scrolled(state, key, page) if change is None else change(state)


def _group(state: TopState, grouping: Grouping) -> TopState:
    return replace(state, grouping=grouping, scroll=(0, state.scroll[1]))


def _paused(state: TopState) -> TopState:
    if not state.is_paused:
        return replace(state, is_paused=True)
    return replace(state, is_paused=False, shown=state.waiting or state.shown, waiting=None)


def _scrolled(state: TopState, key: str, page: int) -> TopState:
    """Scrolls the chosen list; how far down it can go, the drawing says."""
    steps = {
        "UP": -1,
        "k": -1,
        "DOWN": 1,
        "j": 1,
        "PGUP": -page,
        "PGDN": page,
        "HOME": -(10**6),
        "END": 10**6,
    }
    step = steps.get(key, 0)
    flows, findings = state.scroll
    if state.pane == "flows":
        return replace(state, scroll=(max(flows + step, 0), findings))
    return replace(state, scroll=(flows, max(findings + step, 0)))


def _next(values: tuple[Choice, ...], value: Choice, step: int) -> Choice:
    return values[(values.index(value) + step) % len(values)]


_STEPS = {"UP": -1, "k": -1, "DOWN": 1, "j": 1, "HOME": -(10**6), "END": 10**6}
_CHANGES: Mapping[str, Callable[[TopState], TopState]] = {
    "?": lambda state: replace(state, is_helping=True),
    "p": _paused,
    " ": _paused,
    "a": lambda state: _group(state, "kind"),
    "v": lambda state: _group(state, "vendor"),
    "c": lambda state: _group(state, "component"),
    "l": lambda state: _group(state, "place"),
    "u": lambda state: _group(state, "client"),
    "g": lambda state: _group(state, _next(GROUPINGS, state.grouping, 1)),
    "G": lambda state: _group(state, _next(GROUPINGS, state.grouping, -1)),
    "s": lambda state: replace(state, order=_next(ORDERS, state.order, 1)),
    "S": lambda state: replace(state, order=_next(ORDERS, state.order, -1)),
    "r": lambda state: replace(state, is_reversed=not state.is_reversed),
    "TAB": lambda state: replace(state, pane="findings" if state.pane == "flows" else "flows"),
}
"""What keys do, apart from those that end and scroll."""
