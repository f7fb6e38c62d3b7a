"""The other commands: demo, check, signatures, version and help."""

import re
from datetime import UTC, datetime

import pytest

from netmon.signatures.folder import default_folder
from tests.places.mmdb import nested, write_database


@pytest.fixture
def own_configuration(tmp_path):
    """The user's own netmon.yaml."""
    file = tmp_path / ".config" / "netmon" / "netmon.yaml"
    file.parent.mkdir(parents=True)
    return file


def test_demo_shows_a_complete_run(netmon):
    """Steps, a table with all three kinds of places, and a sentence; exit code 0 despite the findings."""
    done = netmon("demo")
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("1.", "2.", "3.", "Zürich, CH", "Moscow, RU", "disputed", "undecided"):
        assert words in done.stdout
    assert "Critical findings: 4 flows of kaspersky (reputation) to Moscow, RU." in done.stdout


@pytest.mark.parametrize("text", ["policy: {forbidden_vendors: [kaspersky]}\n", "not: [valid\n"])
def test_demo_does_not_depend_on_the_users_configuration(netmon, own_configuration, text):
    """The demo ignores netmon.yaml, valid or not."""
    plain = netmon("demo").stdout
    own_configuration.write_text(text)
    assert netmon("demo").stdout == plain


def test_check_shows_what_is_in_effect(netmon, tmp_path):
    """Each key with its value: those in the file and the defaults."""
    (tmp_path / "netmon.yaml").write_text("capture: {workers: 3}\nweb: {listen: 'off'}\n")
    done = netmon("check", "--config", "netmon.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "configuration: netmon.yaml"
    assert {"  capture.workers: 3", "  web.listen: off", "  capture.snaplen: 65535"} <= set(lines)
    assert lines[-1] == "no errors"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            "capture: {interfaces: [eth7, eth8]}\n",
            (
                "  interfaces: whether eth7, eth8 can be captured, which needs CAP_NET_RAW",
                "  web: whether 127.0.0.1:10977 can be listened on",
            ),
        ),
        (
            "web: {listen: 'off'}\nstore: {path: 'off'}\nstate: {folder: /away}\n",
            (
                "  interfaces: none are configured; those of `netmon run -i` need CAP_NET_RAW",
                "  files: whether the sensor's user can write state (/away), and whether the disk has room",
            ),
        ),
    ],
    ids=["interfaces", "all off"],
)
def test_check_says_what_it_did_not_check(netmon, tmp_path, config, expected):
    """Interfaces, ports and files that only the sensor can try are listed before "no errors"."""
    (tmp_path / "netmon.yaml").write_text(config)
    lines = netmon("check", "--config", "netmon.yaml").stdout.splitlines()
    begin = lines.index("not checked, because only a start of the sensor shows it, or netmon doctor:") + 1
    shown = lines[begin : lines.index("location databases:")]
    assert set(expected) <= set(shown)
    assert len(shown) == (3 if "eth7" in config else 2)


def test_check_shows_every_setting(netmon, tmp_path):
    """Every setting is shown under its key."""
    (tmp_path / "netmon.yaml").write_text(
        """\
sensor: {name: AA, site: OO}
subject: {country: BB}
capture: {interfaces: [cc], workers: 11, ring_mib: 12, snaplen: 1300, promiscuous: false,
  vxlan_ports: [4788], geneve_ports: [6082], hp_erm_ports: []}
flows: {max_flows: 14, max_names: 15, max_heads: 16, max_head_bytes: 17, max_idle_connections: 21,
  tcp_idle_s: 18, udp_idle_s: 19, separate_by: [vni, vlan], report_every_s: 20}
dns: {resolvers: [192.0.2.53], nat64_prefixes: ['2001:db8:64::/96']}
signatures: {folder: SIGNATURES}
places: {databases: [GG], declared: [{network: 192.0.2.0/24, country: CH, author: DD, reason: EE}]}
policy:
  forbidden_vendors: [kaspersky]
  forbidden_components: {kaspersky: [reputation]}
  forbidden_severity: critical
  tolerated: {"*": [EEA, CH]}
  allowed: {kaspersky: {updates: [FR], activation: []}}
  concerns: {kaspersky: [BY, RU]}
  exceptions:
    - {vendor: kaspersky, clients: 192.0.2.0/28, since: 2026-10-01, until: 9999-12-31, author: HH, reason: II}
state: {folder: JJ, learning_days: 21}
privacy: {level: 2, key_file: key, count_period: week}
events: {file: events.jsonl, rotate_mib: 100, keep: 3, compress: false}
privileges: {user: sensor, stay_root: true, filter_calls: false}
web: {listen: ['[::1]:10', 'unix:/KK'], external_url: 'https://LL.example/mm', enable_lifecycle: true}
""".replace("SIGNATURES", str(tmp_path / "folder"))
    )
    (tmp_path / "key").write_bytes(bytes(32))
    (tmp_path / "key").chmod(0o600)
    write_database(tmp_path / "GG" / "city.mmdb", {"192.0.2.0/24": nested("CH")})
    (tmp_path / "folder").symlink_to(default_folder())
    shown = netmon("check", "--config", "netmon.yaml").stdout.splitlines()
    for line in (
        "sensor.name: AA",
        "sensor.site: OO",
        "subject.country: BB",
        "capture.interfaces: cc",
        "capture.workers: 11",
        "capture.ring_mib: 12",
        "capture.snaplen: 1300",
        "capture.promiscuous: false",
        "capture.vxlan_ports: 4788",
        "capture.geneve_ports: 6082",
        "capture.hp_erm_ports: none",
        "flows.max_flows: 14",
        "flows.max_names: 15",
        "flows.max_heads: 16",
        "flows.max_head_bytes: 17",
        "flows.max_idle_connections: 21",
        "flows.tcp_idle_s: 18",
        "flows.udp_idle_s: 19",
        "flows.separate_by: vni, vlan",
        "flows.report_every_s: 20",
        "dns.resolvers: 192.0.2.53",
        "dns.nat64_prefixes: 2001:db8:64::/96",
        f"signatures.folder: {tmp_path}/folder",
        "places.databases: GG",
        "places.declared: 192.0.2.0/24 in CH (DD: EE)",
        "policy.forbidden_vendors: kaspersky",
        "policy.forbidden_components: kaspersky: reputation",
        "policy.forbidden_severity: critical",
        "policy.allowed: kaspersky activation in no place (forbidden); kaspersky updates in FR",
        "policy.tolerated: *: CH, EEA",
        "policy.concerns: kaspersky: BY, RU",
        "policy.exceptions: contact of kaspersky * for 192.0.2.0/28 from 2026-10-01 until 9999-12-31 "
        "(HH: II)",
        "state.folder: JJ",
        "state.learning_days: 21",
        "privacy.level: 2: clients' networks only",
        "privacy.key_file: key",
        "privacy.count_period: week",
        "events.file: events.jsonl",
        "events.rotate_mib: 100",
        "events.rotate_hours: 0: the age does not matter",
        "events.keep: 3",
        "events.compress: false",
        "privileges.user: sensor",
        "privileges.stay_root: true",
        "privileges.filter_calls: false: all system calls are allowed",
        "web.listen: [::1]:10, unix:/KK",
        "web.systemd_socket: false",
        "web.external_url: https://LL.example/mm",
        "web.route_prefix: /mm",
        "web.config_file: none: no TLS and no passwords",
        "web.enable_lifecycle: true",
    ):
        assert f"  {line}" in shown
    assert (
        "new destinations are not reported for 21 days after a vendor's first flow (state.learning_days); "
        "findings are reported at once"
    ) in shown


def test_check_shows_location_databases(netmon, tmp_path):
    """Each with build date, contents and file; a database of registrations is labelled as such."""
    folder = tmp_path / ".local" / "share" / "netmon"
    write_database(folder / "a.mmdb", {"192.0.2.0/24": nested("CH", "Bern")}, "DBIP-City-Lite (compat=City)")
    write_database(folder / "b.mmdb", {"192.0.2.0/24": {"country_code": "CH"}}, "iptoasn-country")
    shown = netmon("check").stdout.partition("location databases:\n")[2].splitlines()
    assert shown == [
        "  DBIP-City-Lite: provider DB-IP (from the database type); built 2026-06-17; IPv4 and IPv6;"
        f" country, city; {folder}/a.mmdb",
        "  iptoasn-country: provider IPtoASN (from the database type); built 2026-06-17; IPv4 and IPv6;"
        f" registrations only; {folder}/b.mmdb",
        "no errors",
    ]


def test_check_warns_of_exceptions_without_effect(netmon, tmp_path):
    """An exception for contact, where contact is not forbidden, lifts nothing."""
    exception = "{vendor: kaspersky, clients: 192.0.2.0/28, until: 9999-12-31, author: A, reason: B"
    (tmp_path / "netmon.yaml").write_text(
        f"policy:\n  exceptions:\n    - {exception}}}\n    - {exception}, lifts: place}}\n"
    )
    done = netmon("check", "--config", "netmon.yaml")
    assert done.returncode == 0
    assert done.stderr == (
        "netmon: policy.exceptions: without effect: contact is neither forbidden nor to go through relays "
        "(for its place, add `lifts: place`): "
        "contact of kaspersky * for 192.0.2.0/28 until 9999-12-31 (A: B)\n"
    )


def test_check_warns_of_tolerated_concerns(netmon, tmp_path):
    """A country of concern cannot be tolerated; a policy that drops the concern leaves nothing to warn of."""
    (tmp_path / "netmon.yaml").write_text("policy: {tolerated: {'*': [EEA, RU]}}\n")
    done = netmon("check", "--config", "netmon.yaml")
    assert (done.returncode, done.stderr) == (
        0,
        "netmon: policy.tolerated: RU is a country of concern of kaspersky, so a finding there stays "
        "critical (to permit it, use policy.allowed or policy.concerns)\n",
    )
    (tmp_path / "netmon.yaml").write_text("policy: {tolerated: {'*': [RU]}, concerns: {kaspersky: []}}\n")
    assert netmon("check", "--config", "netmon.yaml").stderr == ""


def test_check_warns_of_expired_exceptions(netmon, tmp_path):
    """Each is a line on standard error, but not an error."""
    exception = "{{vendor: kaspersky, clients: 192.0.2.0/28, until: {}, author: A, reason: B}}"
    lines = (f"    - {exception.format(day)}\n" for day in ("2020-01-31", "9999-12-31"))
    policy = "policy:\n  forbidden_vendors: [kaspersky]\n  exceptions:\n"
    (tmp_path / "netmon.yaml").write_text(policy + "".join(lines))
    done = netmon("check", "--config", "netmon.yaml")
    assert done.returncode == 0
    assert done.stderr == (
        "netmon: policy.exceptions: expired, no longer in effect: "
        "contact of kaspersky * for 192.0.2.0/28 until 2020-01-31 (A: B)\n"
    )


def test_check_shows_the_configuration_file(netmon, own_configuration):
    """Without --config the default places are searched."""
    own_configuration.write_text("sensor: {name: here}\n")
    assert netmon("check").stdout.splitlines()[:2] == [
        f"configuration: {own_configuration}",
        "  sensor.name: here",
    ]


def test_check_reads_the_key_file(refused, tmp_path):
    """A missing key file is reported by check, not at the next start."""
    (tmp_path / "netmon.yaml").write_text("privacy: {key_file: key}\n")
    assert refused("check", "--config", "netmon.yaml") == (
        "key: no such file or directory; create it with: netmon privacy key key"
    )


def test_signatures_list(netmon):
    """Every component is listed."""
    done = netmon("signatures", "list")
    assert (done.returncode, done.stderr) == (0, "")
    for component in ("updates", "reputation", "activation"):
        assert component in done.stdout


def test_bundled_signatures_pass_lint_and_test(netmon):
    """The bundled signatures have no findings, and their examples pass."""
    assert netmon("signatures", "lint").returncode == 0
    done = netmon("signatures", "test")
    assert done.returncode == 0
    assert done.stdout.endswith(" passed, 0 failed\n")


def test_explain_a_name(netmon):
    """The rule, its component, the promises, and the sources."""
    done = netmon("signatures", "explain", "dc1.ksn.kaspersky-labs.com")
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("kaspersky / reputation", "kaspersky.yaml:", "promise", "source"):
        assert words in done.stdout


@pytest.mark.parametrize(
    ("country", "complete", "files"),
    [
        ("DE", "applies on {} to users in DE", "applies on {} to users in DE"),
        ("GB", "in force on {}, but not made to users in GB", "applies on {} to users in GB"),
    ],
)
def test_explain_shows_which_promises_apply(netmon, country, complete, files):
    """Subjects, data, start and basis, and whether the promise applies today in this country."""
    lines = netmon("signatures", "explain", "dc1.ksn.kaspersky-labs.com", "--country", country).stdout
    before = datetime.now(UTC).date().isoformat()
    found = {}
    for promise, application in re.findall(r"  promise (\w+) \((?:.*\n){2}    (.*)\n", lines):
        found[promise] = application
    assert found == {"gti_complete": complete.format(before), "gti_eu_files": files.format(before)}
    assert "  promise gti_eu_files (official, G1, from 2018-11-13): Malicious and suspicious files" in lines
    assert "; data: malicious and suspicious files shared voluntarily, with metadata\n" in lines
    assert "  source G1 (official, date unknown): " in lines
    assert "  source P8 (press, 2020-11-18): " in lines


def test_explain_shows_a_component_without_promises(netmon):
    """A component without a promise is labelled as such."""
    shown = netmon("signatures", "explain", "s01.upd.kaspersky.com").stdout
    assert "  no promise about the location of this component's data\n" in shown


def test_explain_shows_what_a_round_trip_excludes(netmon, tmp_path):
    """With the sensor's position, a round trip refutes votes; without it, nothing is excluded."""
    words = ("signatures", "explain", "79.133.168.5", "--rtt-ms", "3.2")
    assert "the sensor's position is not configured: nothing is excluded" in netmon(*words).stdout
    config = tmp_path / "netmon.yaml"
    config.write_text("sensor: {latitude: 50.11, longitude: 8.68}\nplaces: {databases: []}", encoding="utf-8")
    lines = netmon(*words, "--config", str(config)).stdout.splitlines()
    [step] = [line for line in lines if "round trip" in line]
    assert step.startswith("    round trip: 3.200 ms, so it is at most 630 km away: excludes ")
    assert "; what answered cannot be in Russia" in step
    assert "    dbip is refuted: Russia is too far away" in lines


def test_explain_an_address(netmon):
    """The network, the place, and the steps that lead to it."""
    done = netmon("signatures", "explain", "82.202.184.10")
    assert done.returncode == 0
    for words in ("82.202.184.0/24", "AS200107", "place: Zürich, CH (single)", "source"):
        assert words in done.stdout


def test_explain_an_address_that_nothing_locates(netmon):
    """The place is unknown, and that is said once."""
    assert "\n  place: unknown\n" in netmon("signatures", "explain", "192.0.2.1").stdout


@pytest.mark.parametrize("text", ["www.example.org", "192.0.2.1", "kaspersky.com.evil.test"])
def test_explain_without_a_match(netmon, text):
    """A name or address without a match is not an error."""
    done = netmon("signatures", "explain", text)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{text}: no ")


def test_version(netmon):
    """One line on standard output."""
    done = netmon("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("netmon ")
    assert len(done.stdout.splitlines()) == 1


COMMANDS = [
    [],
    *([name] for name in ("read", "run", "verify", "check", "places", "demo", "signatures")),
    *(["evidence", name] for name in ("erase", "head", "verify")),
    *(["signatures", name] for name in ("list", "lint", "test", "stats", "explain")),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_fits_a_terminal(netmon, command):
    """Every command has a help page of at most 80 columns, without truncated sentences."""
    done = netmon(*command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in done.stdout.splitlines()[1:] if line.endswith("...")] == []
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_help_is_not_markup(netmon):
    """Brackets in help pages are kept."""
    assert "FILE… [FILTER…]  Capture files" in netmon("read", "--help").stdout
