"""The systemd unit of `netmon forward`."""

import configparser
import shutil
from pathlib import Path

from tests.deploy.test_deploy_unit import analyze
from tests.machine import need

UNIT = Path(__file__).parents[2] / "deploy" / "netmon-forward.service"
EXPOSURE = 15  # tenths


def service():
    """The settings of the service."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(UNIT)
    return unit["Service"]


def test_systemd_accepts_the_unit(tmp_path):
    """It has no unknown directive and no invalid value; only the program's path is replaced here."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/netmon/bin/netmon", shutil.which("true")))
    assert analyze("verify", unit) == (0, "")


def test_exposure_is_low():
    """Lower than the sensor's: it needs no capability."""
    need("systemd-analyze")
    code, text = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", UNIT)
    assert code == 0, text


def test_it_only_reads_the_spool():
    """Its position is in a folder of its own, and it has the user and the folder of the sensor's unit."""
    words = service()["ExecStart"].split()
    assert words[1:3] == ["forward", "/var/lib/netmon/spool"]
    folders = service()["StateDirectory"].split()
    assert folders == ["netmon", Path(words[-1]).parent.name]
    assert service()["User"] == "netmon"
    assert service()["ReadOnlyPaths"] == "-/var/lib/private/netmon/spool"
    assert service()["ProtectSystem"] == "strict"
    assert "ReadWritePaths" not in service()
    assert service()["CapabilityBoundingSet"] == ""
