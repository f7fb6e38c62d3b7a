"""The tables of a store in ClickHouse: how long rows stay, and what they are made by."""

import re

import pytest

from netmon.errors import StoreError
from netmon.store import queries
from netmon.store.clickhouse import ClickHouseStore
from netmon.store.clickhouse_tables import DEFAULT_DAYS, make_clickhouse_table, make_ddl
from netmon.store.queries import Scope
from netmon.store.tables import FLOWS, RECORDS_OF_RUNS, TABLES, VIEWS
from tests.machine import ROOT
from tests.report.test_gather import run
from tests.store.conftest import lines_of
from tests.store.engine import engine, fleet, put
from tests.store.test_store_queries import report

__all__ = ["engine", "fleet"]


def test_old_rows_leave(engine, fleet):
    """A row that is older than its table's time to live is gone after a merge; 0 days keep it."""
    put(fleet, lines_of(*(report(number, days=2, sent=1) for number in range(3))))
    fleet._connection.execute("OPTIMIZE TABLE flows FINAL")
    assert queries.totals(fleet, Scope()).flows > 0
    engine.execute("DROP TABLE flows")
    engine.execute(make_clickhouse_table(FLOWS, days=30))
    put(fleet, lines_of(*(report(number, days=2, sent=1) for number in range(3))))
    fleet._connection.execute("OPTIMIZE TABLE flows FINAL")
    assert queries.totals(fleet, Scope()).flows == 0


def test_the_record_of_a_run_stays(engine, fleet):
    """A sensor that began longer ago than rows are kept still says how it judges."""
    for table in RECORDS_OF_RUNS:
        engine.execute(f"DROP TABLE {table.name}")
        engine.execute(make_clickhouse_table(table, days=30))
    put(fleet, run(ended=False))
    for table in RECORDS_OF_RUNS:
        engine.execute(f"OPTIMIZE TABLE {table.name} FINAL")
        assert len(list(queries.rows(fleet, table.name, Scope()))) == 1


@pytest.mark.parametrize(("days", "views_days"), [(90, 89), (2, 1), (1, 1)])
def test_what_was_watched_leaves_first(days, views_days):
    """Tables are merged at different times: a day whose flows are gone must not count as watched."""
    kept = {
        table.name: int(found[1])
        for table in TABLES
        if (found := re.search(r"INTERVAL (\d+) DAY", make_clickhouse_table(table, days)))
    }
    assert kept.pop("views") == views_days
    assert set(kept.values()) == {days}


def test_tables_that_exist_can_be_changed_likewise(engine, fleet):
    """By the statement in docs/store.md, whose table is then the one that is made today."""
    text = (ROOT / "docs" / "store.md").read_text(encoding="utf-8")
    [statement] = re.findall(r"`(ALTER TABLE views MODIFY TTL [^`]*)`", text)
    made = "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'views'"
    engine.execute("DROP TABLE views")
    engine.execute(make_clickhouse_table(VIEWS, DEFAULT_DAYS))
    today = list(fleet.select(made, {}))
    engine.execute(statement.replace("89", "90"))
    assert list(fleet.select(made, {})) != today
    engine.execute(statement)
    assert list(fleet.select(made, {})) == today


@pytest.mark.parametrize("change", ["DROP TABLE views", "ALTER TABLE flows DROP COLUMN city"])
def test_a_database_without_the_tables_is_refused(engine, fleet, change):
    """A table or a column is missing: the message says how tables are made."""
    engine.execute(change)
    with pytest.raises(StoreError, match="netmon store ddl"):
        ClickHouseStore(engine, "engine")


def test_the_file_of_the_tables_is_the_generated_one():
    """deploy/clickhouse.sql is what `netmon store ddl` shows."""
    assert (ROOT / "deploy" / "clickhouse.sql").read_text() == make_ddl(DEFAULT_DAYS)
