"""`--store`: what a command keeps is what it shows."""

import ipaddress
import json
import sqlite3

import pytest

from netmon.store import queries
from netmon.store.queries import Scope
from netmon.store.sqlite import SqliteStore


@pytest.fixture
def opened(tmp_path):
    """Opens a store that a command made."""
    stores = []

    def opened(name="flows.db"):
        stores.append(SqliteStore(tmp_path / name, is_read_only=True))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


def test_read_stores_the_flows_of_its_events(netmon, demo, opened):
    """Flows, bytes and packets in the store are those of the events, and a second reading adds nothing."""
    events = [json.loads(line) for line in netmon("read", "--json", demo).stdout.splitlines()]
    flows = [event for event in events if event["netmon"].get("vendor")]
    expected = (
        len(flows),
        sum(event["source"]["bytes"] for event in flows),
        sum(event["destination"]["bytes"] for event in flows),
        sum(event["source"]["packets"] for event in flows),
        sum(event["destination"]["packets"] for event in flows),
    )
    for _ in range(2):
        assert netmon("read", "--store", "flows.db", demo).stderr == ""
        assert queries.totals(opened(), Scope()) == expected
    [run] = queries.rows(opened(), "runs", Scope())
    assert run["document"]["netmon"]["files"][0]["sha256"].startswith("126cbc75")
    views = list(queries.rows(opened(), "views", Scope()))
    assert sum(view["packets"] for view in views) == 1101


def test_clients_are_pseudonyms_in_a_store(netmon, demo, opened):
    """What is kept shows no address of a client, unless the privacy level is given."""
    netmon("read", "--store", "flows.db", demo)
    netmon("read", "--store", "open.db", "--privacy", "0", demo)
    hidden, shown = (queries.totals_by(opened(name), Scope(), ["client"]) for name in ("flows.db", "open.db"))
    assert len(hidden) == len(shown) > 1
    assert {one.group[0][:7] for one in hidden} == {"client-"}
    assert all(ipaddress.ip_address(one.group[0]) for one in shown)


def test_a_file_that_is_no_store_is_refused(netmon, demo, refused, tmp_path):
    """Text, a folder, and a database of another program are left as they are."""
    (tmp_path / "text.db").write_text("not a database, but long enough to be one " * 100)
    assert "text.db" in refused("read", "--store", "text.db", demo)
    (tmp_path / "folder").mkdir()
    assert "folder" in refused("read", "--store", "folder", demo)
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE mine (a)")
    connection.close()
    assert "another program" in refused("read", "--store", "other.db", demo)
