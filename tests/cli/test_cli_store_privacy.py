"""Clients of a store are shown as they are stored, and never less hidden than was asked for."""

import json
import sqlite3
from contextlib import closing

import pytest

CONFIGURED = ("-c", "netmon.yaml")


@pytest.fixture
def make(netmon, demo, tmp_path):
    """Makes a store with the demo at a privacy level, or with its events alone."""

    def make(name):
        if name != "events":
            netmon("read", "--privacy", name[1:], "--store", f"{name}.db", demo)
            return
        (tmp_path / "e.jsonl").write_text(netmon("read", "--json", demo).stdout)
        assert netmon("store", "import", "--store", "events.db", "e.jsonl").returncode == 0

    return make


@pytest.mark.parametrize(
    ("name", "stored", "shown", "refused"),
    [("l0", 0, (0,), (1, 3)), ("events", 0, (0,), (1,)), ("l1", 1, (1,), (2,)), ("l2", 2, (0, 2), (3,))],
)
def test_a_store_is_not_shown_at_a_lower_level_than_was_asked_for(
    netmon, make, tmp_path, name, stored, shown, refused
):
    """Whether the option or the configuration asks, and whether the runs or the clients tell the level."""
    make(name)
    for level in (*shown, *refused):
        (tmp_path / "netmon.yaml").write_text(f"privacy: {{level: {level}}}\n")
        report = netmon("report", "--store", f"{name}.db", "-o", "-", "--privacy", str(level))
        history = netmon("history", "--store", f"{name}.db", "--by", "client", *CONFIGURED)
        for done in (report, history):
            assert (done.returncode == 0) is (level in shown), done.stderr
            hint = f"show them as stored with --privacy {stored}"
            assert level in shown or (done.stdout == "" and hint in done.stderr)


def test_events_of_another_level_are_refused(netmon, make, demo, tmp_path):
    """A reading that hides clients, and its events that show them: the store stays as it was."""
    make("l3")
    (tmp_path / "e.jsonl").write_text(netmon("read", "--json", demo).stdout)
    done = netmon("store", "import", "--store", "l3.db", "e.jsonl")
    assert done.returncode == 1
    assert "as nothing (level 3), and come as addresses (level 0): nothing was stored" in done.stderr
    shown = netmon("history", "--store", "l3.db", "--by", "client", "--privacy", "3").stdout
    assert "192.0.2" not in shown


def test_clients_decide_and_not_the_record_of_their_run(netmon, make, tmp_path):
    """A store with addresses in a run that is recorded at level 3 shows none there, and says what it has."""
    make("l3")
    with closing(sqlite3.connect(tmp_path / "l3.db")) as store, store:
        store.execute("UPDATE flows SET client = '192.0.2.17' WHERE flow = (SELECT min(flow) FROM flows)")
    report = ("report", "--store", "l3.db", "--format", "json", "-o", "-")
    history = ("history", "--store", "l3.db", "--by", "client")
    for words in (report, history):
        done = netmon(*words, "--privacy", "3")
        assert (done.returncode, done.stdout) == (1, "")
        assert "show them as stored with --privacy 0" in done.stderr
    assert json.loads(netmon(*report).stdout)["scope"]["sensors"][0]["privacy"] == [0]
    listed = netmon("privacy", "list", "--store", "l3.db").stdout
    assert "addresses" in listed.split("l3.db")[0].rpartition("Clients:")[2]


def test_the_option_replaces_the_configuration(netmon, make, tmp_path):
    """What the refusal says helps; what shows no client of the store needs nothing."""
    make("l0")
    (tmp_path / "netmon.yaml").write_text("privacy: {level: 3}\n")
    words = ("report", "--store", "l0.db", *CONFIGURED, "--format", "json", "-o", "-")
    assert netmon(*words).returncode == 1
    shown = netmon(*words, "--privacy", "0").stdout
    assert "192.0.2.11" in shown
    assert json.loads(shown)["asked"][-2:] == ["--privacy", "0"]
    words = ("history", "--store", "l0.db", *CONFIGURED)
    assert "192.0.2.11" in netmon(*words, "--by", "client", "--privacy", "0").stdout
    assert netmon(*words).returncode == 0
    assert netmon(*words, "--by", "client", "--since", "2027-01-01").returncode == 0


def test_the_country_is_for_files(netmon):
    """A store holds what was decided: the option would change nothing."""
    done = netmon("report", "--store", "l1.db", "--country", "AT", "-o", "-")
    assert done.returncode == 2
    assert "--country" in done.stderr
