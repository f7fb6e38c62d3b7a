"""The tables of a store in ClickHouse: the same columns and keys, partitions by day, and a time to live.

A row replaces the one with its key when parts are merged; until then queries ask for the final rows.
"""

from __future__ import annotations

from netmon.store.clickhouse import TYPES
from netmon.store.clickhouse_turns import CHANGES
from netmon.store.tables import RECORDS_OF_RUNS, TABLES, VIEWS, Kind, StoreTable

DEFAULT_DAYS = 90
"""As `store.keep_days` of a file."""
_HEADER = """\
-- The tables of netmon's store in ClickHouse, made by `netmon store ddl`. Apply them to the database that the
-- store's address names: clickhouse-client --database netmon --multiquery < clickhouse.sql
"""


def make_ddl(days: int) -> str:
    """The statements that make all tables. Rows are kept for this many days; 0: for ever."""
    tables = (*TABLES, CHANGES)
    return "\n".join([_HEADER, *(f"{make_clickhouse_table(table, days)};\n" for table in tables)])


def make_clickhouse_table(table: StoreTable, days: int) -> str:
    """The statement that makes a table. Records of runs have no end: a sensor may run longer than `days`.

    What was watched leaves a day before the flows: without its flows, a day would seem to have had none.
    """
    column, units = table.age
    day = f"toDate({column})" if units == 1 else f"toDate(intDiv({column}, {units}))"
    lines = ",\n".join(f"    {one.name} {_type(table, one.name, one.kind)}" for one in table.columns)
    kept = max(1, days - 1) if days and table is VIEWS else days
    time_to_live = f"\nTTL {day} + INTERVAL {kept} DAY" if kept and table not in RECORDS_OF_RUNS else ""
    return (
        f"-- {table.about}\n"
        f"CREATE TABLE IF NOT EXISTS {table.name}\n(\n{lines}\n)\n"
        f"ENGINE = ReplacingMergeTree({table.version or ''})\n"
        f"PARTITION BY {day}\nORDER BY ({', '.join(table.key)}){time_to_live}"
    )


def _type(table: StoreTable, name: str, kind: Kind) -> str:
    is_required = name in (*table.key, table.version, table.age[0])
    return TYPES[kind] if is_required else f"Nullable({TYPES[kind]})"
