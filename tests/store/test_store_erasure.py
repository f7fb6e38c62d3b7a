"""Erasing clients from a store: nothing is left of them but that something was erased."""

import json
import sqlite3

import pytest

from netmon.language.language import Language
from netmon.privacy import PSEUDONYM
from netmon.store import queries
from netmon.store.erasure import Erasure, days_of_flows, erase_clients, erasures
from netmon.store.history import as_json, missing_lines, read_history
from netmon.store.intake import Intake
from netmon.store.queries import Scope
from netmon.store.sqlite import SqliteStore
from tests.records import MOSCOW, UNEXPECTED, ZURICH, classified
from tests.store.conftest import lines_of
from tests.store.test_store_history import watched

CLIENT, OTHER = "192.0.2.17", "192.0.2.18"
WHEN = 1_796_000_000_000_000_000
TABLES = ("flows", "findings", "judgements", "evidence")


def flow(number, client=CLIENT, place=MOSCOW, verdict=UNEXPECTED):
    """A finding of a client, unless it is another verdict."""
    return classified(place, verdict, flow_id=number, client=client)


def counts(store):
    """The rows of the tables that tell something about clients."""
    return [count for name in TABLES for (count,) in store.select(f"SELECT count(*) FROM {name}")]


def test_flows_and_findings_of_the_client_are_erased_and_no_others(store, keep):
    """With what only they need."""
    keep(flow(1), flow(2, OTHER), flow(3, place=ZURICH))
    others = counts(store)
    erased = erase_clients(store, [CLIENT], WHEN, "request")
    assert erased[:2] == (2, 2)
    assert [one.row["client"] for one in queries.flows(store, Scope())] == [OTHER]
    assert counts(store) == [1, 1, 1, 0] != others


def test_a_tombstone_says_when_why_and_how_much(store, keep):
    """And not of whom; an erasure that found nothing leaves none."""
    keep(flow(1))
    erase_clients(store, [OTHER], WHEN, "request")
    assert list(erasures(store)) == []
    erase_clients(store, [CLIENT], WHEN, "request 7")
    assert list(erasures(store)) == [Erasure(WHEN, "request 7", 1, 1)]


@pytest.mark.parametrize("is_recorded", [False, True])
@pytest.mark.parametrize(("since_ns", "count"), [(None, 3), (WHEN - 1, 3), (WHEN, 1), (WHEN + 1, 0)])
def test_the_history_says_how_many_flows_were_erased(store, keep, is_recorded, since_ns, count):
    """Which period they were of is not stored: only those erased before it began cannot have been of it."""
    if is_recorded:
        watched(store, (0, 24))
    keep(flow(1), flow(2), flow(3, OTHER))
    erase_clients(store, [CLIENT], WHEN, "request")
    erase_clients(store, [OTHER], WHEN + 1, "request")
    view = read_history(store, Scope.between(since_ns, None), "place")
    assert json.loads(as_json(view))["erased_flows"] == count
    for language, words in (("en", "erased on request"), ("de", "auf Verlangen gelöscht")):
        lines = missing_lines(view, Language(language))
        assert sum(words in line for line in lines) == (count > 0)


def test_nothing_of_the_client_is_left_in_the_file(tmp_path):
    """Neither in the database nor in its write-ahead log: deleted rows are overwritten."""
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    intake = Intake(store, "store")
    for line in lines_of(*(flow(number, (CLIENT, OTHER)[number % 2]) for number in range(200))):
        intake.write(line)
    intake.flush()
    assert erase_clients(store, [CLIENT], WHEN, "request").is_purged
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    store.close()
    assert any(OTHER.encode() in data for data in files.values())
    assert [name for name, data in files.items() if CLIENT.encode() in data] == []


def test_while_another_process_reads_the_write_ahead_log_stays(tmp_path):
    """The caller learns that it does."""
    path = tmp_path / "store.db"
    store = SqliteStore(path, wait_s=0.1)
    intake = Intake(store, "store")
    for line in lines_of(flow(1), flow(2, OTHER)):
        intake.write(line)
    intake.flush()
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM flows").fetchone()
    erased = erase_clients(store, [CLIENT], WHEN, "request")
    assert (erased.flows, erased.is_purged) == (1, False)
    reader.close()
    store.close()


def test_pseudonyms_are_erased_by_their_days(store, keep):
    """The days on which flows began are those whose pseudonyms are to be erased."""
    keep(flow(1), level=PSEUDONYM)
    [one] = queries.flows(store, Scope())
    assert days_of_flows(store) == [one.row["day"]]
    assert erase_clients(store, [CLIENT], WHEN, "request").flows == 0
    assert erase_clients(store, [one.row["client"]], WHEN, "request").flows == 1


@pytest.mark.parametrize("client", ["' OR 1=1 --", "%", "", '"]', "192.0.2.1"])
def test_a_client_is_compared_and_not_interpreted(store, keep, client):
    """Whatever the command line gives."""
    keep(flow(1))
    assert erase_clients(store, [client], WHEN, "request").flows == 0
    assert counts(store)[0] == 1


def test_an_erasure_that_fails_changes_nothing(store, keep, monkeypatch):
    """All or none."""
    keep(flow(1))
    execute = store.execute

    def failing(statement, values=()):
        if statement.startswith("DELETE FROM flows"):
            raise sqlite3.OperationalError("disk I/O error")
        return execute(statement, values)

    monkeypatch.setattr(store, "execute", failing)
    with pytest.raises(sqlite3.OperationalError):
        erase_clients(store, [CLIENT], WHEN, "request")
    assert counts(store)[:2] == [1, 1]
