"""The answer: what is said about countries of concern, and the shares of the bytes."""

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.language.language import NARROW, Language
from netmon.records import CONTACTS, LACKS, OUTCOMES, STANDINGS, UNCOUNTED
from netmon.report.answers import answer
from netmon.report.facts import Amount, ConcernFact, Group, Meaning
from netmon.report.shares import SHARES, share_of
from netmon.report.sums import as_sum

PLAIN = Meaning(
    vendor="acme", component="files", location="zurich", country="CH", city=None, confidence="agreed",
    outcome="undecided", reason="no_promise", severity=None, lacks="promise",
    concerns=(ConcernFact("RU", "unknown"),), uncounted=None, evidence="sni", contact="data",
)  # fmt: skip

MEANINGS = st.builds(
    replace,
    st.just(PLAIN),
    outcome=st.sampled_from(OUTCOMES),
    lacks=st.sampled_from([None, *LACKS]),
    concerns=st.lists(st.sampled_from(STANDINGS), max_size=2).map(
        lambda found: tuple(ConcernFact(country, one) for country, one in zip("RB", found, strict=False))
    ),
    uncounted=st.sampled_from([None, *UNCOUNTED]),
    contact=st.sampled_from(CONTACTS),
)


def group(meaning=PLAIN, flows=1, sent=100, received=200, **changes):
    """Flows of one meaning, with changes."""
    return Group("s", replace(meaning, **changes), 0, Amount(flows, sent, received), 0, 1)


def standing(*found, country="RU"):
    """Groups with these standings, of one flow each."""
    return [group(concerns=(ConcernFact(country, one),)) for one in found]


def conclusion(*found):
    """What is concluded from flows with these standings."""
    return answer("acme", "Acme", standing(*found), None, ()).conclusion


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (["located"], "located"),
        (["excluded", "located", "unknown"], "located"),
        (["excluded", "excluded"], "excluded"),
        (["excluded", "unknown"], "partly_excluded"),
        (["excluded", "possible"], "partly_excluded"),
        (["possible"], "open"),
        (["unknown", "possible"], "open"),
    ],
)
def test_conclusions(found, said):
    """One located flow decides; "none" needs that every flow is excluded."""
    assert conclusion(*found) == said


def test_nothing_was_seen():
    """Without a flow, the statement about the country says so, and that is no all-clear."""
    said = answer("acme", "Acme", [], 0, ("RU",))
    assert said.conclusion == "nothing"
    assert [one.conclusion for one in said.statements] == ["nothing"]


def test_no_concern():
    """Flows without a country of concern are about promises only."""
    assert answer("acme", "Acme", [group(concerns=())], None, ()).conclusion == "no_concern"


def test_uncounted_flows_are_named():
    """They say nothing about the country, and are not silently left out."""
    said = answer("acme", "Acme", [group(uncounted="no_data", flows=3)], None, ())
    [statement] = said.statements
    assert said.conclusion == "no_data"
    assert [(one.reason, one.sum.flows) for one in statement.uncounted] == [("no_data", 3)]
    assert statement.counted.flows == 0


@pytest.mark.parametrize("reason", ["unseen", "not_shown", "redirected"])
def test_what_does_not_count_for_another_reason_is_not_called_no_data(reason):
    """It is no statement that no data was exchanged, also beside flows without data."""
    groups = [group(uncounted=reason), group(uncounted="no_data")]
    assert answer("acme", "Acme", groups, None, ()).conclusion == "uncounted"


def test_the_worst_country_decides():
    """With two countries of concern, one located flow is the answer."""
    both = [*standing("excluded"), *standing("located", country="BY")]
    assert answer("acme", "Acme", both, None, ()).conclusion == "located"


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ({"outcome": "expected", "lacks": None}, "right"),
        ({"outcome": "unexpected", "lacks": None}, "elsewhere"),
        ({"outcome": "forbidden", "lacks": None}, "forbidden"),
        ({"outcome": "unexpected", "lacks": None, "concerns": (ConcernFact("RU", "located"),)}, "concern"),
        ({"outcome": "forbidden", "lacks": None, "concerns": (ConcernFact("RU", "located"),)}, "concern"),
        ({"concerns": (ConcernFact("RU", "located"),)}, "concern"),
        ({"concerns": (ConcernFact("RU", "located"),), "uncounted": "not_shown"}, "no_promise"),
        ({"outcome": "expected", "lacks": None, "concerns": (ConcernFact("RU", "located"),)}, "right"),
        ({"concerns": (ConcernFact("RU", "excluded"),)}, "not_there"),
        ({"concerns": (ConcernFact("RU", "excluded"), ConcernFact("BY", "unknown"))}, "no_promise"),
        ({"concerns": (ConcernFact("RU", "excluded"),), "lacks": "place"}, "not_there"),
        ({"concerns": (ConcernFact("RU", "excluded"),), "uncounted": "no_data"}, "no_promise"),
        ({"lacks": "place"}, "no_place"),
        ({"lacks": "promise"}, "no_promise"),
        ({"lacks": "evidence"}, "no_evidence"),
        ({"concerns": (), "lacks": "place"}, "no_place"),
    ],
)  # fmt: skip
def test_shares(changes, share):
    """Each flow belongs to the first share that applies."""
    assert share_of(replace(PLAIN, **changes)) == share


@given(st.lists(st.tuples(MEANINGS, st.integers(1, 9), st.integers(0, 10**9), st.integers(0, 10**9))))
def test_shares_add_up(found):
    """Whatever the flows are, the shares have all flows and bytes, and each flow once."""
    groups = [group(meaning, flows, sent, received) for meaning, flows, sent, received in found]
    said = answer("acme", "Acme", groups, None, ())
    for field in ("flows", "sent_bytes", "received_bytes", "total_bytes"):
        assert sum(getattr(one.sum, field) for one in said.shares) == getattr(said.total, field)
    assert [one.share for one in said.shares] == sorted({one.share for one in said.shares}, key=SHARES.index)
    assert sum(one.sum.share for one in said.shares) == pytest.approx(
        1 if said.total.total_bytes else 0, abs=1e-5
    )


@given(st.lists(MEANINGS))
def test_statements_count_each_flow_once(found):
    """For a country, the standings and what is not counted are all flows that were compared with it."""
    groups = [group(meaning) for meaning in found]
    for statement in answer("acme", "Acme", groups, None, ()).statements:
        compared = [
            one for one in found if one.uncounted or any(c.country == statement.country for c in one.concerns)
        ]
        counted = sum(one.sum.flows for one in statement.standings)
        assert counted == statement.counted.flows
        assert counted + sum(one.sum.flows for one in statement.uncounted) == len(compared)


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 10**9, "0 %"),
        (1, 10**9, "< 0.1 %"),
        (10**9 - 1, 10**9, "> 99.9 %"),
        (10**9, 10**9, "100 %"),
        (0, 0, "0 %"),
        (10**15 - 1, 10**15, "> 99.9 %"),
    ],
)
def test_a_share_is_all_or_nothing_only_if_it_is(part, whole, said):
    """A hundred bytes to another country are not "0 %", and however many others are not "100 %"."""
    share = as_sum(Amount(1, part), whole).share
    assert Language("en").percent(share).replace(NARROW, " ") == said
