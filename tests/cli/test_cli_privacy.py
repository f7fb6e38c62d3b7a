"""`netmon privacy`: keys, identification with its log, and the list of what is stored."""

from __future__ import annotations

import fcntl
import getpass
import json
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime

import pytest

from netmon.days import day_start_ns
from netmon.evidence.erasure_record import record_erasure
from netmon.privacy import PSEUDONYM, Privacy
from netmon.privacy.key_file import read_key

DAY = "2026-06-01"
WHEN_NS = 1_780_308_000_000_000_000  # on that day


@pytest.fixture
def privacy(netmon, tmp_path):
    """Runs `netmon privacy` with a configuration that names a new key."""
    netmon("privacy", "key", tmp_path / "key")
    (tmp_path / "netmon.yaml").write_text("privacy: {key_file: key}\nevents: {file: events.jsonl}\n")

    def run(*words, code=0):
        done = netmon("privacy", *words, "--config", tmp_path / "netmon.yaml")
        assert done.returncode == code, done.stderr
        return done

    return run


@pytest.fixture
def log(tmp_path):
    """The entries of the log."""

    def read():
        return [json.loads(line) for line in (tmp_path / "key.log").read_text().splitlines()]

    return read


def pseudonym(tmp_path, address="192.0.2.10"):
    """As an event of the day shows the client."""
    return Privacy(PSEUDONYM, read_key(tmp_path / "key")).show(address, WHEN_NS)


def asked(shown, **changed):
    """The words that ask for the address of a pseudonym."""
    options = {"--network": "192.0.2.0/24", "--day": DAY, "--reason": "ticket 4711"} | changed
    return ("identify", shown, *(word for pair in options.items() for word in pair))


def test_a_key_is_created_once(netmon, tmp_path, refused):
    """The second time it is refused, and the key stays."""
    key = tmp_path / "key"
    assert "set privacy.key_file to it" in netmon("privacy", "key", key).stdout
    before = key.read_bytes()
    assert "exists already" in refused("privacy", "key", key)
    assert key.read_bytes() == before


def test_events_of_the_command_line_lead_back_to_the_client(netmon, privacy, demo, tmp_path):
    """A pseudonym that `netmon read --privacy 1` shows is that of the capture's client."""
    masked = netmon("read", "--json", "--privacy", 1, "--config", tmp_path / "netmon.yaml", demo).stdout
    plain = netmon("read", "--json", demo).stdout
    masked_one, plain_one = json.loads(masked.splitlines()[0]), json.loads(plain.splitlines()[0])
    shown, address = masked_one["source"]["address"], plain_one["source"]["ip"]
    day = masked_one["event"]["start"][:10]
    network = address.rpartition(".")[0] + ".0/24"
    done = privacy(*asked(shown, **{"--network": network, "--day": day}))
    assert done.stdout == f"{shown}: {address}\n"


def test_who_asked_when_and_why_is_logged_before_and_after(privacy, log, tmp_path):
    """Time, user, reason, pseudonym, day and networks; never the address that was found."""
    shown = pseudonym(tmp_path)
    assert privacy(*asked(shown)).stdout == f"{shown}: 192.0.2.10\n"
    before, after = log()
    assert before["action"] == "identify"
    assert before["user"] == getpass.getuser()
    assert datetime.fromisoformat(before["time"]) <= datetime.now(UTC)
    assert (before["pseudonyms"], before["day"], before["networks"], before["reason"]) == (
        [shown],
        DAY,
        ["192.0.2.0/24"],
        "ticket 4711",
    )
    assert (after["action"], after["pseudonyms"]) == ("identified", [shown])
    text = (tmp_path / "key.log").read_text()
    assert "192.0.2.10" not in text
    assert stat.S_IMODE((tmp_path / "key.log").stat().st_mode) == 0o600


def test_a_pseudonym_that_is_not_found_is_logged_and_fails(privacy, log, tmp_path):
    """Exit code 1, with what to check."""
    shown = pseudonym(tmp_path, "198.51.100.1")
    done = privacy(*asked(shown), code=1)
    assert done.stdout == f"{shown}: not found\n"
    assert "not found among 256 addresses: check the day (UTC) and the networks" in done.stderr
    assert [entry["action"] for entry in log()] == ["identify", "identified"]
    assert log()[1]["pseudonyms"] == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"--reason": "  "}, "--reason is empty"),
        ({"--day": "yesterday"}, "'yesterday' is not a date"),
        ({"--day": "9999-01-01"}, "has not come yet"),
        ({"--network": "2001:db8::/64"}, "at most 33,554,432 are tried"),
    ],
)
def test_what_is_refused_is_neither_tried_nor_logged(privacy, tmp_path, changed, why):
    """A wrong option costs nothing and leaves no trace."""
    done = privacy(*asked(pseudonym(tmp_path), **changed), code=1)
    assert why in done.stderr
    assert not (tmp_path / "key.log").exists()


def test_nothing_is_identified_that_cannot_be_logged(privacy, tmp_path):
    """Here the log is a folder."""
    (tmp_path / "key.log").mkdir()
    done = privacy(*asked(pseudonym(tmp_path)), code=1)
    assert done.stdout == ""
    assert "key.log: is a directory; nothing is done that cannot be logged" in done.stderr


def test_the_log_is_only_appended_to(privacy, log, tmp_path):
    """A link in its place is refused: it could lead to another file."""
    privacy(*asked(pseudonym(tmp_path)))
    privacy(*asked(pseudonym(tmp_path)))
    assert len(log()) == 4
    (tmp_path / "key.log").rename(tmp_path / "moved")
    (tmp_path / "key.log").symlink_to(tmp_path / "moved")
    privacy(*asked(pseudonym(tmp_path)), code=1)
    assert len((tmp_path / "moved").read_text().splitlines()) == 4


def test_a_client_is_identified_after_the_key_was_replaced(privacy, log, tmp_path):
    """As long as the old key is kept, which is 90 days."""
    shown = pseudonym(tmp_path)
    assert "replaced; restart netmon" in privacy("rotate").stdout
    assert pseudonym(tmp_path) != shown
    assert "192.0.2.10" in privacy(*asked(shown)).stdout
    [kept] = tmp_path.glob("key.*.until-*")
    kept.rename(tmp_path / "key.2020-01-01.until-2020-02-01")
    done = privacy(*asked(shown), code=1)
    assert "removed, because its time is over" in done.stdout
    assert "remove_key" in [entry["action"] for entry in log()]


def test_without_a_key_file_nobody_can_identify_a_client(netmon, tmp_path):
    """The key was a random one of a process that has ended."""
    (tmp_path / "netmon.yaml").write_text("sensor: {name: a}\n")
    words = (*asked("client-a70e6ec833b3d7a2"), "--config", tmp_path / "netmon.yaml")
    assert "there is no privacy.key_file" in netmon("privacy", *words).stderr


def test_the_list_names_the_files_of_the_configuration(privacy, tmp_path):
    """In English and German, as text and as JSON."""
    assert str(tmp_path / "events.jsonl") in privacy("list").stdout.replace("\n", "")
    assert "Wer es lesen kann:" in privacy("list", "--language", "de").stdout
    document = json.loads(privacy("list", "--json", "--language", "de").stdout)
    assert document["privacy_level"] == 1
    assert str(tmp_path / "key") in [one["where"] for one in document["stored"]]
    assert "'fr' is not one of 'en', 'de'" in privacy("list", "--language", "fr", code=2).stderr


@pytest.fixture
def written(netmon, privacy, demo, tmp_path):
    """Events in a file and flows in a store, both at level 1; the address and the event of one client."""
    config = ("--config", tmp_path / "netmon.yaml")
    masked = netmon("read", "--json", "--privacy", 1, *config, "--store", tmp_path / "store.db", demo).stdout
    (tmp_path / "events.jsonl").write_text(masked)
    plain = netmon("read", "--json", demo).stdout.splitlines()
    return json.loads(plain[0])["source"]["ip"], masked.splitlines()


def clients_of(lines):
    """How the clients of events are shown."""
    return [json.loads(line).get("source", {}).get("address") for line in lines]


def test_a_client_is_erased_by_its_address(privacy, written, log, tmp_path):
    """Its pseudonyms are found with the key; the address itself is neither stored nor logged."""
    address, before = written
    words = ("erase", address, "--store", tmp_path / "store.db", "--reason", "request 7")
    done = privacy(*words)
    after = (tmp_path / "events.jsonl").read_text().splitlines()
    shown = clients_of(before)[0]
    count = clients_of(before).count(shown)
    assert f"events.jsonl: {count} events erased" in done.stdout
    assert f"store.db: {count} flows erased" in done.stdout
    assert shown not in clients_of(after)
    assert len(after) == len(before) > count
    assert [one for one in after if "netmon.erased" not in one] == [
        one for one in before if json.loads(one)["source"]["address"] != shown
    ]
    assert log()[-1]["action"] == "erase"
    assert address not in (tmp_path / "key.log").read_text()
    again = privacy(*words).stdout
    assert "store.db: 0 flows erased" in again
    assert "events.jsonl: 0 events erased" in again


def test_a_client_is_erased_by_its_pseudonym(privacy, written, tmp_path):
    """For a request that names an event."""
    _, before = written
    shown = clients_of(before)[-1]
    privacy("erase", shown, "--reason", "request 7")
    assert shown not in clients_of((tmp_path / "events.jsonl").read_text().splitlines())


def test_the_store_of_the_configuration_is_erased_from(privacy, written, tmp_path):
    """Unless another one is given."""
    address, _ = written
    with (tmp_path / "netmon.yaml").open("a") as file:
        file.write("store: {path: store.db}\n")
    damaged = tmp_path / "store.db.damaged"
    damaged.touch()
    done = privacy("erase", address, "--reason", "request 7")
    assert "store.db: 0 flows" not in done.stdout
    assert f"{damaged}: damaged, so nothing is erased from it: remove it" in done.stderr


def test_the_spool_is_listed_and_erased_from(privacy, written, tmp_path):
    """A reader's place in it stays valid: the file keeps its size."""
    address, before = written
    shown = clients_of(before)[0]
    segment = tmp_path / "spool" / "00000000000000000001.jsonl"
    segment.parent.mkdir()
    (tmp_path / "events.jsonl").rename(segment)
    size = segment.stat().st_size
    with (tmp_path / "netmon.yaml").open("a") as file:
        file.write("spool: {folder: spool, max_mib: 99}\n")
    count = clients_of(before).count(shown)
    assert f"{segment}: {count} events erased" in privacy("erase", address, "--reason", "request 7").stdout
    assert shown not in clients_of(segment.read_text().splitlines())
    assert segment.stat().st_size == size
    listed = {one["where"]: one for one in json.loads(privacy("list", "--json").stdout)["stored"]}
    assert "at most 99 MiB" in listed[str(segment.parent)]["how_long"]


def test_without_anything_to_erase_from_the_command_fails(netmon, tmp_path):
    """It does not say that something was erased."""
    done = netmon("privacy", "erase", "192.0.2.1", "--reason", "request 7")
    assert done.returncode == 1
    assert "there is nothing to erase from: give --store FILE, or --config FILE" in done.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("office", "--reason", "x"), "'office' is no pseudonym"),
        (("192.0.2.0/24", "--reason", "x"), "'192.0.2.0/24' is a network: give each address"),
        (("192.0.2.1", "--reason", " "), "--reason is empty"),
        (("192.0.2.1", "--reason", "x", "--store", "missing.db"), "missing.db: there is no store"),
    ],
)
def test_what_cannot_be_erased_is_refused(privacy, words, why):
    """In one line."""
    assert why in privacy("erase", *words, code=1).stderr


def test_a_key_elsewhere_can_be_given(privacy, log, tmp_path):
    """A service has its key as a credential, beside which no log can be written."""
    shown = pseudonym(tmp_path)
    (tmp_path / "netmon.yaml").write_text("privacy: {key_file: /run/credentials/netmon.service/key}\n")
    assert "192.0.2.10" in privacy(*asked(shown), "--key-file", tmp_path / "key").stdout
    assert len(log()) == 2


@pytest.fixture
def chained(netmon, privacy, demo, tmp_path):
    """Events and evidence at level 1, linked by a chain: how a client is shown, and those of all findings."""
    settings = "privacy: {key_file: key}\nevents: {file: events.jsonl}\nevidence: {folder: evidence}\n"
    (tmp_path / "netmon.yaml").write_text(settings)
    words = ("--json", "--privacy", 1, "--country", "DE", "--config", tmp_path / "netmon.yaml")
    words += ("--evidence", tmp_path / "evidence")
    (tmp_path / "events.jsonl").write_text(netmon("read", *words, demo).stdout)
    documents = [json.loads(path.read_text()) for path in sorted((tmp_path / "evidence").glob("*.json"))]
    return documents[0]["client"], [one["client"] for one in documents]


@pytest.fixture
def verified(netmon, tmp_path):
    """What `netmon evidence verify` says."""

    def verify():
        events = tmp_path / "events.jsonl"
        return netmon("evidence", "verify", "--chain-only", "--events", events, tmp_path / "evidence")

    return verify


def test_the_chain_stays_verifiable_after_an_erasure(privacy, chained, verified, tmp_path):
    """The client's evidence and events are gone, and nothing else; a sensor that writes the chain may run."""
    shown, clients = chained
    before = (tmp_path / "events.jsonl").read_text().splitlines()
    assert verified().returncode == 0
    with (tmp_path / "evidence" / "chain.lock").open("r+") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        done = privacy("erase", shown, "--reason", "request 7")
    assert f"evidence for {clients.count(shown)} findings erased" in done.stdout
    documents = [json.loads(path.read_text()) for path in (tmp_path / "evidence").glob("*.json")]
    left = [one["client"] for one in documents if "client" in one]
    assert sorted(left) == sorted(one for one in clients if one != shown)
    after = (tmp_path / "events.jsonl").read_text().splitlines()
    assert [one for one in after if "netmon.erased" not in one] == [
        one for one in before if json.loads(one)["source"]["address"] != shown
    ]
    [waiting] = (tmp_path / "evidence").glob("erasure-*.json")  # for the sensor
    for _ in range(2):
        checked = verified()
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "findings erased by" in checked.stderr
        assert "request 7" in checked.stderr
        record_erasure(tmp_path / "evidence", {"by": "another", "reason": "request 8"})
    assert not waiting.exists()
    count = len(before) - sum("netmon.erased" not in one for one in after)
    assert f"{count} events were erased" in checked.stderr
    assert f"{len(before)} of {len(before)} events confirmed" in checked.stdout
    assert not any(shown.encode() in path.read_bytes() for path in (tmp_path / "evidence").iterdir())
    assert "evidence for 0 findings erased" in privacy("erase", shown, "--reason", "request 7").stdout


def test_an_erasure_that_fails_half_way_is_in_the_chain(privacy, chained, verified, tmp_path):
    """What it erased before that is; and the command says which one failed."""
    shown, _ = chained
    folder = tmp_path / "evidence"
    *others, last = sorted(one for one in folder.glob("*.json") if shown in one.read_text())
    last.with_suffix(".yaml").unlink()
    last.with_suffix(".yaml").mkdir()  # cannot be removed as a file
    assert last.name in privacy("erase", shown, "--reason", "request 7", code=1).stderr
    problems = verified().stderr.splitlines()
    assert others
    assert not [line for line in problems if "the chain has no record of that" in line]


def test_packets_without_a_document_are_named(privacy, chained, tmp_path):
    """A crash leaves such: whose they are cannot be told, so the command does not call the client erased."""
    shown, _ = chained
    document = min((tmp_path / "evidence").glob("*.json"))
    document.unlink()
    packets = document.with_suffix(".pcapng")
    assert f"{packets}: not written completely" in privacy("erase", shown, "--reason", "request 7").stderr


def test_a_client_is_erased_from_what_counts_machines(privacy, written, tmp_path):
    """From the store and from the state of the sensor, by the pseudonym of the period; numbers stay."""
    address, _ = written
    with closing(sqlite3.connect(tmp_path / "store.db")) as store:
        rows = store.execute("SELECT period, client FROM counted").fetchall()
    of_client = Privacy(PSEUDONYM, read_key(tmp_path / "key")).count_id(
        address, day_start_ns(f"{rows[0][0]}-01")
    )
    counted = [client for _, client in rows]
    assert of_client in counted
    groups = [[rows[0][0], "0" * 16, "acme", True, [one.removeprefix("count-") for one in counted]]]
    state = tmp_path / "state" / "machines.json"
    state.parent.mkdir()
    state.write_text(json.dumps({"version": 1, "since_ns": 1, "groups": groups}))
    with (tmp_path / "netmon.yaml").open("a") as file:
        file.write("store: {path: store.db}\nstate: {folder: state}\n")
    privacy("erase", address, "--reason", "request 7")
    with closing(sqlite3.connect(tmp_path / "store.db")) as store:
        assert store.execute("SELECT client FROM counted WHERE client = ?", (of_client,)).fetchall() == []
        assert len(store.execute("SELECT client FROM counted").fetchall()) == len(rows) - 1
        assert store.execute("SELECT machines FROM counts").fetchall() == [(len(rows),)]
    [[*_, left]] = json.loads(state.read_text())["groups"]
    assert [f"count-{one}" for one in left] == sorted(set(counted) - {of_client})
