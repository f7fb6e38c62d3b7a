"""Screens of `netmon top`: what they show at each size, and that nothing ever leaves the window."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

from netmon.language.language import ENGLISH, LANGUAGES, Language
from netmon.top.drawing import draw, listing
from netmon.top.glance import FlowAmount, Glance, WatchedPort
from netmon.top.state import Grouping, Pair, Records, TopState, failed, pressed
from tests.top.glances import (
    AFTER,
    BEFORE,
    BERN,
    CLIENTS,
    FINDING,
    MOSCOW,
    NOW,
    UNKNOWN,
    ZURICH,
    shown,
    watching,
)

SCREEN = """\
netmon top: edge, Bern                          http://127.0.0.1:10977  08:31:10
12,345 packets/s · 0 dropped · view: good · 1,204 active flows
forbidden 0 · unexpected 4 · undecided 3 · expected 100 · flows since 08:21:10
> Flows, worst first
vendor component place      verdict               flows     sent     sent/s
acme   files     Moscow, RU unexpected, critical      4   7.0 kB   1.0 kB/s
bolt   cloud     Bern, CH   undecided                 1  20.0 kB  10.0 kB/s
acme   updates   unknown    undecided                 2    300 B    150 B/s
acme   files     Zurich, CH expected                100   1.0 MB    200 B/s










  Latest findings
08:31:07 critical ×3: Moscow, RU: client-916a2f5de26319f0 → ksn.acme.example (1…


q quit  ? help  p pause  g group  s order  r reverse  arrows scroll"""


def test_the_usual_terminal():
    """80 columns and 24 lines have what matters: rates, verdicts, places and the latest findings."""
    assert "\n".join(line.rstrip() for line in shown(watching())) == SCREEN


def test_a_wide_terminal_has_everything():
    """There, all numbers are shown, and no text is cut."""
    lines = shown(watching(), 200, 50)
    assert len(lines) == 50
    assert lines[4].split()[3:] == ["verdict", "flows", "sent", "sent/s", "received"]
    assert not any("…" in line for line in lines)
    assert any("unexpected, critical ×3: Moscow, RU" in line for line in lines)


def test_a_finding_that_does_not_fit_is_shorter():
    """Its severity is worth more than its verdict, which every finding has."""
    assert any("unexpected, critical ×3" in line for line in shown(watching(), 101))
    assert any(" critical ×3" in line for line in shown(watching(), 90))
    assert not any("unexpected, critical ×3" in line for line in shown(watching(), 90))


def test_a_narrow_terminal_cuts_texts_but_no_numbers():
    """At 60 columns, words lose their ends; of the numbers, whole columns are left out."""
    lines = shown(watching(), 60, 20)
    assert lines[1] == "12,345 packets/s · 0 dropped · view: good"
    assert lines[4].split()[-2:] == ["flows", "sent"]
    assert lines[5].split()[-3:] == ["4", "7.0", "kB"]
    assert lines[-1].startswith("q quit")


KINDS = [
    *({}, {"keys": "?"}, {"keys": "p"}, {"keys": "u"}, {"keys": "gggssr"}),
    {"records": Records(why_none="the store cannot be read")},
    {"after": replace(AFTER, flows={}, seen={})},
    {"after": replace(AFTER, troubles=frozenset({"store", "events"}), poor=frozenset({"one_way", "gap"}))},
    {"after": replace(AFTER, ports={f"eth{n}": WatchedPort(n % 2 == 0, 9, 1) for n in range(20)})},
    {"after": replace(AFTER, sensor="機" * 40, cities={"moscow": "モスクワ" * 9})},
    {
        "after": replace(
            AFTER, flows={MOSCOW._replace(component=f"c{n}"): FlowAmount(10**9, 10**14, n) for n in range(99)}
        )
    },
]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("kind", KINDS, ids=range(len(KINDS)))
def test_nothing_leaves_the_window(kind, language):
    """Whatever is to be shown, no line is wider than the window, and no more lines than it has are drawn."""
    kind = dict(kind)
    state = watching(*kind.pop("keys", ""), **kind)
    for state_now in (state, failed(state, "http://127.0.0.1:10977: connection refused")):
        for width in (1, 20, 33, 80, 200):
            for height in (1, 6, 9, 24):
                lines = shown(state_now, width, height, Language(language))
                assert len(lines) <= height
                assert all(cell_len(line) <= width for line in lines), (width, height)


def test_a_window_that_is_too_small_says_so():
    """Below 20 columns or 6 lines there is no table."""
    assert shown(watching(), 30, 5) == ["window too small"]
    assert shown(watching(), 19, 24) == ["window too small"]


def test_a_low_window_has_the_table_alone():
    """Findings need room for a few of them."""
    assert not any("Latest findings" in line for line in shown(watching(), 80, 12))
    assert any("unexpected, critical" in line for line in shown(watching(), 80, 12))


def test_groups_add_up():
    """Rows of one vendor are one row: sums of flows, bytes and rates, with the worst verdict."""
    lines = shown(watching("v"), 100)
    assert lines[3].startswith("> Flows by vendor, worst first")
    assert " ".join(lines[5].split()) == "acme unexpected, critical 106 1.0 MB 1.4 kB/s 2.5 MB"
    assert lines[6].split()[:3] == ["bolt", "undecided", "1"]


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        ("c", ["acme files", "bolt cloud", "acme updates"]),
        ("l", ["Moscow, RU", "Bern, CH", "unknown", "Zurich, CH"]),
        ("u", ["client-1", "client-2"]),
    ],
)
def test_groupings(key, rows):
    """Component, place and client, each with one row for what it names."""
    lines = shown(watching(key), 100)
    texts = [" ".join(line.split()) for line in lines[5 : 5 + len(rows)]]
    assert [any(text.startswith(row) for row in [one]) for text, one in zip(texts, rows, strict=True)] == [
        True
    ] * len(rows)


ORDERS = {
    0: ["Moscow", "Bern", "unknown", "Zurich"],  # worst
    1: ["Bern", "Moscow", "Zurich", "unknown"],  # rate
    2: ["Zurich", "Bern", "Moscow", "unknown"],  # sent
    3: ["Zurich", "Moscow", "unknown", "Bern"],  # received
    4: ["Zurich", "Moscow", "unknown", "Bern"],  # flows
    5: ["Moscow", "Zurich", "unknown", "Bern"],  # name: vendor, component, place
}


@pytest.mark.parametrize("presses", ORDERS)
@pytest.mark.parametrize("backwards", [False, True])
def test_orders(presses, backwards):
    """`s` goes through the orders, and `r` turns each round."""
    lines = shown(watching(*"s" * presses, *"r" * backwards), 100)[5:9]
    places = [next(name for name in ORDERS[0] if name in line) for line in lines]
    assert places == (ORDERS[presses][::-1] if backwards else ORDERS[presses])


def test_rates_begin_with_the_second_look():
    """One look gives no rate."""
    lines = shown(replace(watching(), shown=Pair(AFTER)))
    assert lines[1].startswith("– packets/s")
    assert lines[5].rstrip().endswith("–")


def test_a_kind_of_flow_that_is_new_has_a_rate():
    """What was not there before has sent all of its bytes since."""
    lines = shown(watching(before=replace(BEFORE, flows={})), 100)
    assert "3.5 kB/s" in lines[5]


def test_without_a_store_findings_come_from_the_metrics():
    """Then there is neither client nor name, but vendor, component, place and time."""
    lines = shown(watching(records=Records(why_none="no store")), 100)
    assert "08:31:09 unexpected, critical: Moscow, RU: acme (files)" in [line.rstrip() for line in lines]


def test_clients_need_the_store():
    """The screen says why there are none, and what to do."""
    why = "this user may not read it; run netmon top as the sensor's user, or as root"
    lines = shown(watching("u", records=Records(why_none=why)), 120)
    assert f"Clients are in the store only: {why}" in lines


def test_a_sensor_that_has_gone_keeps_its_values():
    """The screen says since when what it shows is old."""
    lines = shown(failed(watching(), "http://127.0.0.1:10977: connection refused"), 100)
    assert lines[1] == "No answer: connection refused. Trying again; what is shown is from 08:31:09."
    assert any("Moscow, RU" in line for line in lines)


def test_problems_of_the_sensor_are_told():
    """A degraded view, an interface that is not captured, and outputs that fail."""
    ports = {"eth1": WatchedPort(packets=9), "eth2": WatchedPort(is_up=False)}
    poor, troubles = frozenset({"one_way"}), frozenset({"store"})
    lines = shown(watching(after=replace(AFTER, ports=ports, poor=poor, troubles=troubles)), 100)
    assert "view: eth2 not captured, one way" in lines[1]
    assert lines[2] == "eth1 0 packets/s · eth2 not captured"
    assert lines[4] == "Attention: the store cannot be written"


def test_a_pause_is_told():
    """The first line says that what is shown does not move."""
    assert shown(watching("p"))[0].startswith("netmon top: edge, Bern  PAUSED")


def test_other_days_have_a_date():
    """A time that is not of today comes with its day."""
    old = replace(FINDING, last_s=FINDING.last_s - 86_400)
    lines = shown(watching(records=Records((old,))), 120)
    assert any(line.startswith("2026-11-27 08:31 unexpected") for line in lines)


MANY = {BERN._replace(component=f"part{number:02d}"): FlowAmount(1, 100 - number, 0) for number in range(40)}


def test_scrolling_stops_at_both_ends():
    """However often a key is pressed, the first and the last row stay on the screen."""
    state = watching(after=replace(AFTER, flows=MANY))
    firsts = {"END": "part27", "DOWN": "part27", "PGUP": "part22", "HOME": "part00", "UP": "part00"}
    for key, first in firsts.items():
        state = pressed(state, key, 5)
        screen = draw(state, NOW, 80, 24, ENGLISH)
        state = replace(state, scroll=screen.scroll)
        assert first in "".join(span.text for span in screen.lines[5]), key


def test_the_heading_says_which_rows_are_shown():
    """As does that of the findings, whose list Tab chooses."""
    findings = [replace(FINDING, what=f"server {number:02d}") for number in range(30)]
    state = watching("TAB", "DOWN", after=replace(AFTER, flows=MANY), records=Records(findings))
    lines = shown(state, 80, 24)
    assert lines[3].startswith("  Flows, worst first")
    assert lines[3].endswith("1–12 of 40")
    [heading] = [line for line in lines if "Latest findings" in line]
    assert heading.startswith("> Latest")
    assert heading.endswith("2–5 of 30")


def test_a_listing_has_everything():
    """Without a terminal, nothing is scrolled, cut off below, or filled up."""
    lines = listing(watching(after=replace(AFTER, flows=MANY)), NOW, 100, ENGLISH)
    texts = ["".join(span.text for span in line) for line in lines]
    assert sum("part" in text for text in texts) == 40
    assert any("ksn.acme.example" in text for text in texts)
    assert not any("quit" in text for text in texts)


def test_german():
    """Headings, verdicts, places and keys are in the reader's language."""
    text = "\n".join(shown(watching(), 100, 24, Language("de")))
    for word in ("unerwartet, kritisch", "Moskau, RU", "Neueste Befunde", "beenden", "12.345 Pakete/s"):
        assert word in text


@pytest.mark.parametrize("language", ["en", "de"])
def test_help_is_complete_in_a_narrow_window(language):
    """What does not fit beside its keys goes on below."""
    lines = shown(watching("?"), 60, 40, Language(language))
    assert not any("…" in line for line in lines)


def test_before_the_first_answer():
    """There is nothing to show, and the screen says for what it waits."""
    assert shown(TopState("http://127.0.0.1:10977"))[1] == "Asking the sensor …"


def test_a_sensor_without_flows():
    """An empty table is explained."""
    lines = shown(watching(after=Glance(at_s=NOW.timestamp(), sensor="edge"), records=Records()))
    assert "No flow of a known vendor so far." in lines
    assert "No findings so far." in lines


def test_a_sensor_that_saw_look_ups_alone():
    """The table says so where it has no flows."""
    glance = Glance(at_s=NOW.timestamp(), sensor="edge", looked_up=1234)
    lines = shown(watching(after=glance, records=Records()))
    assert "No flow of a known vendor so far, only 1,234 DNS queries." in lines


def test_the_examples_are_told_apart():
    """The kinds of flows in these tests differ, or the tables above would prove nothing."""
    assert len({MOSCOW, ZURICH, UNKNOWN, BERN}) == 4
    assert len({one.client for one in CLIENTS}) == 2


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160])
@pytest.mark.parametrize("grouping", ["kind", "vendor", "component", "place", "client"])
@pytest.mark.parametrize("code", LANGUAGES)
def test_headings_stand_over_their_numbers(code: str, grouping: Grouping, width: int):
    """In every language and grouping, each heading of a number ends where the numbers below it end."""
    language = Language(code)
    state = replace(watching(), grouping=grouping)
    for table in (draw(state, NOW, width, 24, language).lines, listing(state, NOW, width, language)):
        lines = ["".join(span.text for span in line).rstrip() for line in table]
        at = next(number for number, line in enumerate(lines) if line.startswith(">")) + 1
        heading, *rows = lines[at : at + 3]
        flows = language.say("flows")
        assert flows in heading
        assert len({len(line) for line in (heading, *rows)}) == 1
        end = heading.index(flows, len(heading) // 4) + len(flows)
        assert all(row[end - 1].isdigit() and row[end : end + 1] == " " for row in rows), lines


def test_large_numbers_keep_the_columns():
    """Millions of flows make their column wider, and leave the heading over it."""
    glance = replace(AFTER, flows={kind: FlowAmount(12_345_678, 1, 1) for kind in AFTER.flows})
    heading, *rows = shown(replace(watching(), shown=Pair(glance, BEFORE)), 100)[4:8]
    assert {row.index("12,345,678") + len("12,345,678") for row in rows} == {heading.index("flows") + 5}
