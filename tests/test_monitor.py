"""From a flow record to a classified flow."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from msgspec.structs import replace

from netmon.destinations.memory import Destinations
from netmon.monitor import Monitor
from netmon.places.databases import Databases
from netmon.places.declared import Position
from netmon.places.locator import Locator
from netmon.places.round_trips import JUMP_SAMPLES, SmallestRoundTrips
from netmon.records import Fallback
from netmon.signatures.load import load_folder
from netmon.verdict.policy import Policy, PolicyException
from netmon.verdict.subjects import Subjects
from tests import records
from tests.places.mmdb import write_database

ACME = """\
vendor: acme
title: ACME
sources:
  S: {trust: official, ref: page, about: page}
databases:
  alpha_db: {title: Alpha, about: location, date: 2026-06-01, sources: [S]}
  beta_db: {title: Beta, about: location, date: 2026-06-01, sources: [S]}
promises:
  files_in_zurich:
    statement: Files are processed in Zurich.
    data: files
    effective_from: 2020-01-01
    locations: [zurich]
    status: official
    sources: [S]
components:
  files:
    title: Files
    function: uploads
    data: files
    sources: [S]
    names:
      - {exact: files.acme.example, status: official, sources: [S]}
    expectations:
      - {basis: promise, promise: files_in_zurich, sources: [S]}
networks:
  - holder: ACME
    role: service
    status: measured
    sources: [S]
    prefixes:
      198.51.100.0/24: {votes: {alpha_db: CH/Zurich, beta_db: CH}}
      203.0.113.0/24: {votes: {alpha_db: RU/Moscow, beta_db: RU}}
resolvers:
  - {address: 192.0.2.99, operator: Example DNS, status: official, sources: [S]}
examples: {files.acme.example: files}
"""
SEPTEMBER = 1_789_430_400_000_000_000


@pytest.fixture
def monitor(tmp_path):
    locations = (Path(__file__).parent / "signatures" / "locations.yaml").read_text(encoding="utf-8")
    (tmp_path / "locations.yaml").write_text(locations, encoding="utf-8")
    (tmp_path / "acme.yaml").write_text(ACME, encoding="utf-8")
    signatures = load_folder(tmp_path)
    return Monitor(signatures, Locator(signatures), Policy(), Subjects())


def flow(server, signature, *, view=(), start_ns=SEPTEMBER, rtt_ns=None):
    return records.flow(
        client="192.0.2.10",
        server=server,
        signature=signature,
        view=view,
        start_ns=start_ns,
        last_ns=start_ns,
        rtt_ns=rtt_ns,
        answer_rtt_ns=rtt_ns,
        interception="unknown",
    )


def signature_of(monitor, prefix_or_name):
    rules = monitor.signatures.rules
    return next(
        rule.number
        for rule in rules
        if prefix_or_name in (getattr(rule, "text", ""), getattr(rule, "prefix", ""))
    )


@pytest.mark.parametrize(
    ("server", "view", "expected"),
    [
        ("198.51.100.7", (), ("zurich", "expected", "place_as_promised")),
        ("198.51.100.7", ("one_way",), ("zurich", "undecided", "insufficient_view")),
        ("203.0.113.7", (), ("moscow", "unexpected", "place_elsewhere")),
        ("203.0.113.7", ("proxied",), ("unknown", "undecided", "behind_proxy")),
        ("9.9.9.200", (), ("unknown", "undecided", "no_location")),
        ("192.0.2.200", (), ("unknown", "undecided", "sinkholed")),
        ("10.0.0.99", (), ("unknown", "undecided", "sinkholed")),
        ("0.0.0.0", (), ("unknown", "undecided", "sinkholed")),
        ("10.0.0.99", ("proxied",), ("unknown", "undecided", "behind_proxy")),
    ],
)
def test_a_matching_flow_gets_a_place_and_a_verdict(monitor, server, view, expected):
    """The verdict follows from the server's place, the flow's view and the component's promise."""
    seen = monitor.classify(flow(server, signature_of(monitor, "files.acme.example"), view=view))
    assert (seen.vendor, seen.component, seen.status) == ("acme", "files", "official")
    assert expected == (seen.place.location, seen.verdict.outcome, seen.verdict.reason)


@pytest.mark.parametrize(
    ("clients", "outcome", "lifts"),
    [("192.0.2.10/32", "expected", "place_elsewhere"), ("192.0.2.11/32", "unexpected", None)],
)
def test_policy_exceptions_depend_on_the_client(monitor, clients, outcome, lifts):
    """The client's real address is compared, before any pseudonym replaces it."""
    exception = PolicyException("acme", "files", ip_network(clients), "2026-12-31", "A", "B", lifts="place")
    policy = Policy(exceptions=(exception,))
    signatures = monitor.signatures
    one = Monitor(signatures, Locator(signatures), policy, Subjects())
    found = one.classify(flow("203.0.113.7", signature_of(one, "files.acme.example"))).verdict
    assert (found.outcome, found.lifts) == (outcome, lifts)
    series = {labels[:5] for labels in one.expected_series(SEPTEMBER)}
    assert ("acme", "files", "moscow", "RU", "unexpected") in series


def test_a_destination_is_new_once(monitor):
    """Network and country are new the first time only, also after a reload; without `destinations` never."""
    destinations = Destinations()

    def classify(server, contact="data"):
        loaded = Monitor(
            *(monitor.signatures, Locator(monitor.signatures)), Policy(), Subjects(), None, destinations
        )
        one = replace(flow(server, signature_of(loaded, "files.acme.example")), contact=contact)
        return loaded.classify(one).new_destination

    assert classify("203.0.113.7") == ("network", "country")
    assert classify("203.0.113.8") == ()
    assert classify("198.51.100.7") == ("network", "country")
    assert classify("9.9.9.200") == ("network",)  # no source locates it
    assert classify("192.0.2.200") == ()  # sinkholed
    assert classify("198.51.101.7", contact="answered") == ()
    assert [one.value for one in destinations.remembered()] == [
        "203.0.113.0/24",
        "RU",
        "198.51.100.0/24",
        "CH",
        "9.9.9.0/24",
    ]
    assert monitor.classify(flow("203.0.113.7", 0)).new_destination == ()


def test_an_unverified_signature_makes_nothing_new(tmp_path):
    """The flow may not be the vendor's, so its destination does not count as one of the vendor."""
    text = ACME.replace(
        "exact: files.acme.example, status: official", "exact: files.acme.example, status: unverified"
    )
    (tmp_path / "acme.yaml").write_text(text, encoding="utf-8")
    locations = (Path(__file__).parent / "signatures" / "locations.yaml").read_text(encoding="utf-8")
    (tmp_path / "locations.yaml").write_text(locations, encoding="utf-8")
    signatures = load_folder(tmp_path)
    one = Monitor(signatures, Locator(signatures), Policy(), Subjects(), None, Destinations())
    assert one.classify(flow("203.0.113.7", signature_of(one, "files.acme.example"))).new_destination == ()


MS = 1_000_000
FRANKFURT = Position(50.111, 8.682)


def placed(monitor, trips=None, countries=()):
    """Classifies a flow to Moscow with a round trip in milliseconds, as seen from Frankfurt."""

    def classify(rtt_ms, **changes):
        locator = Locator(monitor.signatures, position=FRANKFURT, countries=countries)
        loaded = Monitor(monitor.signatures, locator, Policy(), Subjects(), trips)
        rtt_ns = None if rtt_ms is None else rtt_ms * MS
        one = flow("203.0.113.7", signature_of(loaded, "files.acme.example"), rtt_ns=rtt_ns)
        return loaded.classify(replace(one, **changes))

    return classify


def test_a_flow_is_excluded_by_its_own_round_trip(monitor):
    """A smaller one of an earlier flow, before a reload, is shown with its time and excludes nothing."""
    classify = placed(monitor, SmallestRoundTrips())
    far = classify(40)
    assert (far.place.location, far.place.not_in, far.verdict.outcome) == ("moscow", (), "unexpected")
    near = classify(3)
    assert (near.place.confidence, near.place.excluded) == ("unknown", ("moscow",))
    assert (near.place.not_in, near.verdict.reason) == (("RU",), "no_location")
    for rtt_ms in (40, None):
        again = classify(rtt_ms)
        assert (again.place.location, again.place.excluded, again.place.not_in) == ("moscow", (), ())
        assert again.trips.smallest.min_ns == 3 * MS
        assert again.trips.after[-1] == (
            "smallest round trip in seven days: 3.000 ms on 2026-09-15, when what answered could not be in "
            "Russia: excludes nothing now"
        )
        assert again.verdict.outcome == "unexpected"


@pytest.mark.parametrize(
    "changes", [{"answer_rtt_ns": None}, {"rtt_ns": None}, {"answer_rtt_ns": 40 * MS}], ids=str
)
def test_a_handshake_alone_excludes_nothing(monitor, changes):
    """A firewall near the sensor may answer SYNs in the server's name."""
    seen = placed(monitor)(3, **changes)
    assert (seen.place.location, seen.place.not_in, seen.verdict.outcome) == ("moscow", (), "unexpected")


def test_a_round_trip_to_a_proxy_excludes_nothing(monitor):
    """The proxy is near, and nothing is known about the server behind it."""
    trips = SmallestRoundTrips()
    seen = placed(monitor, trips, {"RU"})(3, view=("proxied",))
    assert (seen.place.not_in, seen.place.excluded, seen.verdict.reason) == ((), (), "behind_proxy")
    assert trips.remembered() == []


def test_suspected_interception_excludes_nothing(monitor):
    """Whatever answers is near, whoever the server is."""
    seen = placed(monitor, None, {"RU"})(3, interception="suspected")
    assert (seen.place.location, seen.place.not_in) == ("moscow", ())


def test_countries_that_matter_are_excluded_without_votes(monitor):
    """Those that are promised, allowed or of concern, and those that sources name; no others."""
    assert placed(monitor, None, {"CN", "CH"})(3).place.not_in == ("CN", "RU")


def test_an_anycast_address_is_forgotten(monitor, tmp_path):
    """What answered one flow says nothing about who answers the next; for its own it does."""
    record = {"country_code": "RU", "is_anycast": True}
    write_database(tmp_path / "lite.mmdb", {"203.0.113.0/24": record}, "ipinfo lite")
    databases = Databases([tmp_path / "lite.mmdb"], required=True)
    databases.refresh()
    trips = SmallestRoundTrips()
    locator = Locator(monitor.signatures, (), databases, position=FRANKFURT)
    one = Monitor(monitor.signatures, locator, Policy(), Subjects(), trips)
    seen = one.classify(flow("203.0.113.7", signature_of(one, "files.acme.example"), rtt_ns=3 * MS))
    assert (seen.place.confidence, seen.place.not_in) == ("unknown", ("RU",))
    assert trips.remembered() == []


def test_a_jump_is_reported_once(monitor):
    """In the steps of the flow with which the smallest round trip jumped."""
    classify = placed(monitor, SmallestRoundTrips())
    classify(3)
    steps = [classify(40).trips.after for _ in range(40)]
    jumps = [any("jumped from 3.000 ms to 40.000 ms" in step for step in each) for each in steps]
    assert jumps == [number == JUMP_SAMPLES - 1 for number in range(40)]


def test_a_flow_is_judged_by_its_own_time(monitor):
    """An old capture is judged by the promises of its day."""
    old = flow("203.0.113.7", signature_of(monitor, "files.acme.example"), start_ns=1_500_000_000_000_000_000)
    assert monitor.classify(old).verdict.reason == "no_promise"


def test_a_network_alone_has_no_component(monitor):
    """A flow that matches by its address only has the vendor, and no promise applies to it."""
    seen = monitor.classify(flow("203.0.113.7", signature_of(monitor, "203.0.113.0/24")))
    assert (seen.component, seen.place.location) == ("network", "moscow")
    assert (seen.verdict.outcome, seen.verdict.reason) == ("undecided", "no_promise")


def test_a_flow_without_a_vendor_is_not_judged(monitor):
    """A flow that matches no signature has neither a place nor a verdict."""
    seen = monitor.classify(flow("203.0.113.7", None))
    assert (seen.vendor, seen.place, seen.verdict) == (None, None, None)


def test_expected_series(monitor):
    """Every component at every place of the vendor's networks, with the verdict that it would have."""
    in_moscow = monitor.classify(flow("203.0.113.7", signature_of(monitor, "files.acme.example"))).verdict
    severity = in_moscow.severity or "none"
    assert set(monitor.expected_series(SEPTEMBER)) == {
        ("acme", "files", "zurich", "CH", "expected", "none"),
        ("acme", "files", "moscow", "RU", "unexpected", severity),
        ("acme", "network", "zurich", "CH", "undecided", "none"),
        ("acme", "network", "moscow", "RU", "undecided", "none"),
    }


@pytest.mark.parametrize(
    ("is_queried", "encrypted_dns", "question", "component"),
    [(True, None, "vendor", "files"), (False, None, "other", None), (False, "doh", "unknown", None)],
)
def test_a_query_to_a_fallback_resolver_is_a_finding(monitor, is_queried, encrypted_dns, question, component):
    """A finding, not a verdict: the flow matches no vendor, and the queried name shows what it is worth."""
    queried = signature_of(monitor, "files.acme.example") if is_queried else None
    seen = replace(
        flow("192.0.2.99", None), fallback=True, queried_signature=queried, encrypted_dns=encrypted_dns
    )
    classified = monitor.classify(seen)
    assert classified.fallbacks == (Fallback("acme", "Example DNS", question, component, "official"),)
    assert (classified.vendor, classified.verdict) == (None, None)


def test_the_engine_decides_which_queries_are_findings(monitor):
    """Repeated queries of one client are not reported again."""
    assert monitor.classify(flow("192.0.2.99", None)).fallbacks == ()
