"""Events of sensors through a real rsyslog into files, and from there into a store."""

import gzip
import json
import os
import subprocess
import sys

import pytest

from netmon.errors import EventError
from netmon.store.intake import parse_line
from netmon.streams.syslog_broker import SyslogAddress, SyslogBroker
from tests.records import classified
from tests.streams.servers import Rsyslog, wait_for
from tests.streams.test_collect import ROOT, SENSORS, expected, found, lines_of, lines_of_sensor, publish


@pytest.fixture
def server(tmp_path):
    server = Rsyslog(tmp_path, template="%msg%")
    server.start()
    yield server
    server.stop()


def import_files(store, *files):
    """`netmon store import`, as a user runs it; its output, and its log."""
    done = subprocess.run(
        [sys.executable, "-m", "netmon", "store", "import", "--store", str(store), *map(str, files)],
        cwd=ROOT,
        env={**os.environ, "NETMON_CONFIG": os.devnull},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_files_of_rsyslog_are_imported(server, tmp_path):
    """Of two sensors, over a restart of rsyslog, with a rotated file: what was sent twice counts once."""
    first, second = (lines_of_sensor(one, 0, 100) for one in SENSORS)
    odd = lines_of(classified(flow_id=500, name="\u202eevil.example\\n\u00fc\u2028"), observer=SENSORS[0])
    broker = SyslogBroker(SyslogAddress("tcp", "127.0.0.1", server.port))
    publish(broker, tmp_path / "a", [*first, *odd])
    wait_for(lambda: len(server.received()) == len(first) + 1)
    server.stop()
    old = tmp_path / "received-1.gz"
    old.write_bytes(gzip.compress(server.file.read_bytes()))
    server.file.unlink()
    server.start()
    broker.close()
    publish(broker, tmp_path / "b", second)
    publish(broker, tmp_path / "a", first, "other.json")
    broker.close()
    wait_for(lambda: len(server.received()) >= len(second) + 2 * len(first))
    server.stop()
    files = [old, server.file, old]
    said, log = import_files(tmp_path / "fleet.db", *files)
    assert log == ""
    assert said.startswith(f"{old}: {len(first) + 1} events\n")
    totals = expected(*first, *odd, *second)
    assert found(tmp_path / "fleet.db") == totals
    assert totals[1] == 2
    import_files(tmp_path / "fleet.db", *files)
    assert found(tmp_path / "fleet.db") == totals


def test_what_a_server_cut_is_told(tmp_path):
    """A server with a smaller maximum cuts messages: such a line is no event, and never half of one."""
    [line] = lines_of_sensor(SENSORS[0], 0, 1)[:1]
    for length in range(0, len(line), 97):
        with pytest.raises(EventError, match="no complete line of JSON"):
            parse_line(line[:length])
    assert json.loads(line)
