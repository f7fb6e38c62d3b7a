"""What makes a report one about a part of the traffic: unwatched interfaces, erased clients, the sieve."""

from contextlib import closing
from dataclasses import replace

import pytest

from netmon.days import DAY_NS
from netmon.report.blind import view_of
from netmon.report.build import build
from netmon.report.gather import gather
from netmon.report.view import Detail
from netmon.store.erasure import erase_clients
from netmon.store.gaps import missing
from netmon.store.queries import Scope
from tests.records import MOSCOW
from tests.report.recorded import SIGNATURES, store_of
from tests.report.scenes import HOUR_NS, START_NS
from tests.report.test_gather import FIRST, facts_of, flow, run
from tests.report.test_scope import page_of


def test_one_interface_that_was_not_watched_makes_the_view_poor():
    """However many others were: what it would have shown is missing."""
    lines = [line for one in range(150) for line in run(sensor=f"s{one}", views=((0, 240),), until=240)]
    watched = build(facts_of(lines), SIGNATURES, ["kaspersky"], []).view
    assert (watched.grade, [one.kind for one in watched.blinds]) == ("good", [])
    lines += run(sensor="last", views=((0, 120), (230, 240)), until=240)
    view = build(facts_of(lines), SIGNATURES, ["kaspersky"], []).view
    assert (view.grade, [(one.kind, one.count, one.of) for one in view.blinds]) == (
        "poor",
        [("gaps", 110 * 3600, 151 * 240 * 3600)],
    )


@pytest.mark.parametrize(
    ("present", "outside", "is_covered"), [(None, 0, True), (240, 0, True), (250, 10, False)]
)
def test_the_last_days_end_with_the_present(present, outside, is_covered):
    """A sensor that has not recorded anything since is told, in report and history, without any --until."""
    present_ns = None if present is None else START_NS + present * HOUR_NS
    scope = Scope.between(START_NS, None, None, present_ns)
    with closing(store_of(run(views=((0, 240),), until=240, ended=False))) as store:
        made = build(gather(store, scope, present_ns), SIGNATURES, ["kaspersky"], [])
        assert (missing(store, scope).ends_ns is None) == is_covered
    assert sum(one.count for one in made.view.blinds) == outside * 3600
    assert made.scope.asked.is_covered == is_covered
    assert ("Asked for: from 1 Sep 2026, 00:00 UTC. Of the rest" in page_of(made)) != is_covered


@pytest.mark.parametrize(("erased_day", "count"), [(10, 1), (-1, 0)])
@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Connections were erased on request."), ("de", "Verbindungen wurden auf Verlangen gelöscht.")],
)
def test_what_was_erased_may_be_missing(erased_day, count, language, said):
    """A report does not call a month free of what was erased from it, unless that was before it."""
    store = store_of(run(flow(day=6, place=MOSCOW, client="192.0.2.1"), views=((0, 240),), until=240))
    erase_clients(store, ["192.0.2.1"], START_NS + erased_day * DAY_NS, "request 7")
    made = build(gather(store, Scope(since_day=FIRST)), SIGNATURES, ["kaspersky"], [])
    assert [one.count for one in made.view.blinds if one.kind == "erased"] == [count] * count
    assert (said in page_of(made, language)) == bool(count)
    store.close()


@pytest.mark.parametrize("sieved", [0, 7])
def test_missing_bytes_are_of_what_was_read_where_the_sieve_dropped_packets(sieved):
    """The figure says so, with how many packets were dropped, and only where they were."""
    facts = facts_of(run(flow(), views=((0, 720),)))
    counters = {"tcp_bytes": 900, "unseen_tcp_bytes": 100, "sieved_packets": sieved}
    seen = tuple(replace(one, counters=one.counters | counters) for one in facts.views[:1])
    [unseen] = [one for one in view_of(replace(facts, views=seen)).blinds if one.kind == "unseen"]
    assert (unseen.count, unseen.of) == (100, 1000)
    assert unseen.details == ((Detail("sieved_packets", sieved),) if sieved else ())
