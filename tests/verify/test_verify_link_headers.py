"""netmon and tshark read the same inside the headers that mirrors and captures add."""

import json

import pytest
from click.testing import CliRunner

from netmon.cli.app import app
from tests.craft.golden import FOLDER
from tests.craft.link_headers import LINKS, TAGS, TUNNELS, TUNNELS_OF_IPV6
from tests.machine import need

UNREAD = {
    "QinQ 0x8200",
    "QinQ 0x9200",
    "QinQ 0x9300",
    "L2TP version 3",  # tshark reads it only after the session was set up in the same capture
    "Ethernet with preamble",
}
"""What tshark 4.0 does not read; a later version may."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("capture", "names"),
    [
        ("tagged_by_the_mirror/input.pcap", list(TAGS)),
        ("tunnelled_by_the_mirror/input.pcap", [*TUNNELS, *TUNNELS_OF_IPV6]),
        ("link_types/input.pcapng", list(LINKS)),
        ("snoop_file/input.snoop", ["snoop"]),
    ],
)
def test_tshark_reads_the_same(capture, names):
    """Names, hellos and bytes of every session are equal, except where tshark does not read the header."""
    need("tshark")
    done = CliRunner().invoke(app, ["verify", "--json", str(FOLDER / capture)])
    opinion = json.loads(done.stdout)
    found = opinion["differences"]
    ports = {one["source"]["port"] for one in found if one["source"]["ip"] == "192.0.2.10"}
    assert {names[port - 50_000] for port in ports} <= UNREAD
    assert all(one["wireshark"] == [] for one in found if one["source"]["ip"] == "192.0.2.10")
    assert opinion["equal"]["tcp"] == len(names) - len(ports)
