"""Relays: clients through which all others are to reach a vendor, and those that do not."""

from ipaddress import ip_network

import pytest
from msgspec.structs import replace

from netmon.verdict.judgement import judge
from netmon.verdict.policy import Policy, Relay
from netmon.verdict.promises import Subject
from tests.verdict_cases import (
    DAY_NS,
    EXCEPTION,
    FORBID,
    GERMAN,
    JUNE_17,
    MOSCOW,
    PLACE_EXCEPTION,
    VENDOR,
    WORRYING,
    ZURICH,
    case,
    excepting,
    place,
    verdict,
)

RELAY = Relay("acme", None, ip_network("10.0.0.5/32"), "J. Doe", "administration server")
BYPASS = ("unexpected", "bypasses_relay")
KEPT = ("expected", "place_as_promised")


def relayed(*relays, policy=None):
    return replace(policy or Policy(), relays=relays or (RELAY,))


def from_client(client, where=ZURICH, what="files", **more):
    return case(where, what, client=client, **more)


@pytest.mark.parametrize(
    ("client", "found"),
    [
        ("10.0.0.5", KEPT),
        ("10.0.0.6", BYPASS),
        ("192.0.2.10", BYPASS),
        ("2001:db8::5", BYPASS),
        (None, KEPT),  # a series that is likely, of no client
    ],
)
def test_only_a_relay_may_contact_the_vendor(client, found):
    """A contact of any other client is a finding, wherever it ends."""
    assert verdict(from_client(client), relayed()) == found


@pytest.mark.parametrize("where", [ZURICH, MOSCOW, place(), place("CH", "RU"), place("RU/Moscow")])
@pytest.mark.parametrize("what", ["files", "updates", "network"])
@pytest.mark.parametrize("subject", [GERMAN, Subject()])
def test_the_place_does_not_matter(where, what, subject):
    """A bypass needs no place, no promise and no country of the subject, and names no promise."""
    found = judge(from_client("10.0.0.6", where, what), relayed(), subject)
    assert (found.outcome, found.reason) == BYPASS
    assert (found.promise, found.lacks) == (None, None)


@pytest.mark.parametrize("view", [("proxied",), ("one_way",), ("gap", "unseen")])
def test_a_limited_view_does_not_excuse(view):
    """A client that asks a proxy for the vendor bypasses the relay as well."""
    assert verdict(from_client("10.0.0.6", view=view), relayed()) == BYPASS


def test_moscow_weighs_more_than_a_bypass():
    """A country of concern comes before it, and it is judged for the relay as for any client."""
    for client in ("10.0.0.5", "10.0.0.6"):
        one = replace(from_client(client, MOSCOW, "updates"), vendor=WORRYING)
        assert verdict(one, relayed()) == ("unexpected", "country_of_concern")
    one = replace(from_client("10.0.0.6", place("RU/Moscow"), "updates"), vendor=WORRYING)
    assert verdict(one, relayed()) == BYPASS  # one source alone does not settle the place


def test_forbidden_comes_first():
    """A forbidden vendor must not be contacted by relays either."""
    for client in ("10.0.0.5", "10.0.0.6"):
        found = verdict(from_client(client), relayed(policy=FORBID))
        assert found == ("forbidden", "policy_forbids_vendor")


def test_a_network_of_the_vendor_shows_the_bypass():
    """Where every component has a relay, contact with the vendor is enough; its name may be hearsay."""
    one = replace(from_client("10.0.0.6"), component="network", grounds="holder")
    assert verdict(one, relayed()) == ("unexpected", "bypasses_relay")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"grounds": "hearsay"}, "name_unproven"),
        ({"grounds": "unsolicited"}, "name_unsolicited"),
        ({"contact": "attempted"}, "no_contact"),
        ({"contact": "refused"}, "no_contact"),
        ({"contact": "answered"}, "no_contact"),
        ({"sinkholed": True}, "sinkholed"),
        ({"status": "unverified"}, "unverified_signature"),
    ],
)
def test_what_is_no_bypass(change, reason):
    """It needs data in both directions, evidence of the client's own, and a verified signature."""
    assert verdict(replace(from_client("10.0.0.6"), **change), relayed()) == ("undecided", reason)


def test_an_exception_of_the_contact_lifts_it():
    """The place is then judged like any other, and the verdict shows what was lifted, until when."""
    policy = excepting(relayed())
    lifted = judge(from_client("192.0.2.10"), policy, GERMAN)
    assert (lifted.outcome, lifted.reason) == ("expected", "policy_exception")
    assert (lifted.lifts, lifted.until) == ("bypasses_relay", EXCEPTION.until)
    elsewhere = judge(from_client("192.0.2.10", MOSCOW), policy, GERMAN)
    assert (elsewhere.outcome, elsewhere.reason) == ("unexpected", "place_elsewhere")
    assert elsewhere.lifts == "bypasses_relay"
    assert verdict(from_client("192.0.2.16"), policy) == BYPASS
    assert verdict(from_client("192.0.2.10", time_ns=JUNE_17 + DAY_NS), policy) == BYPASS
    assert verdict(from_client("192.0.2.10"), excepting(relayed(), PLACE_EXCEPTION)) == BYPASS


def test_a_relay_for_one_component():
    """Others may be contacted directly, and a relay of one component is none for another."""
    updates = replace(RELAY, component="updates")
    files = replace(RELAY, component="files", clients=ip_network("10.0.0.7/32"))
    assert verdict(from_client("10.0.0.6"), relayed(updates)) == KEPT
    assert verdict(from_client("10.0.0.6", what="updates"), relayed(updates)) == BYPASS
    assert verdict(from_client("10.0.0.5"), relayed(updates, files)) == BYPASS
    assert verdict(from_client("10.0.0.7"), relayed(updates, files)) == KEPT
    assert verdict(from_client("10.0.0.5", what="files"), relayed(files, RELAY)) == KEPT


def test_several_relays():
    """A network may hold many, and any of them will do, over IPv4 and IPv6."""
    many = (replace(RELAY, clients=ip_network(one)) for one in ("10.0.8.0/24", "2001:db8:5::/64"))
    policy = relayed(*many)
    for client in ("10.0.8.0", "10.0.8.255", "2001:db8:5::1"):
        assert verdict(from_client(client), policy) == KEPT
    for client in ("10.0.9.0", "2001:db8:6::1"):
        assert verdict(from_client(client), policy) == BYPASS


def test_a_relay_that_came_into_use_later():
    """Before its first day, clients had to contact the vendor themselves."""
    later = replace(RELAY, since="2026-06-18")
    assert verdict(from_client("10.0.0.6"), relayed(later)) == KEPT
    assert verdict(from_client("10.0.0.6", time_ns=JUNE_17 + DAY_NS), relayed(later)) == BYPASS


def test_relays_of_another_vendor_do_not_matter():
    """They are named for each vendor."""
    assert verdict(from_client("10.0.0.6"), relayed(replace(RELAY, vendor="other"))) == KEPT


def test_a_visit_to_web_pages_is_no_bypass():
    """People visit them directly, unless the policy names a relay for this very component."""
    components = {**VENDOR.components, "files": replace(VENDOR.components["files"], visited=True)}
    one = replace(from_client("10.0.0.6"), vendor=replace(VENDOR, components=components))
    assert verdict(one, relayed()) == KEPT
    assert verdict(one, relayed(replace(RELAY, component="files"))) == BYPASS
