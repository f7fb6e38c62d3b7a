"""`netmon privacy` for stores of several sensors, and for machines that are given by address or name."""

import json
import struct

import pytest
from msgspec.structs import replace

from netmon.days import DAY_NS, DAY_S
from tests.records import START_NS, classified
from tests.store.conftest import lines_of

LAPTOP = {"client_mac": "02-00-5E-10-AB-09"}
NAMED = [
    classified(flow_id=1, client="192.0.2.17", client_host="laptop-7", **LAPTOP),
    classified(flow_id=2, client="192.0.2.44", start_ns=START_NS + 5 * DAY_NS, **LAPTOP),
    classified(flow_id=3, client="192.0.2.17", client_mac="02-00-5E-10-AB-0A", client_host="printer"),
    classified(flow_id=4, client="192.0.2.99"),
]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "02:00:5e:10:ab:09",
            "hardware address of a machine that had these addresses: 192.0.2.17 (2023-11-14;",
        ),
        ("02-00-5E-10-AB-09", "other machines as well), 192.0.2.44 (2023-11-19); give those: all that is"),
        ("0200.5e10.ab0a", "had these addresses: 192.0.2.17 (2023-11-14; other machines as well); give"),
        ("LAPTOP-7", "'LAPTOP-7' is the name of a machine that had these addresses: 192.0.2.17 (2023-11"),
        ("02-00-5E-10-AB-0B", "'02-00-5E-10-AB-0B' is no pseudonym"),
        ("lap%", "'lap%' is no pseudonym"),
    ],
)
def test_a_machine_is_erased_by_its_addresses(netmon, tmp_path, given, said):
    """A hardware address or a name says which: one of them may have been another machine's as well."""
    flows = [replace_last(one) for one in NAMED]
    (tmp_path / "events.jsonl").write_text("\n".join(lines_of(*flows)) + "\n")
    netmon("store", "import", "--store", "named.db", "events.jsonl")
    before = (tmp_path / "named.db").read_bytes()
    done = netmon("privacy", "erase", given, "--store", "named.db", "--reason", "request 7")
    assert done.returncode == 1
    assert said in " ".join(done.stderr.split())
    assert (tmp_path / "named.db").read_bytes() == before


def replace_last(classified_flow):
    """The flow, over at the time at which it began."""
    return replace(classified_flow, flow=replace(classified_flow.flow, last_ns=classified_flow.flow.start_ns))


def later(capture, days):
    """A pcap file whose packets are so many days later."""
    data, at = bytearray(capture.read_bytes()), 24
    while at < len(data):
        seconds, _, length = struct.unpack_from("<III", data, at)
        struct.pack_into("<I", data, at, seconds + days * DAY_S)
        at += 16 + length
    return bytes(data)


def test_a_store_of_several_sensors_is_listed(netmon, demo, tmp_path):
    """A file that is not the sensor's own, with an entry for each way in which it shows clients."""
    for days, (sensor, level) in enumerate((("a", 0), ("b", 1), ("c", 1))):
        (tmp_path / "c.yaml").write_text(f"sensor: {{name: {sensor}}}\nprivacy: {{level: {level}}}\n")
        (tmp_path / f"{sensor}.pcap").write_bytes(later(demo, days))
        netmon("read", "--config", "c.yaml", "--store", "fleet.db", f"{sensor}.pcap")
    listed = json.loads(netmon("privacy", "list", "--json", "--store", "fleet.db").stdout)["stored"]
    found = [one for one in listed if one["where"] == "fleet.db"]
    assert [one["clients"].split()[0] for one in found] == ["addresses,", "a"]
    assert {one["how_long"] for one in found} == {"without a limit"}
