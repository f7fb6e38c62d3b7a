"""A capture with DNS look-ups of a vendor and no flow to it: each output says so, with their number."""

import json
import re
import shutil
from pathlib import Path

import pytest

from netmon.cli.views import View
from netmon.signatures.folder import default_folder
from tests.craft.scene import CLIENT, ELSEWHERE, RESOLVER, START_NS, connection, ethernet_file, flight
from tests.craft.talk import SECOND_NS, look_up_addresses, tls_session

NAMES = ("ksn-file-geo.kaspersky-labs.com", "www.example.com", "dnl-01.geo.kaspersky.com")
LINE = "2 DNS queries for names of kaspersky were seen, but no flow. Either the flows are not seen or not"
GERMAN = "2 DNS-Anfragen nach Namen von kaspersky waren zu sehen, aber keine Verbindung."


CLOUD = Path(__file__).parents[1] / "golden" / "signatures" / "cloud.yaml"
"""Signatures of another vendor."""


def capture(names, others=()):
    """Look-ups of these names, a second apart, and other packets."""
    sent = []
    for number, name in enumerate(names):
        when = {"at_ns": START_NS + number * SECOND_NS, "port": 50_500 + number}
        sent += look_up_addresses(CLIENT, RESOLVER, name, [ELSEWHERE], **when)
    return ethernet_file([*sent, *others])


@pytest.fixture
def look_ups(tmp_path):
    """A capture with them."""
    file = tmp_path / "look-ups.pcap"
    file.write_bytes(capture(NAMES))
    return file


@pytest.fixture
def store(netmon, look_ups, tmp_path):
    """A store with it."""
    file = tmp_path / "office.db"
    assert netmon("read", "--store", file, look_ups).returncode == 0
    return file


@pytest.fixture
def two_vendors(tmp_path):
    """A capture with them, and with a flow of another vendor; and the option for the signatures of both."""
    file, folder = tmp_path / "two.pcap", tmp_path / "signatures"
    file.write_bytes(capture(NAMES, tls_session(connection(), flight())))
    shutil.copytree(default_folder(), folder)
    no_magic = re.sub(r"    magic:\n(      - .*\n)+", "", CLOUD.read_text())  # it is that of the other vendor
    (folder / CLOUD.name).write_text(no_magic)
    return file, "--signatures", folder


def plain(text):
    """Without line breaks."""
    return " ".join(text.split())


def test_the_summary_says_so(netmon, look_ups):
    """Between the box, whose verdict about flows stays, and the last line, which is no all-clear."""
    text = plain(netmon("read", look_ups).stdout)
    parts = ["NOTHING SEEN", LINE, "Only DNS queries for names of known vendors were seen, as said above"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert GERMAN in plain(netmon("read", "--language", "de", look_ups).stdout)


def test_a_view_without_rows_says_so(netmon, look_ups):
    """Before the sentence that refers to it."""
    lines = netmon("read", "--by", "client", look_ups).stdout.splitlines()
    assert [line[:14] for line in lines] == ["2 DNS queries ", "Only DNS queri"]


def test_without_any_look_up_nothing_is_said_about_them(netmon, tmp_path):
    """Look-ups of names of no vendor do not count."""
    file = tmp_path / "others.pcap"
    file.write_bytes(capture(["www.example.com"]))
    text = netmon("read", file).stdout
    assert "DNS quer" not in text
    assert "No flow to a known vendor was seen." in text


def test_a_vendor_with_flows_needs_no_such_line(netmon, demo):
    """Its names were looked up, and its flows were seen."""
    assert "DNS quer" not in netmon("read", demo).stdout


def test_history_says_so(netmon, store):
    """In the table, and as a number in JSON."""
    assert LINE in plain(netmon("history", "--store", store).stdout)
    assert GERMAN in plain(netmon("history", "--store", store, "--language", "de").stdout)
    asked = ("history", "--store", store, "--format", "json")
    assert json.loads(netmon(*asked).stdout)["looked_up"] == {"kaspersky": 2}
    before = ("--until", "2026-05-01")
    assert json.loads(netmon(*asked, *before).stdout)["looked_up"] == {}


@pytest.mark.parametrize("by", View)
def test_a_flow_of_another_vendor_hides_no_look_up(netmon, two_vendors, by):
    """Each view of the store and of the file has the line, in the table or beside the CSV."""
    assert netmon("read", "--store", "two.db", *two_vendors).returncode == 0
    for words in (("history", "--store", "two.db"), ("read", *two_vendors)):
        table = netmon(*words, "--by", by)
        assert LINE in plain(table.stdout)
        german = netmon(*words, "--by", by, "--language", "de")
        assert GERMAN in plain(german.stdout)
        csv = netmon(*words, "--by", by, *(("--csv",) if words[0] == "read" else ("--format", "csv")))
        assert LINE in csv.stderr
        assert "DNS quer" not in csv.stdout
        assert len(csv.stdout.splitlines()) == 2


def test_a_history_of_one_vendor_is_silent_about_others(netmon, two_vendors):
    """A flow of another vendor is stored, so that only this one has none."""
    netmon("read", "--store", "two.db", *two_vendors)
    words = ("history", "--store", "two.db", *two_vendors[1:], "--vendor")
    said = plain(netmon(*words, "kaspersky").stdout)
    assert said.startswith(f"No flow of kaspersky is stored. {LINE}")
    german = plain(netmon(*words, "kaspersky", "--language", "de").stdout)
    assert german.startswith(f"Es ist keine Verbindung zu kaspersky gespeichert. {GERMAN}")
    assert "DNS quer" not in netmon(*words, "cloud").stdout


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "But 2 DNS queries for its names were seen. Either its connections are not seen"),
        (
            "de",
            "DNS-Anfragen nach seinen Namen waren aber zu sehen: 2. Entweder werden die Verbindungen hier",
        ),
    ],
)
def test_a_report_says_so(netmon, store, look_ups, language, said):
    """From a store and from files, of the vendor whose names were looked up."""
    for source in (["--store", store], [look_ups]):
        page = netmon("report", "--language", language, "--format", "html", "-o", "-", *source).stdout
        assert said in page
    numbers = json.loads(netmon("report", "--format", "json", "-o", "-", look_ups).stdout)
    [answer] = numbers["answers"]
    assert (answer["vendor"], answer["conclusion"], answer["looked_up"]) == ("kaspersky", "nothing", 2)


def test_the_number_is_all_that_is_stored(store):
    """Neither the names nor the client, on any page of the file."""
    contents = store.read_bytes()
    assert b'"looked_up":{"kaspersky":2}' in contents
    for hidden in (*NAMES, CLIENT):
        assert hidden.encode() not in contents
