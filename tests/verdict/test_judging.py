"""What is judged once and kept equals what would be judged anew, whatever flows come in between."""

from ipaddress import ip_network

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import astuple, replace

from netmon.monitor import Monitor
from netmon.places.declared import Declaration, Position
from netmon.places.locator import Locator
from netmon.records import CONTACTS, GROUNDS, VIEW
from netmon.signatures.load import load_folder
from netmon.verdict.judgement import Case
from netmon.verdict.judging import Judging
from netmon.verdict.place_facts import place_facts
from netmon.verdict.policy import Policy, PolicyException, Relay
from netmon.verdict.promises import Subject
from netmon.verdict.subjects import Subjects
from tests import records
from tests.craft import golden
from tests.verdict_cases import GERMAN, MOSCOW, SILENT, WORRYING, ZURICH, case

DAY_NS = 86_400 * 10**9
MAY_2026 = 1_777_593_600 * 10**9
KNOWN = load_folder(golden.FOLDER / "signatures")
INSIDE, OUTSIDE = ip_network("192.0.2.0/28"), ip_network("192.0.2.16/28")
SERVERS = [
    "198.51.100.7",
    "198.51.100.8",
    "203.0.113.7",
    "203.0.113.200",
    "2001:db8:c::1",
    "10.0.0.9",
    "9.9.9.9",
]
DECLARATIONS = (Declaration("203.0.113.0/26", "DE", None, "an author", "a reason", valid_to="2026-05-02"),)
POLICIES = [
    Policy(),
    Policy(
        exceptions=(
            PolicyException("cloud", None, INSIDE, "2026-05-02", "A", "B", lifts="place"),
            PolicyException("cloud", "updates", OUTSIDE, "2026-05-03", "A", "B"),
        ),
        forbidden_components={"cloud": frozenset({"updates"})},
    ),
    Policy(relays=(Relay("cloud", None, INSIDE, "A", "B", since="2026-05-02"),)),
    Policy(concerns={"cloud": frozenset({"RU"})}, tolerated={"*": frozenset({"DE"})}),
]
RULES = [one.number for one in KNOWN.rules if one.component in ("files", "updates", "network")][:4]
FLOWS = st.lists(
    st.builds(
        records.flow,
        phase=st.sampled_from(["open", "end"]),
        client=st.sampled_from(["192.0.2.1", "192.0.2.17", "192.0.2.99"]),
        server=st.sampled_from(SERVERS[:4]) | st.sampled_from(SERVERS),
        signature=st.sampled_from(RULES),
        start_ns=st.integers(0, 4).map(lambda days: MAY_2026 + days * DAY_NS),
        sent_packets=st.sampled_from([5, 5, 5, 0]),
        contact=st.sampled_from(["data"] * 5 + list(CONTACTS)),
        grounds=st.sampled_from(["own"] * 5 + list(GROUNDS)),
        view=st.just(()) | st.sets(st.sampled_from(VIEW), max_size=2).map(tuple),
        resolved=st.booleans(),
        certificate_names=st.sampled_from([(), ("updates.cloud.example",)]),
        rtt_ns=st.sampled_from([None, 1_100_000, 4_000_000, 30_000_000]),
        answer_rtt_ns=st.sampled_from([None, 1_200_000, 30_000_000]),
        interception=st.sampled_from(["unlikely", "suspected"]),
    ),
    min_size=2,
    max_size=12,
)
SUBJECTS = [Subjects("DE"), Subjects(None, {INSIDE: "DE", OUTSIDE: "US"})]


class Attentive(Policy):
    """A policy for which every client is another case."""

    tells_clients_apart = True


def make_monitor(policy, subjects):
    locator = Locator(KNOWN, DECLARATIONS, position=Position(47.4, 8.5), countries=("RU",))
    return Monitor(KNOWN, locator, policy, subjects)


def judged(classified):
    return (
        classified.component,
        classified.place,
        classified.trips.own,
        classified.verdict,
        classified.concerns,
        classified.uncounted,
        classified.edge,
    )


@given(FLOWS, st.sampled_from(POLICIES), st.sampled_from(SUBJECTS))
def test_a_flow_is_judged_as_if_it_were_the_first(flows, policy, subjects):
    """On any day, of any client, after any flows: as by a monitor that has seen none."""
    monitor = make_monitor(policy, subjects)
    attentive = Attentive(*astuple(policy))
    for flow in flows:
        assert judged(monitor.classify(flow)) == judged(make_monitor(attentive, subjects).classify(flow))


OTHER = {
    "vendor": WORRYING,
    "component": "updates",
    "status": "unverified",
    "place": place_facts(MOSCOW),
    "view": ("one_way",),
    "day": "2026-06-18",
    "locations": {},
    "client": "192.0.2.200",
    "holder_shown": False,
    "contact": "none",
    "client_seen": False,
    "grounds": "hearsay",
    "sinkholed": True,
    "groups": {"EU": None},
}


@pytest.mark.parametrize("name", Case.__struct_fields__)
def test_every_input_is_in_the_key(name):
    """A case that differs in any one field is another case, so nothing kept is taken for it."""
    one = case(ZURICH)
    other = replace(one, **{name: OTHER[name]})
    judging = Judging(SILENT)
    judging.judge(one, GERMAN)
    judging.judge(one, GERMAN)
    assert judging.judge.cache_info().misses == 1
    judging.judge(other, GERMAN)
    judging.judge(one, Subject("US"))
    assert judging.judge.cache_info().misses == 3


def test_clients_are_told_apart_only_by_a_policy_that_does():
    """Without exceptions and relays, flows of all clients to a place are judged once."""
    exception, relay = POLICIES[1], POLICIES[2]
    assert Judging(SILENT).client_of("192.0.2.1") is None
    assert [Judging(one).client_of("192.0.2.1") for one in (exception, relay)] == ["192.0.2.1"] * 2
