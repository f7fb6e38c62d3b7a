"""The newcomer's machine, made once for all documents."""

import shutil

import pytest

from tests.docs.blocks import ROOT, installation
from tests.docs.newcomer import Newcomer
from tests.machine import open_folder


@pytest.fixture(scope="session")
def newcomer():
    """A machine on which netmon was installed as README says."""
    with open_folder() as folder:
        machine = Newcomer(folder)
        try:
            block = installation()
            for command, result in zip(block.commands, machine.follow(block), strict=True):
                assert result.code == 0, f"{command.text}\n{result.output[-3000:]}"
            shutil.copy(ROOT / "netmon" / "data" / "demo.pcap", machine.checkout / "office.pcap")
            yield machine
        finally:
            machine.close()
