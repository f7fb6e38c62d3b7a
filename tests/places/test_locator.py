"""The votes on an address: from which source, for which network, on which day."""

import pytest
from msgspec.structs import replace

from netmon.days import DAY_NS
from netmon.places import locator
from netmon.places.databases import Databases
from netmon.places.declared import Declaration
from netmon.places.locator import Locator
from netmon.records import Vote
from netmon.signatures.model import Location, NetworkRule, SignatureSet
from tests.places.mmdb import nested, write_database

LOCATIONS = {
    "zurich": Location("zurich", "Zurich", "CH", 47.377, 8.542, ("Zürich",)),
    "moscow": Location("moscow", "Moscow", "RU", 55.756, 37.617),
}
JUNE = 1_781_654_400_000_000_000  # 2026-06-17 00:00 UTC


def network(prefix, *votes, role="service", place=None, valid_from=None, valid_to=None):
    return NetworkRule(
        number=0,
        vendor="acme",
        component="network",
        prefix=prefix,
        asn=None,
        role=role,
        status="measured",
        valid_from=valid_from,
        valid_to=valid_to,
        place=place,
        votes=tuple(
            Vote(source, *where.split("/")) if "/" in where else Vote(source, where, None)
            for source, where in votes
        ),
        sources=(),
        note=None,
        file="acme.yaml",
        line=1,
    )


def signatures(*networks):
    return SignatureSet(vendors={}, locations=LOCATIONS, rules=networks, sha256="", folder="signatures")


ZURICH = (("alpha_db", "CH/Zurich"), ("beta_db", "CH"))
MOSCOW = (("alpha_db", "RU/Moscow"), ("beta_db", "RU"))


def declare(prefix, country, city=None, **more):
    return Declaration(prefix, country, city, "A. Auditor", "visited", "2026-06-01", **more)


def test_the_longest_prefix_counts():
    """A more specific network that was moved is located by its own votes."""
    find = Locator(
        signatures(network("198.51.100.0/24", *ZURICH), network("198.51.100.128/25", *MOSCOW))
    ).locate
    assert find("198.51.100.1", JUNE).location == "zurich"
    assert find("198.51.100.129", JUNE).location == "moscow"
    assert find("203.0.113.1", JUNE).location == "unknown"


def test_both_address_families():
    """IPv6 networks match as IPv4 networks do."""
    find = Locator(
        signatures(network("2001:db8:a::/48", *ZURICH), network("198.51.100.0/24", *MOSCOW))
    ).locate
    assert find("2001:db8:a::17", JUNE).location == "zurich"
    assert find("2001:db8:b::17", JUNE).location == "unknown"


@pytest.mark.parametrize("role", ["service", "corporate", "ddos_protection", "carrier"])
def test_every_role_has_places(role):
    """A network whose role does not identify the vendor still locates its addresses."""
    find = Locator(signatures(network("198.51.100.0/24", *ZURICH, role=role))).locate
    assert find("198.51.100.1", JUNE).confidence == "agreed"


def test_a_network_is_valid_between_its_days():
    """It is valid from the first to the last day, both included, in UTC; else the wider network counts."""
    find = Locator(
        signatures(
            network("198.51.100.0/24", *ZURICH),
            network("198.51.100.0/25", *MOSCOW, valid_from="2026-06-17", valid_to="2026-06-18"),
        )
    ).locate
    moments = [JUNE - 1, JUNE, JUNE + 2 * DAY_NS - 1, JUNE + 2 * DAY_NS]
    found = [find("198.51.100.1", moment).location for moment in moments]
    assert found == ["zurich", "moscow", "moscow", "zurich"]


def test_place_declared_by_the_vendor_is_one_source():
    """A signature's `place` counts like one database, with the source "vendor"."""
    find = Locator(
        signatures(
            network("198.51.100.0/24", place="zurich"), network("203.0.113.0/24", *MOSCOW, place="zurich")
        )
    ).locate
    alone = find("198.51.100.1", JUNE)
    assert (alone.location, alone.confidence, alone.votes[0].source) == ("zurich", "single", "vendor")
    assert find("203.0.113.1", JUNE).confidence == "disputed"


def test_quoted_votes_have_providers():
    """The provider is the one that the signatures give, or else the one that the database's id names."""
    quotes = (("dbip", "CH"), ("iptoasn", "CH"), ("acme_db", "CH"), ("city", "CH"))
    rule = network("198.51.100.0/24", *quotes)
    rule = replace(rule, votes=(*rule.votes[:3], replace(rule.votes[3], provider="DB-IP")))
    place = Locator(signatures(rule)).locate("198.51.100.1", JUNE)
    assert [vote.provider for vote in place.votes] == ["dbip", "iptoasn", "acme-db", "dbip"]
    assert [vote.about for vote in place.votes] == ["location", "registration", "location", "location"]
    assert "2 sources agree on CH" in place.steps


def test_a_declaration_decides():
    """The user's declaration takes precedence over databases, whose votes are still shown."""
    rules = signatures(network("198.51.100.0/24", *MOSCOW))
    find = Locator(rules, [declare("198.51.100.0/25", "CH", "Zürich", valid_to="2026-06-17")]).locate
    place = find("198.51.100.1", JUNE)
    assert (place.location, place.country, place.confidence) == ("zurich", "CH", "single")
    assert [vote.source for vote in place.votes] == ["declared", "alpha_db", "beta_db"]
    assert "declared (2026-06-01) on 198.51.100.0/25: CH, Zürich [A. Auditor: visited]" in place.steps
    assert find("198.51.100.129", JUNE).location == "moscow"
    assert find("198.51.100.1", JUNE + DAY_NS).location == "moscow"


def test_a_declaration_may_have_a_country_only():
    """Without a city, the location is unknown."""
    find = Locator(signatures(), [declare("198.51.100.0/24", "CH")]).locate
    assert (find("198.51.100.1", JUNE).country, find("198.51.100.1", JUNE).location) == ("CH", "unknown")


def test_a_declaration_without_a_network_is_refused():
    """Host bits say that a single address may be meant: nothing is guessed."""
    with pytest.raises(ValueError, match="host bits"):
        Locator(signatures(), [declare("198.51.100.1/24", "CH")])


def test_memory_is_bounded(monkeypatch):
    """A scan of many addresses does not grow the cache; evicted addresses are located again."""
    monkeypatch.setattr(locator, "CACHED_PLACES", 4)
    places = Locator(signatures(network("198.51.100.0/24", *ZURICH)))
    for host in range(20):
        assert places.locate(f"198.51.100.{host}", JUNE).location == "zurich"
    assert len(places._cached[1]) == 4
    assert places.locate("198.51.100.0", JUNE).location == "zurich"


LIVE = {"198.51.100.0/24": nested("CH", "Zurich"), "2001:db8:a::/48": nested("RU")}


def test_databases_are_sources(tmp_path):
    """A database on this machine counts as well as the signatures, in both address families."""
    write_database(tmp_path / "city.mmdb", LIVE)
    databases = Databases([tmp_path])
    databases.refresh()
    find = Locator(signatures(network("198.51.100.0/24", ("beta_db", "CH"))), (), databases).locate
    place = find("198.51.100.1", JUNE)
    assert (place.confidence, place.location) == ("agreed", "zurich")
    assert [vote.source for vote in place.votes] == ["GeoLite2-City", "beta_db"]
    assert find("2001:db8:a::1", JUNE).country == "RU"


def test_a_database_supersedes_the_build_quoted_in_the_signatures(tmp_path):
    """A newer build from the same provider is not a second source, and supersedes the older one."""
    rules = signatures(network("198.51.100.0/24", ("geolite2", "RU"), ("beta_db", "CH")))
    write_database(tmp_path / "city.mmdb", LIVE)
    databases = Databases([tmp_path])
    databases.refresh()
    assert Locator(rules).locate("198.51.100.1", JUNE).confidence == "disputed"
    assert Locator(rules, (), databases).locate("198.51.100.1", JUNE).confidence == "agreed"


def test_a_replaced_database_counts_at_once(tmp_path):
    """Places cached with an older build are discarded; without a change they are kept."""
    file = write_database(tmp_path / "city.mmdb", LIVE)
    databases = Databases([tmp_path])
    databases.refresh()
    places = Locator(signatures(), (), databases)
    first = places.locate("198.51.100.1", JUNE)
    databases.refresh()
    assert places.locate("198.51.100.1", JUNE) is first
    write_database(tmp_path / "new", {"198.51.100.0/24": nested("RU", "Moscow")}).replace(file)
    assert places.locate("198.51.100.1", JUNE) is first
    databases.refresh()
    assert places.locate("198.51.100.1", JUNE).location == "moscow"


def test_a_host_name_is_an_error():
    """It is not resolved implicitly."""
    with pytest.raises(ValueError, match="does not appear"):
        Locator(signatures()).locate("example.com", JUNE)
