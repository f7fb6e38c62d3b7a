"""Facts for the checks of the doctor, each of them good."""

from pathlib import Path

import pytest

from netmon.doctor.facts.link import Link
from netmon.doctor.facts.offloads import Offload, Ring
from netmon.doctor.facts.rights import NET_RAW, Rights
from netmon.doctor.facts.sample import Sample
from netmon.doctor.facts.traffic import ListenedPort
from tests.cli.conftest import clean_environment
from tests.cli.ports import Network
from tests.machine import need


@pytest.fixture
def rights():
    """The rights of an unprivileged user with CAP_NET_RAW."""
    return Rights(1000, 1 << NET_RAW, 1 << NET_RAW, "/opt/netmon/bin/python3.11", "/opt/netmon/bin/netmon")


@pytest.fixture
def port():
    """An interface that is up, and of which packets were sampled."""
    link = Link("eth1", True, True, False, 1500, 1, "")
    sample = Sample(packets=100, largest=1500)
    return ListenedPort("eth1", link, False, {"rx-gro": Offload(False, False)}, Ring(512, 4096), sample)


@pytest.fixture
def network():
    """Two cables, whose ends to listen to are m1 and m3."""
    need("ip", "tcpreplay")
    one = Network("m1", "m3")
    yield one
    one.close()


@pytest.fixture
def environment(tmp_path):
    """An environment without settings of the user."""
    return clean_environment(tmp_path)


@pytest.fixture
def demo():
    """The capture that comes with netmon."""
    return Path(__file__).parents[2] / "netmon" / "data" / "demo.pcap"
