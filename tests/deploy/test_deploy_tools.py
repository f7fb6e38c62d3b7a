"""The wheel installed as people install programs: by pipx and by uv, each with a home of its own."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.deploy import packages
from tests.machine import open_folder

REUSE = pytest.mark.reuse(*packages.WHEEL_OF, "tests/deploy/test_deploy_tools.py")
INSTALLERS = {"pipx": "pipx", "uv": "uv tool"}


@pytest.fixture(params=INSTALLERS)
def installer(request):
    """A machine that has the installer, and its command."""
    program = Path(sys.executable).with_name(request.param)
    if not program.exists():
        pytest.skip(f"needs {request.param} (pip install {request.param})")
    with open_folder() as folder:
        machine = packages.Machine(folder)
        machine.has(request.param, program)
        yield machine, INSTALLERS[request.param]


@REUSE
@pytest.mark.slow
def test_install_run_and_remove(installer):
    """The command is put on the PATH, gives a result, completes its options, and is gone when uninstalled."""
    machine, words = installer
    bin_folder = machine.home / ".local" / "bin"
    path = f"{bin_folder}:{machine.environment['PATH']}"
    machine.follow(f"{words} install")
    assert shutil.which("netmon", path=path) == str(bin_folder / "netmon")
    assert "Critical findings: 4 flows" in machine.run(bin_folder / "netmon", "demo")
    completed = machine.run(
        bin_folder / "netmon", _NETMON_COMPLETE="bash_complete", COMP_WORDS="netmon rep", COMP_CWORD="1"
    )
    assert completed.split() == ["plain,report"]
    machine.follow(f"{words} uninstall")
    assert shutil.which("netmon", path=path) is None
