"""A sensor as `netmon top` sees it: some vendors, places and verdicts, and two glances two seconds apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from netmon.language.language import ENGLISH
from netmon.store.latest import ClientToday
from netmon.store.queries import Totals
from netmon.top.drawing import draw
from netmon.top.glance import FlowAmount, FlowKind, Glance, WatchedPort
from netmon.top.state import FindingLine, Pair, Records, TopState, glanced, pressed, recorded

NOW = datetime(2026, 11, 28, 8, 31, 10, tzinfo=UTC)
NOW_S = NOW.timestamp()

MOSCOW = FlowKind("acme", "files", "moscow", "RU", "unexpected", "critical")
ZURICH = FlowKind("acme", "files", "zurich", "CH", "expected", None)
UNKNOWN = FlowKind("acme", "updates", "unknown", "unknown", "undecided", None)
BERN = FlowKind("bolt", "cloud", "bern", "CH", "undecided", None)
CITIES = {"moscow": "Moscow", "zurich": "Zurich", "bern": "Bern"}

BEFORE = Glance(
    at_s=NOW_S - 3,
    sensor="edge",
    site="Bern",
    started_s=NOW_S - 600,
    flows={MOSCOW: FlowAmount(3, 5_000, 9_000), ZURICH: FlowAmount(90, 1_000_000, 2_000_000)},
    seen={MOSCOW: NOW_S - 3},
    cities=CITIES,
    ports={"eth1": WatchedPort(packets=10_000, dropped=0)},
    active_flows=1_200,
)
AFTER = replace(
    BEFORE,
    at_s=NOW_S - 1,
    flows={
        MOSCOW: FlowAmount(4, 7_000, 10_400),
        ZURICH: FlowAmount(100, 1_000_400, 2_500_000),
        UNKNOWN: FlowAmount(2, 300, 400),
        BERN: FlowAmount(1, 20_000, 50),
    },
    seen={MOSCOW: NOW_S - 1},
    ports={"eth1": WatchedPort(packets=34_690, dropped=0)},
    active_flows=1_204,
)
FINDING = FindingLine(
    last_s=NOW_S - 3,
    outcome="unexpected",
    severity="critical",
    who="client-916a2f5de26319f0",
    what="ksn.acme.example (192.0.2.17)",
    location="moscow",
    country="RU",
    city="Moscow",
    flows=3,
)
CLIENTS = (
    ClientToday("client-1", "expected", None, Totals(9, 100, 200, 1, 2)),
    ClientToday("client-1", "unexpected", "warning", Totals(1, 10, 20, 1, 2)),
    ClientToday("client-2", "expected", None, Totals(1, 999, 20, 1, 2)),
)


def watching(*keys, records=None, before=BEFORE, after=AFTER):
    """The state after both glances, and after these keys."""
    state = TopState("http://127.0.0.1:10977", shown=Pair(before))
    state = recorded(glanced(state, after), records or Records((FINDING,), CLIENTS))
    for key in keys:
        state = pressed(state, key, 5)
    return state


def shown(state, width=80, height=24, language=ENGLISH, now=NOW):
    """The lines of the screen as text."""
    return ["".join(span.text for span in line) for line in draw(state, now, width, height, language).lines]
