"""The newcomer's machine, made once for all documents."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, installation
from tests.docs.newcomer import Newcomer


@pytest.fixture(scope="session")
def newcomer():
    """A machine on which netmon was installed as README says."""
    with tempfile.TemporaryDirectory(prefix="netmon-newcomer-") as folder:
        Path(folder).chmod(0o755)  # for the user that the sensor becomes
        machine = Newcomer(Path(folder))
        try:
            block = installation()
            for command, result in zip(block.commands, machine.follow(block), strict=True):
                assert result.code == 0, f"{command.text}\n{result.output[-3000:]}"
            shutil.copy(ROOT / "netmon" / "data" / "demo.pcap", machine.checkout / "office.pcap")
            yield machine
        finally:
            machine.close()
