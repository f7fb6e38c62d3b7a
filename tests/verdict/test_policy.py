"""Exceptions of the policy: for which clients, for what, and until when they apply."""

from ipaddress import ip_network

import pytest
from msgspec.structs import replace

from netmon.verdict.policy import Policy, PolicyException

EXCEPTION = PolicyException("acme", "files", ip_network("192.0.2.0/28"), "2027-01-31", "A", "B", "2026-10-01")


@pytest.mark.parametrize(
    ("vendor", "component", "client", "day", "holds"),
    [
        ("acme", "files", "192.0.2.0", "2026-10-01", True),
        ("acme", "files", "192.0.2.15", "2027-01-31", True),
        ("acme", "files", "192.0.2.16", "2026-12-01", False),
        ("acme", "files", "2001:db8::1", "2026-12-01", False),
        ("acme", "files", "192.0.2.1", "2026-09-30", False),
        ("acme", "files", "192.0.2.1", "2027-02-01", False),
        ("acme", "updates", "192.0.2.1", "2026-12-01", False),
        ("acme", "network", "192.0.2.1", "2026-12-01", False),
        ("other", "files", "192.0.2.1", "2026-12-01", False),
        ("acme", "files", None, "2026-12-01", False),
    ],
)
def test_an_exception_has_its_bounds(vendor, component, client, day, holds):
    """It applies from its first to its last day, and to no other vendor, component or client."""
    found = Policy(exceptions=(EXCEPTION,)).find_exception(vendor, component, client, day)
    assert found is (EXCEPTION if holds else None)


def test_without_component_and_first_day_it_holds_for_all():
    """An exception without a component and a first day applies to all components, from any day."""
    wide = replace(EXCEPTION, component=None, since=None)
    assert Policy(exceptions=(wide,)).find_exception("acme", "updates", "192.0.2.1", "2020-01-01") is wide


def test_the_exception_that_lasts_longest_applies():
    """An exception that is extended by another entry applies until the later day."""
    longer = replace(EXCEPTION, until="2027-06-30")
    for order in ((EXCEPTION, longer), (longer, EXCEPTION)):
        assert Policy(exceptions=order).find_exception("acme", "files", "192.0.2.1", "2027-01-01") is longer


def test_an_exception_lifts_only_what_it_names():
    """One for contact is not one for the place, and the other way round; contact is the default."""
    place = replace(EXCEPTION, lifts="place")
    who = ("acme", "files", "192.0.2.1", "2026-12-01")
    both = Policy(exceptions=(EXCEPTION, place))
    assert (both.find_exception(*who, lifts="contact"), both.find_exception(*who, lifts="place")) == (
        EXCEPTION,
        place,
    )
    assert Policy(exceptions=(place,)).find_exception(*who) is None
    assert Policy(exceptions=(EXCEPTION,)).find_exception(*who, lifts="place") is None
