"""A store at a ClickHouse server: addresses, a server of 2018, and what the server refuses."""

import contextlib
import socket
import subprocess
import time
import urllib.request

import pytest

from netmon.errors import StoreError
from netmon.store.address import is_address
from netmon.store.clickhouse_tables import make_clickhouse_table
from netmon.store.clickhouse_wire import HttpConnection, parse_address
from netmon.store.tables import TABLES
from tests.machine import need
from tests.store.front import served, through

CONFIG = """<yandex>
<logger><level>error</level><console>1</console></logger>
<http_port>{port}</http_port><listen_host>127.0.0.1</listen_host>
<path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><mark_cache_size>5000000</mark_cache_size>
<users_config>{folder}/users.xml</users_config>
<default_profile>default</default_profile><default_database>default</default_database>
</yandex>"""
USERS = """<yandex><profiles><default/></profiles><quotas><default/></quotas><users><netmon>
<password>secret</password><networks><ip>127.0.0.1</ip></networks>
<profile>default</profile><quota>default</quota></netmon></users></yandex>"""


@pytest.fixture(scope="module")
def old_server(tmp_path_factory):
    """Debian's server; the port of a front before it, which has the one column that it lacks."""
    need("clickhouse-server")
    folder = tmp_path_factory.mktemp("clickhouse")
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    (folder / "config.xml").write_text(CONFIG.format(port=port, folder=folder))
    (folder / "users.xml").write_text(USERS)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            ["clickhouse-server", f"--config-file={folder}/config.xml"], cwd=folder, stdout=log, stderr=log
        )
    try:
        _wait_for(port)
        with served(through(port)) as front:
            yield front
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(port):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=1) as done,
        ):
            assert done.read() == b"Ok.\n"
            return
        time.sleep(0.1)
    pytest.fail("clickhouse-server does not answer")


@pytest.fixture
def connection(old_server):
    """A connection to Debian's server."""
    name = f"clickhouse://netmon@127.0.0.1:{old_server}/default"
    with_server = HttpConnection(name, "secret")
    yield with_server
    with_server.close()


def test_rows_go_to_a_real_server_and_come_back(connection):
    """Through clickhouse-connect: tables are made, a row is replaced by a newer one, not by an older one.

    The server is of 2018: it knows no time to live, and wants versions without a sign.
    """
    for table in TABLES:
        statement = make_clickhouse_table(table, days=0)
        connection.execute(statement.replace(f"{table.version} Int64", f"{table.version} UInt64"))
    line = '{{"sensor":"s","run":"r","flow":1,"day":20,"name":"ü\\u202e\\n","sent_bytes":{},"revision":{}}}'
    for sent, revision in ((9007199254740993, 4), (5, 2), (9007199254740993, 4)):
        connection.insert("flows", line.format(sent, revision).encode(), {})
    found = connection.select(
        "SELECT sensor, name, city, sent_bytes FROM flows FINAL",
        {"output_format_json_quote_64bit_integers": 0},
    )
    assert [one.decode() for one in found if one] == [
        '{"sensor":"s","name":"ü\u202e\\n","city":null,"sent_bytes":9007199254740993}'
    ]


def test_an_answer_may_be_large(connection):
    """Lines that come in many pieces are put together."""
    lines = list(connection.select("SELECT number FROM system.numbers LIMIT 300000", {}))
    assert [one for one in lines if one][-1] == b'{"number":"299999"}'
    assert len(lines) >= 300_000


def test_what_the_server_refuses_is_said(connection, old_server):
    """A wrong statement, a wrong password and a port that nothing listens on each give one line."""
    with pytest.raises(StoreError, match="nothing_such"):
        list(connection.select("SELECT 1 FROM nothing_such", {}))
    with pytest.raises(StoreError, match=r"127\.0\.0\.1.*NETMON_CLICKHOUSE_PASSWORD"):
        HttpConnection(f"clickhouse://netmon@127.0.0.1:{old_server}/default", "wrong")
    with pytest.raises(StoreError, match="127"):
        HttpConnection("clickhouse://netmon@127.0.0.1:1/default", "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("clickhouse://ann@db.example:9000/net", ("http", "db.example", 9000, "ann", "net")),
        ("clickhouse://db.example/net", ("http", "db.example", 8123, "default", "net")),
        ("clickhouses://a%40b@db.example/n%20t", ("https", "db.example", 8443, "a@b", "n t")),
        ("clickhouse://ann@[2001:db8::1]:1234/net", ("http", "2001:db8::1", 1234, "ann", "net")),
    ],
)
def test_addresses(name, expected):
    """Port and user have defaults; what is escaped is meant."""
    assert is_address(name)
    assert tuple(parse_address(name).values()) == expected


@pytest.mark.parametrize(
    "name",
    [
        "clickhouse://",
        "clickhouse:///net",
        "clickhouse://db.example",
        "clickhouse://db.example/",
        "clickhouse://db.example/a/b",
        "clickhouse://db.example:port/net",
        "clickhouse://db.example:99999/net",
        "clickhouse://[::1/net",
        "clickhouse://db.example/net?secure=1",
        "clickhouse://ann:secret@db.example/net",
    ],
)
def test_wrong_addresses(name):
    """The message shows how it is written, and never a password."""
    with pytest.raises(StoreError, match=r"clickhouse://user@host|NETMON_CLICKHOUSE_PASSWORD") as raised:
        parse_address(name)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("name", ["office.db", "/var/lib/flows.db", "clickhouse", "clickhouse.db", "a:b"])
def test_files_are_no_addresses(name):
    """A file may be called like a scheme."""
    assert not is_address(name)
