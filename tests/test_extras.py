"""The packages that error messages name are those of netmon's extras."""

import os
import shlex
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

from netmon.errors import install_command
from netmon.sources import scapy_source
from netmon.store import clickhouse_wire
from netmon.streams import kafka_broker, nats_broker
from netmon.verify import pyshark_adapter

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize(
    ("extra", "requirements"),
    [
        ("scapy", [scapy_source.REQUIREMENT]),
        ("verify", [pyshark_adapter.REQUIREMENT]),
        ("streams", [nats_broker.REQUIREMENT, kafka_broker.REQUIREMENT]),
        ("clickhouse", [clickhouse_wire.REQUIREMENT]),
    ],
)
def test_messages_and_extras_agree(extra, requirements):
    """A requirement is declared twice, in pyproject.toml and beside the message: both are the same."""
    assert PROJECT["optional-dependencies"][extra] == requirements
    assert set(requirements) <= set(PROJECT["optional-dependencies"]["test"])


def test_tests_have_what_dashboards_need():
    """The requirements of the extra `grafana` are those of the tests."""
    extras = PROJECT["optional-dependencies"]
    assert set(extras["grafana"]) <= set(extras["test"])


def test_the_command_installs_into_the_python_that_runs_netmon():
    """A shell passes the requirement to pip as one word, and needs no `pip` or `python` on PATH."""
    command = install_command("pyshark>=0.6,<0.7")
    assert command.endswith(" -m pip install 'pyshark>=0.6,<0.7'")
    assert shlex.split(command) == [sys.executable, "-m", "pip", "install", "pyshark>=0.6,<0.7"]


@pytest.mark.slow
def test_the_command_works_where_there_is_no_pip(tmp_path):
    """In an environment without pip, as uv makes them, the pip of the system installs into it."""
    venv.create(tmp_path / "environment")
    python = tmp_path / "environment" / "bin" / "python"
    script = "from netmon.errors import install_command; print(install_command('pip>=24'))"
    words = [python, "-c", script]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"python3 -m pip --python {python} install 'pip>=24'\n"
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    installed = subprocess.run(
        done.stdout, shell=True, env=environment, capture_output=True, text=True, check=False
    )
    if "No matching distribution found" in installed.stderr:
        pytest.skip("needs a package index")
    assert installed.returncode == 0, installed.stderr
    subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=True)


def test_no_message_names_a_distribution_that_no_index_has():
    """netmon is installed from source: pip finds no `netmon-egress`, nor its extras."""
    for path in (ROOT / "netmon").rglob("*.py"):
        assert f"{PROJECT['name']}[" not in path.read_text(encoding="utf-8"), path
