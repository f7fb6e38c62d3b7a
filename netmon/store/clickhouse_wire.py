"""The way to a ClickHouse server: HTTP, by clickhouse-connect, in the database that an address names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from netmon.errors import StoreError, install_command
from netmon.store.address import SCHEMES
from netmon.store.clickhouse import FORMAT

REQUIREMENT = "clickhouse-connect>=0.8,<2"
"""For pip, as in the extra `clickhouse` of pyproject.toml."""
PASSWORD = "NETMON_CLICKHOUSE_PASSWORD"
"""The variable of the environment that has the password: arguments are seen by every user of a machine."""
_EXAMPLE = "write it as clickhouse://user@host:8123/database, or clickhouses:// for TLS"


def parse_address(name: str) -> dict[str, Any]:
    """The keywords of a connection. Raises StoreError for an address that cannot be used."""
    try:
        parts = urlsplit(name)
        interface, port = SCHEMES[parts.scheme]
        port = parts.port or port
        database = unquote(parts.path.removeprefix("/"))
    except ValueError as error:
        raise StoreError(f"a store's address that cannot be read: {_EXAMPLE}") from error
    if parts.password is not None:
        raise StoreError(f"the password is in the store's address: put it into {PASSWORD} instead")
    if not parts.hostname or not database or "/" in database or parts.query or parts.fragment:
        raise StoreError(f"{name}: not a store's address: {_EXAMPLE}")
    user = unquote(parts.username or "default")
    return {
        "interface": interface,
        "host": parts.hostname,
        "port": port,
        "username": user,
        "database": database,
    }


class HttpConnection:
    """A connection to a server. Raises StoreError for what the server, or the network, says."""

    def __init__(self, name: str, password: str) -> None:
        """Connects to an address."""
        self._name = name
        address = parse_address(name)
        try:
            import clickhouse_connect  # noqa: PLC0415 - only who has a server needs it
            from clickhouse_connect.driver.exceptions import Error  # noqa: PLC0415
        except ImportError as error:
            raise StoreError(
                f"clickhouse-connect is not installed; install it with: {install_command(REQUIREMENT)}"
            ) from error
        self._errors: type[Exception] = Error
        with self._reporting():
            self._client = clickhouse_connect.get_client(
                **address, password=password, autogenerate_session_id=False
            )

    def insert(self, table: str, lines: bytes, settings: Mapping[str, int]) -> None:
        """Inserts rows of FORMAT."""
        with self._reporting():
            self._client.raw_insert(table, insert_block=lines, settings=dict(settings), fmt=FORMAT)

    def select(self, query: str, settings: Mapping[str, int]) -> Iterator[bytes]:
        """The lines of a query's result in FORMAT."""
        with self._reporting(), self._client.raw_stream(query, settings=dict(settings), fmt=FORMAT) as stream:
            yield from _lines(stream)

    def execute(self, statement: str) -> None:
        """Executes a statement that gives no rows."""
        with self._reporting():
            self._client.command(statement)

    def close(self) -> None:
        """Closes it."""
        self._client.close()

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            text = " ".join(str(error).split())
            raise StoreError(f"{self._name}: {text:.300}: check address, {PASSWORD} and rights") from error


def _lines(stream: Iterator[bytes]) -> Iterator[bytes]:
    """Lines from pieces of any size."""
    rest = b""
    for piece in stream:
        *complete, rest = (rest + piece).split(b"\n")
        yield from complete
    yield rest
