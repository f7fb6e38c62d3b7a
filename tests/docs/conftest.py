"""The newcomer's machine, made once for all documents."""

import shutil

import pytest

from tests.docs.blocks import ROOT, installation
from tests.docs.newcomer import Newcomer
from tests.machine import one_at_a_time, open_folder


@pytest.fixture(scope="session")
def newcomer():
    """A machine on which netmon was installed as README says."""
    with open_folder() as folder:
        machine = Newcomer(folder)
        try:
            block = installation()
            with one_at_a_time("newcomer"):  # builds have one folder for what was compiled
                results = machine.follow(block)
            for command, result in zip(block.commands, results, strict=True):
                assert result.code == 0, f"{command.text}\n{result.output[-3000:]}"
            shutil.copy(ROOT / "netmon" / "data" / "demo.pcap", machine.checkout / "office.pcap")
            yield machine
        finally:
            machine.close()
