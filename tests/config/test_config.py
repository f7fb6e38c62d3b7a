"""netmon.yaml: every setting takes effect, and every error is one line with file, line and key."""

import re
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from netmon.config.chosen import find_file, load_chosen
from netmon.config.load import load
from netmon.config.settings import Config, EvidenceFiles, Privileges, Rotation, state_folder
from netmon.errors import ConfigError
from netmon.places.declared import Declaration, Position
from netmon.places.labels import DatabaseLabel
from netmon.verdict.policy import Policy, PolicyException
from netmon.verdict.subjects import Subjects
from netmon.web.options import ListenAddress, WebOptions

UNTIL = "2027-01-31"
SHIPPED = Path(__file__).parents[2] / "netmon.yaml"


def without_file(config):
    return {name: getattr(config, name) for name in Config.__slots__ if name != "file"}


def test_shipped_file_equals_the_defaults():
    """The shipped netmon.yaml is valid and changes nothing."""
    assert without_file(load(SHIPPED)) == without_file(Config())


def test_shipped_file_names_every_setting():
    """Each setting has a line in the shipped file."""
    text = SHIPPED.read_text(encoding="utf-8")
    for key in (
        *Config().limits.__slots__,
        *Config().capture.__slots__,
        "report_every_s",
        "key_file",
        "learning_days",
        *Config().rotation.__slots__,
        *Config().evidence.__slots__,
        *Config().privileges.__slots__,
    ):
        assert f"  {key}:" in text


def test_shipped_examples_are_valid(read):
    """The examples in the shipped file's comments are valid when uncommented."""
    text = SHIPPED.read_text(encoding="utf-8")
    declared = text.partition("  declared: []\n")[2].partition("\n\n")[0]
    config = read("places:\n  declared:\n" + re.sub("^  # ", "    ", declared, flags=re.MULTILINE))
    assert [declaration.prefix for declaration in config.declarations] == ["198.51.100.0/24"]
    tolerated = text.partition("  tolerated: {}\n")[2].partition("\n  #")[0]
    read("policy:\n  tolerated:\n" + re.sub("^  #", "   ", tolerated, flags=re.MULTILINE))
    allowed = text.partition("  allowed: {}\n")[2].partition("\n  # Exceptions")[0]
    policy = read("policy:\n  allowed:\n" + re.sub("^  #", "   ", allowed, flags=re.MULTILINE)).policy
    assert [sorted(components) for components in policy.allowed.values()] == [["*", "updates"]]
    exceptions = text.partition("  exceptions: []\n")[2].partition("\n\n")[0]
    policy = read("policy:\n  exceptions:\n" + re.sub("^  # ", "    ", exceptions, flags=re.MULTILINE)).policy
    assert [one.until for one in policy.exceptions] == ["2027-01-31"]


def test_no_file_means_the_defaults():
    """Without a file, everything has its default."""
    assert load_chosen(None) == Config()


def test_every_setting_is_read(read, tmp_path):
    """Each key sets its value; paths are relative to the file."""
    config = read("""\
sensor: {name: perimeter, site: Bern, latitude: -33.9, longitude: 18.4, accuracy_km: 2.5}
subject: {country: DE}
capture: {interfaces: [eth1, eth2], workers: 2, ring_mib: 64, snaplen: 512, promiscuous: false,
  one_clock: true,
  vxlan_ports: [4789, 4444], geneve_ports: [], hp_erm_ports: [9000]}
flows: {max_flows: 10, max_names: 20, max_heads: 30, max_head_bytes: 40, max_idle_connections: 45,
  tcp_idle_s: 50, udp_idle_s: 60, duplicate_window_ms: 0, separate_by: [vlan, vni, interface],
  report_every_s: 7}
dns: {resolvers: [192.0.2.53, "2001:db8::53"], nat64_prefixes: ["2001:db8:64::/96"]}
signatures: {folder: mine}
places:
  databases: [mine, /usr/share/GeoIP]
  declared:
    - {network: 198.51.100.0/24, country: CH, city: Bern, author: A, reason: seen, date: 2026-10-01,
       valid_from: 2026-01-01, valid_to: 2026-12-31}
policy:
  forbidden_vendors: [acme]
  allowed: {other: {"*": [CH], files: [zurich]}}
  forbidden_components: {acme: [files], other: [updates, network]}
  forbidden_severity: notice
  tolerated: {acme: [EEA, US], "*": [EU, CH]}
  concerns: {acme: [RU, CN], other: []}
  exceptions:
    - {vendor: acme, component: files, clients: 192.0.2.0/28, since: 2026-10-01, until: 2027-01-31,
       author: A, reason: B}
    - {vendor: acme, clients: "2001:db8::/64", until: 2027-01-31, author: A, reason: B, lifts: place}
state: {folder: state, learning_days: 14}
privacy: {level: 2, key_file: key, count_period: quarter}
events: {file: events.jsonl, rotate_mib: 100, rotate_hours: 24, keep: 3, compress: false}
evidence: {folder: evidence, max_mib: 5, keep_days: 6, memory_mib: 7}
privileges: {user: sensor, stay_root: true, filter_calls: false}
web: {listen: "[::1]:9000", external_url: "https://sensors.example/edge/", config_file: web.yml,
  enable_lifecycle: true}
""")
    assert (config.sensor, config.site) == ("perimeter", "Bern")
    assert config.position == Position(-33.9, 18.4, 2.5)
    assert config.subjects == Subjects("DE")
    assert config.capture.interfaces == ("eth1", "eth2")
    assert (config.capture.workers, config.capture.ring_mib, config.capture.snaplen) == (2, 64, 512)
    assert config.capture.promiscuous is False
    assert config.engine_keywords()["one_clock"] is True
    assert config.capture.port_keywords() == {
        "vxlan_ports": (4789, 4444),
        "geneve_ports": (),
        "hp_erm_ports": (9000,),
    }
    assert tuple(config.limits.keywords().values()) == (10, 20, 30, 40, 45, 50, 60, 0)
    assert config.separate_by == ("vlan", "vni", "interface")
    assert config.engine_keywords()["separate_by"] == config.separate_by
    assert config.report_every_s == 7
    assert config.site_resolvers == (ip_address("192.0.2.53"), ip_address("2001:db8::53"))
    assert config.nat64_prefixes == ("2001:db8:64::/96",)
    assert config.signatures == tmp_path / "mine"
    assert config.databases == (tmp_path / "mine", Path("/usr/share/GeoIP"))
    assert config.declarations == (
        Declaration("198.51.100.0/24", "CH", "Bern", "A", "seen", "2026-10-01", "2026-01-01", "2026-12-31"),
    )
    assert config.policy == Policy(
        frozenset({"acme"}),
        {"other": {"*": frozenset({"CH"}), "files": frozenset({"zurich"})}},
        (
            PolicyException("acme", "files", ip_network("192.0.2.0/28"), UNTIL, "A", "B", "2026-10-01"),
            PolicyException("acme", None, ip_network("2001:db8::/64"), UNTIL, "A", "B", lifts="place"),
        ),
        {"acme": frozenset({"RU", "CN"}), "other": frozenset()},
        {"acme": frozenset({"files"}), "other": frozenset({"updates", "network"})},
        "notice",
        {"acme": frozenset({"EEA", "US"}), "*": frozenset({"EU", "CH"})},
    )
    assert (config.state, config.learning_days) == (tmp_path / "state", 14)
    assert (config.privacy_level, config.privacy_key) == (2, tmp_path / "key")
    assert config.count_period == "quarter"
    assert config.events == tmp_path / "events.jsonl"
    assert config.rotation == Rotation(100, 24, 3, compress=False)
    assert config.evidence == EvidenceFiles(tmp_path / "evidence", 5, 6, 7)
    assert config.engine_keywords()["max_evidence_bytes"] == 7 << 20
    assert config.privileges == Privileges("sensor", stay_root=True, filter_calls=False)
    assert config.web == WebOptions(
        listen=(ListenAddress("::1", 9000),),
        external_url="https://sensors.example/edge",
        config_file=tmp_path / "web.yml",
        enable_lifecycle=True,
    )
    assert config.web.prefix == "/edge"
    assert config.file == tmp_path / "netmon.yaml"


def test_the_accuracy_of_a_position_is_optional(read):
    """Latitude and longitude suffice; without them there is no position."""
    assert read("sensor: {latitude: 50.11, longitude: 8.68}").position == Position(50.11, 8.68, 50)
    assert read("sensor: {name: a, latitude: , longitude: }").position is None


def test_databases_can_be_none(read):
    """An empty list means none; no value means the default folders."""
    assert read("places: {databases: []}").databases == ()
    assert read("places:\n  databases:\n").databases is None


def test_databases_may_have_labels(read, tmp_path):
    """A database is a path, or a path with its provider and what its countries are."""
    config = read("""
places:
  databases:
    - a.mmdb
    - {path: b.mmdb, provider: DB-IP}
    - {path: /srv, provider: Acme, about: registration}
""")
    assert config.databases == (tmp_path / "a.mmdb", tmp_path / "b.mmdb", Path("/srv"))
    assert config.labels == {
        tmp_path / "b.mmdb": DatabaseLabel("DB-IP"),
        Path("/srv"): DatabaseLabel("Acme", "registration"),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("captur: {}", "netmon.yaml:1: unknown key 'captur'; did you mean 'capture'?"),
        (
            "capture:\n  worker: 2",
            "netmon.yaml:2: unknown key 'worker' in capture; did you mean 'workers'?",
        ),
        ("flows:\n\n  xyzzy: 2", "netmon.yaml:3: unknown key 'xyzzy' in flows"),
        (
            "capture:\n  workers: two",
            "netmon.yaml:2: capture.workers: 'two' is not a whole number from 1 to 64",
        ),
        ("capture: {workers: 0}", "netmon.yaml:1: capture.workers: '0' is not a whole number from 1 to 64"),
        ("capture: {interfaces: eth0}", "netmon.yaml:1: capture.interfaces: expected a list"),
        (
            "flows: {separate_by: [vlans]}",
            "netmon.yaml:1: flows.separate_by: 'vlans' is not one of vlan, vni, interface; "
            "did you mean 'vlan'?",
        ),
        (
            "capture: {vxlan_ports: [0]}",
            "netmon.yaml:1: capture.vxlan_ports: '0' is not a whole number from 1 to 65535",
        ),
        (
            "capture: {promiscuous: maybe}",
            "netmon.yaml:1: capture.promiscuous: 'maybe' is neither true nor false",
        ),
        ("capture: [eth0]", "netmon.yaml:1: capture: expected keys and values"),
        (
            "privacy: {count_period: months}",
            "netmon.yaml:1: privacy.count_period: 'months' is not one of day, week, month, quarter, year; "
            "did you mean 'month'?",
        ),
        ("privacy: {level: 4}", "netmon.yaml:1: privacy.level: '4' is not a whole number from 0 to 3"),
        (
            "subject: {country: Germany}",
            "netmon.yaml:1: subject.country: 'Germany' is not a country code: "
            "write two capital letters (ISO 3166-1), for example DE",
        ),
        (
            "dns: {nat64_prefixes: [192.0.2.0/24]}",
            "netmon.yaml:1: dns.nat64_prefixes: '192.0.2.0/24': '192.0.2.0' is not an IPv6 address",
        ),
        ("places: {databases: /srv}", "netmon.yaml:1: places.databases: expected a list"),
        (
            "places: {databases: [{provider: dbip}]}",
            "netmon.yaml:1: places.databases: key 'path' is missing",
        ),
        (
            "places: {databases: [{path: a, maker: dbip}]}",
            "netmon.yaml:1: unknown key 'maker' in places.databases",
        ),
        (
            "places: {databases: [{path: a, about: city}]}",
            "netmon.yaml:1: places.databases.about: 'city' is not one of location, registration",
        ),
        (
            "places: {databases: [{path: a, provider: IPtoASN, about: location}]}",
            "netmon.yaml:1: places.databases.about: 'IPtoASN' publishes registrations, which never locate an"
            " address",
        ),
        (
            "places:\n  declared:\n    - {network: 192.0.2.1/24, country: CH, author: A, reason: B}",
            "netmon.yaml:3: places.declared.network: '192.0.2.1/24' is not a network: "
            "192.0.2.1/24 has host bits set",
        ),
        (
            "places:\n  declared:\n    - {network: 192.0.2.0/24, country: CH, author: A}",
            "netmon.yaml:3: places.declared: key 'reason' is missing",
        ),
        (
            "places:\n  declared:\n    - {network: 192.0.2.0/24, country: CH, author: A, reason: B,\n"
            "       date: 2026-02-30}",
            "netmon.yaml:4: places.declared.date: '2026-02-30' is not a date: write 2026-01-31",
        ),
        (
            "sensor: {latitude: 91, longitude: 8.68}",
            "netmon.yaml:1: sensor.latitude: '91' is not a number from -90 to 90",
        ),
        (
            "sensor:\n  latitude: 50.11",
            "netmon.yaml:2: sensor.latitude: sensor.longitude must be given as well",
        ),
        (
            "sensor:\n  name: a\n  accuracy_km: 5",
            "netmon.yaml:3: sensor.accuracy_km: sensor.latitude and sensor.longitude must be given as well",
        ),
        (
            "sensor: {latitude: north, longitude: 8.68}",
            "netmon.yaml:1: sensor.latitude: 'north' is not a number from -90 to 90",
        ),
        (
            "subject: {country: EU}",
            "netmon.yaml:1: subject.country: 'EU' is a group of countries: give one of its members",
        ),
        (
            "subject: {country: ED}",
            "netmon.yaml:1: subject.country: 'ED' is not a country code of ISO 3166-1 (2023-04-05); "
            "did you mean 'DE'?",
        ),
        (
            "places:\n  declared:\n    - {network: 192.0.2.0/24, country: SU, author: A, reason: B}",
            "netmon.yaml:3: places.declared.country: 'SU' is not a country code of ISO 3166-1 (2023-04-05); "
            "did you mean 'US'?",
        ),
        (
            "policy: {allowed: {acme: {files: [CH, XX]}}}",
            "netmon.yaml:1: policy.allowed.acme.files: 'XX' is not a country code of ISO 3166-1 "
            "(2023-04-05); did you mean one of AX, CX, MX, SX?",
        ),
        (
            "policy:\n  exceptions:\n    - {vendor: acme, clients: 192.0.2.0/28, author: A, reason: B}",
            "netmon.yaml:3: policy.exceptions: key 'until' is missing",
        ),
        (
            "policy:\n  exceptions:\n    - {vendor: acme, clients: 192.0.2.1/28, until: 2027-01-31,\n"
            "       author: A, reason: B}",
            "netmon.yaml:3: policy.exceptions.clients: '192.0.2.1/28' is not a network: "
            "192.0.2.1/28 has host bits set",
        ),
        (
            "policy:\n  exceptions:\n    - {vendor: acme, clients: 192.0.2.0/28, until: soon, author: A,\n"
            "       reason: B}",
            "netmon.yaml:3: policy.exceptions.until: 'soon' is not a date: write 2026-01-31",
        ),
        (
            "policy:\n  exceptions:\n    - {vendor: acme, clients: 192.0.2.0/28, until: 2027-01-31,\n"
            "       author: A, reason: B, lifts: places}",
            "netmon.yaml:4: policy.exceptions.lifts: 'places' is not one of contact, place; "
            "did you mean 'place'?",
        ),
        (
            "policy:\n  exceptions:\n    - {vendor: acme, clients: 192.0.2.0/28, author: A, reason: B,\n"
            "       since: 2026-02-01, until: 2026-01-31}",
            "netmon.yaml:4: policy.exceptions.until: '2026-01-31' is before '2026-02-01', "
            "the start of the exception",
        ),
        (
            "policy:\n  exceptions:\n    - {vendor: acme, client: 192.0.2.0/28, until: 2027-01-31,\n"
            "       author: A, reason: B, clients: 192.0.2.0/28}",
            "netmon.yaml:3: unknown key 'client' in policy.exceptions; did you mean 'clients'?",
        ),
        ("policy: {allowed: [CH]}", "netmon.yaml:1: policy.allowed: expected keys and values"),
        (
            "policy: {allowed: {acme: {files: [Switzerland]}}}",
            "netmon.yaml:1: policy.allowed.acme.files: 'Switzerland' is neither a country, such as CH, "
            "nor a location, such as zurich",
        ),
        (
            "sensor: {name: a}\nsensor: {name: b}",
            "netmon.yaml:2: key 'sensor' is given twice (first on line 1)",
        ),
        ("a: [", "netmon.yaml:1: not YAML: expected the node content, but found '<stream end>'"),
        ("", "netmon.yaml:1: the file is empty"),
        ("just words", "netmon.yaml:1: expected keys and values"),
    ],
)
def test_an_error_is_one_line(errors, text, message):
    """Each error has file, line and key, and says what is expected."""
    assert errors(text) == [message]


def test_all_errors_are_reported_at_once(errors):
    """One run shows every error in the file."""
    found = errors("capture: {workers: x}\nprivacy:\n  level: y\nevent: {}")
    assert [line.split(":")[1] for line in found] == ["1", "3", "4"]


def test_missing_file_is_named(tmp_path):
    """A missing file is reported in one line."""
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: no such file or directory"):
        load(tmp_path / "nowhere.yaml")


def test_search_order(tmp_path):
    """The given file, then $NETMON_CONFIG, then the user's own file."""
    home = tmp_path / "home"
    own = home / ".config" / "netmon" / "netmon.yaml"
    xdg = tmp_path / "xdg" / "netmon" / "netmon.yaml"
    for file in (own, xdg):
        file.parent.mkdir(parents=True)
        file.touch()
    environment = {"HOME": str(home)}
    assert find_file(None, environment) == own
    environment["XDG_CONFIG_HOME"] = str(tmp_path / "xdg")
    assert find_file(None, environment) == xdg
    environment["NETMON_CONFIG"] = "/elsewhere.yaml"
    assert find_file(None, environment) == Path("/elsewhere.yaml")
    assert find_file(Path("given.yaml"), environment) == Path("given.yaml")


def test_state_folder():
    """As configured; else from systemd, XDG or the home directory; /var/lib/netmon without a home."""
    environment = {"STATE_DIRECTORY": "/a:/b", "XDG_STATE_HOME": "/x", "HOME": "/h"}
    assert state_folder(Config(state=Path("/mine")), environment) == Path("/mine")
    found = []
    for key in ("STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"):
        found.append(str(state_folder(Config(), environment)))
        del environment[key]
    assert [*found, str(state_folder(Config(), environment))] == [
        "/a",
        "/x/netmon",
        "/h/.local/state/netmon",
        "/var/lib/netmon",
    ]


def test_no_file_anywhere(tmp_path, monkeypatch):
    """None if no default place has a file."""
    monkeypatch.setattr(Path, "is_file", lambda _: False)
    assert find_file(None, {"HOME": str(tmp_path)}) is None
