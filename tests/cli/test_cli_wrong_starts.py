"""Every failed start is one clear line and exit code 1; wrong usage is 2. There are no tracebacks."""

import os

import pytest


def test_missing_file(refused):
    """A missing file, whether or not its name looks like that of a capture."""
    assert refused("read", "nowhere.pcap") == "nowhere.pcap: no such file"
    assert refused("read", "nowhere") == "nowhere: no such file"


def test_missing_second_file(refused, demo):
    """It is reported before the first file is read."""
    assert refused("read", demo, "nowhere.pcap.gz") == "nowhere.pcap.gz: no such file"


@pytest.mark.usefixtures("libpcap")
def test_mistyped_second_file(refused, demo):
    """A word that is neither a file nor a filter is reported as both."""
    assert refused("read", demo, "nowhere.pcpa") == (
        "filter 'nowhere.pcpa': can't parse filter expression: syntax error; "
        "there is no file 'nowhere.pcpa' either"
    )


@pytest.mark.usefixtures("libpcap")
def test_wrong_filter(refused, demo):
    """An invalid filter is reported with libpcap's message."""
    assert refused("read", demo, "tcp", "prot", "443") == (
        "filter 'tcp prot 443': can't parse filter expression: syntax error"
    )


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "the file is empty"), (b"hello, this is not a capture", "not a capture")]
)
def test_file_that_is_not_a_capture(refused, tmp_path, content, words):
    """An empty file, and one of another format."""
    (tmp_path / "file.pcap").write_bytes(content)
    assert refused("read", "file.pcap").startswith(f"file.pcap: {words}")


def test_empty_standard_input(refused):
    """An empty pipe."""
    assert refused("read", "-", input="").startswith("standard input: the file is empty")


def test_directory(refused, tmp_path):
    """A directory without a capture is told from one with captures."""
    assert refused("read", tmp_path) == f"{tmp_path}: no capture file in this folder"


def test_unreadable_file(refused, demo, tmp_path):
    """A file without read permission."""
    file = tmp_path / "secret.pcap"
    file.write_bytes(demo.read_bytes())
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("root can read every file")
    assert refused("read", file) == f"{file}: permission denied"


@pytest.mark.parametrize(
    ("country", "problem"),
    [
        (
            "Germany",
            "'Germany' is not a country code: write two capital letters (ISO 3166-1), for example DE",
        ),
        ("eu", "'eu' is a group of countries: give one of its members"),
        ("deu", "'deu' is not a country code: write two capital letters (ISO 3166-1), for example DE"),
        ("UK", "'UK' is not an ISO 3166-1 code: write GB"),
        (
            "XX",
            "'XX' is not a country code of ISO 3166-1 (2023-04-05); did you mean one of AX, CX, MX, SX?",
        ),
    ],
)
def test_wrong_country(refused, demo, country, problem):
    """A country is a two-letter code that promises can contain: otherwise none would ever apply."""
    assert refused("read", "--country", country, demo) == f"--country: {problem}"


def test_missing_signatures(refused, demo):
    """A missing signature folder."""
    assert refused("read", "--signatures", "nowhere", demo).lower() == "nowhere: no such file or directory"


def test_missing_configuration(refused, demo):
    """A configuration given on the command line must exist."""
    assert refused("read", "--config", "nowhere.yaml", demo) == "nowhere.yaml: no such file or directory"


def test_configuration_with_an_error(refused, demo, tmp_path):
    """The error is reported with file, line and key before anything is read."""
    (tmp_path / "netmon.yaml").write_text("privacy:\n  levle: 2\n")
    assert refused("read", "--config", "netmon.yaml", demo) == (
        "netmon.yaml:2: unknown key 'levle' in privacy; did you mean 'level'?"
    )


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (
            "forbidden_vendors: [kasperky]",
            "2: policy.forbidden_vendors: no vendor 'kasperky' in the signatures; did you mean 'kaspersky'?",
        ),
        (
            "forbidden_components: {kaspersky: [reputatoin]}",
            "2: policy.forbidden_components.kaspersky: no component 'reputatoin' of kaspersky; "
            "did you mean 'reputation'?",
        ),
        (
            "tolerated: {'*': [EEE]}",
            "2: policy.tolerated.*: no group of countries 'EEE' in the signatures; did you mean 'EEA'?",
        ),
        ("tolerated: {acme: [EU]}", "2: policy.tolerated.acme: no vendor 'acme' in the signatures"),
        ("allowed: {acme: {}}", "2: policy.allowed.acme: no vendor 'acme' in the signatures"),
        (
            "allowed: {kaspersky: {update: [CH]}}",
            "2: policy.allowed.kaspersky.update: no component 'update' of kaspersky; did you mean 'updates'?",
        ),
        (
            "allowed:\n    kaspersky:\n      updates: [CH, zuerich]",
            "4: policy.allowed.kaspersky.updates: no location 'zuerich' in the signatures; "
            "did you mean 'zurich'?",
        ),
        (
            "exceptions:\n  - {vendor: kaspersky, component: update, clients: 192.0.2.0/28,\n"
            "     until: 2026-12-31, author: A, reason: B}",
            "3: policy.exceptions.component: no component 'update' of kaspersky; did you mean 'updates'?",
        ),
        (
            "exceptions:\n  - vendor: kasper\n    clients: 192.0.2.0/28\n    until: 2026-12-31\n"
            "    author: A\n    reason: B",
            "3: policy.exceptions.vendor: no vendor 'kasper' in the signatures; did you mean 'kaspersky'?",
        ),
    ],
)
def test_policy_with_unknown_names(refused, demo, tmp_path, policy, message):
    """A misspelt name must not disable a policy: it is reported with file, line, key and a suggestion."""
    (tmp_path / "netmon.yaml").write_text(f"policy:\n  {policy}\n")
    assert refused("read", "--config", "netmon.yaml", demo) == f"netmon.yaml:{message}"


def test_run_without_an_interface(refused):
    """An interface is required, by -i or capture.interfaces."""
    said = "no interface to monitor: give one with -i, or set capture.interfaces; here are: "
    assert refused("run").startswith(said)


def test_run_with_an_invalid_address_to_listen_on(refused):
    """The address needs a port."""
    assert refused("run", "-i", "lo", "--web.listen-address", "here") == (
        "--web.listen-address: 'here' is not an address to listen on: write HOST:PORT, such as "
        "127.0.0.1:10977, :10977 for all addresses, or unix:PATH"
    )


def test_run_on_an_unknown_interface(refused):
    """One line with the interface, with and without privileges."""
    assert "no-such-if0" in refused("run", "-i", "no-such-if0", "--stay-root", "--web.listen-address", "off")


def test_signatures_with_errors(netmon, tmp_path):
    """Each error is a line with file and line number."""
    (tmp_path / "locations.yaml").write_text("locations: {}\n")
    (tmp_path / "acme.yaml").write_text("vendor: acme\nmistake: 1\n")
    done = netmon("signatures", "lint", "--signatures", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{tmp_path}/acme.yaml:2: unknown key 'mistake'" in done.stderr


def test_every_error_in_a_configuration_is_a_line(netmon, tmp_path):
    """Three errors give three lines."""
    (tmp_path / "netmon.yaml").write_text("capture: {workers: x}\nflow: {}\nprivacy: {level: 9}\n")
    done = netmon("check", "--config", "netmon.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 3


@pytest.mark.parametrize(
    "words",
    [
        ["read"],
        ["read", "--no-such-option", "file"],
        ["read", "--privacy", "7", "file"],
        ["read", "--source", "pyshark", __file__],
        ["read", "--all", __file__],
        ["raed", "file"],
        ["signatures", "explain"],
    ],
)
def test_wrong_usage(netmon, words):
    """Wrong usage is exit code 2, with the usage and the error."""
    done = netmon(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: netmon" in done.stderr
    assert "Error: " in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["read", ""],
        ["read", __file__, ""],
        ["read", "--config", "", __file__],
        ["history", "--store", ""],
        ["report", "--store", ""],
        ["store", "import", "--store", "", __file__],
        ["explain", ""],
        ["evidence", "verify", ""],
    ],
)
def test_an_unset_variable_is_no_name(netmon, words):
    """An empty word is not taken for the current folder, nor for what the configuration says."""
    done = netmon(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("the value is empty; is a variable not set?\n")


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "..", "a..example", "a" * 300 + ".example", "two words", "a\x1b[31m.example"),
        *("1.2.3", "999.1.1.1", "192.0.2.0/24", "192.0.2.7:443", "[2001:db8::1]:443"),
        *("https://cloud.example/x", "cloud.example:443"),
    ],
)
def test_only_names_and_addresses_are_explained(netmon, text):
    """A prefix, a URL or an address with a port is wrong usage, not a name without a match."""
    done = netmon("signatures", "explain", text)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is neither a host name nor an IP address" in " ".join(done.stderr.split())
    assert "\x1b" not in done.stderr


def test_names_are_normalised(netmon):
    """Capitals, a final dot and letters outside ASCII are converted to the form in DNS."""
    for text, name in (("A.Example.", "a.example"), ("bücher.example", "xn--bcher-kva.example")):
        assert netmon("signatures", "explain", text).stdout.startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("events: {file: nowhere/events.jsonl}", "events.file: there is no folder nowhere"),
        ("events: {file: /}", "events.file: / is a folder: name a file in it"),
        ("state: {folder: /etc/passwd}", "state.folder: /etc/passwd is not a folder"),
    ],
)
def test_places_that_cannot_be_written_to(refused, tmp_path, text, reason):
    """They are reported by check, not at the first start."""
    (tmp_path / "netmon.yaml").write_text(text)
    assert refused("check", "--config", "netmon.yaml") == f"netmon.yaml: {reason}"


SHARED = [
    ("events: {file: a.db}\nstore: {path: ./a.db}", "events.file and store.path are both"),
    ("events: {file: a.db-wal}\nstore: {path: a.db}", "events.file and store.path (its wal) are both"),
    ("events: {file: key}\nprivacy: {key_file: key}", "events.file and privacy.key_file are both"),
    ("evidence: {folder: kept}\nspool: {folder: kept}", "evidence.folder and spool.folder are both"),
]


@pytest.mark.parametrize("command", [("check",), ("run", "-i", "lo")])
@pytest.mark.parametrize(("text", "reason"), SHARED)
def test_two_outputs_have_two_paths(refused, tmp_path, command, text, reason):
    """One would destroy what the other has written, so neither check nor a start goes on."""
    (tmp_path / "netmon.yaml").write_text(text)
    (tmp_path / "a.db").write_bytes(b"")
    assert reason in refused(*command, "--config", "netmon.yaml")
    assert (tmp_path / "a.db").read_bytes() == b""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("evidence: {folder: netmon.yaml/kept}", "cannot be made: netmon.yaml is not a folder"),
        ("spool: {folder: netmon.yaml}", "spool.folder: netmon.yaml is not a folder"),
        ("store: {path: netmon.yaml/flows.db}", "store.path: netmon.yaml is not a folder"),
        ("store: {path: netmon.yaml}", "store.path: netmon.yaml is a file of another program"),
        ("events: {datasets: []}", "is empty: list some of flow, run, view, evidence"),
        ("events: {datasets: [flows]}", "'flows' is not one of flow, run, view, evidence; did you mean"),
    ],
)
def test_what_stands_in_the_way_is_named(refused, tmp_path, text, reason):
    """Files of other programs, and files where folders are to be made."""
    (tmp_path / "netmon.yaml").write_text(text)
    assert reason in refused("check", "--config", "netmon.yaml")


def test_a_database_is_no_file_for_events(refused, netmon, demo, tmp_path):
    """Lines that were appended would damage it."""
    netmon("read", "--store", "flows.db", demo)
    (tmp_path / "netmon.yaml").write_text("events: {file: flows.db}\n")
    assert "events.file: flows.db is a database" in refused("check", "--config", "netmon.yaml")


def test_links_to_one_file_are_one_path(refused, tmp_path):
    """Also hard ones."""
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    (tmp_path / "netmon.yaml").write_text("events: {file: a}\nstore: {path: b}\n")
    assert "events.file and store.path are both" in refused("check", "--config", "netmon.yaml")


def test_a_misspelt_vendor_is_reported_once_for_each_key(refused, demo, tmp_path):
    """Several components below it do not repeat the line."""
    (tmp_path / "netmon.yaml").write_text("policy: {forbidden_components: {kasperky: [updates, web]}}\n")
    assert refused("read", "--config", "netmon.yaml", demo) == (
        "netmon.yaml:1: policy.forbidden_components.kasperky: no vendor 'kasperky' in the signatures; "
        "did you mean 'kaspersky'?"
    )


def test_a_resolver_that_is_no_address_is_quoted(refused, demo, tmp_path):
    """In a list on one line, the text shows which element is wrong."""
    (tmp_path / "netmon.yaml").write_text("dns: {resolvers: [192.0.2.53, 192.0.2.530]}\n")
    message = refused("read", "--config", "netmon.yaml", demo)
    assert message == "netmon.yaml:1: dns.resolvers: '192.0.2.530' is not an IP address"


BIG = 50_000_000


def _big(path):
    """A file of 50 MB that takes no space, and whose contents are a comment."""
    with path.open("w") as file:
        file.write("#")
        file.truncate(BIG)


@pytest.mark.parametrize("name", ["netmon.yaml", "/dev/zero"])
def test_a_configuration_of_any_size_is_refused(refused, tmp_path, name):
    """At once, without reading all of it, with what may be wrong."""
    _big(tmp_path / "netmon.yaml")
    assert refused("check", "--config", name) == (
        f"{name}:1: the file is larger than 4 MiB, and is not read: is it the right one?"
    )


def test_signatures_of_any_size_are_refused(netmon, tmp_path):
    """A signature file may be larger, but not of any size. The size is said before the refusal."""
    _big(tmp_path / "acme.yaml")
    (tmp_path / "locations.yaml").write_text("locations: {}\n")
    done = netmon("check", "--signatures", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"netmon: reading 50 MB of signatures in {tmp_path}",
        f"netmon: {tmp_path}/acme.yaml:1: "
        "the file is larger than 32 MiB, and is not read: is it the right one?",
    ]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "privacy: {key_file: big}",
            "big: larger than 65,536 bytes, so it is hardly a key: name another file",
        ),
        (
            "web: {config_file: big}",
            "big:1: the file is larger than 4 MiB, and is not read: is it the right one?",
        ),
        ("web: {config_file: web.yml}", "web.yml: big: larger than 4 MiB, so it is no PEM file"),
    ],
)
def test_other_files_of_any_size_are_refused(refused, tmp_path, setting, message):
    """A key, the configuration of the web server, and its certificate."""
    _big(tmp_path / "big")
    (tmp_path / "web.yml").write_text("tls_server_config: {cert_file: big, key_file: big}")
    (tmp_path / "netmon.yaml").write_text(setting)
    assert refused("check", "--config", "netmon.yaml") == message
