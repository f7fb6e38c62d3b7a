"""README and the documentation show commands that work, with the output that they give."""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from netmon.cli.exit_codes import FOUND, OK
from tests.docs.blocks import DOCUMENTS, ROOT, Block, Command, all_blocks, installation, read_blocks
from tests.docs.newcomer import SECURE_PATH
from tests.machine import need

BLOCKS = all_blocks()
LIBRARY = Path("docs/library.md")  # its scripts are run by tests/library/test_library.py


class Exemption(NamedTuple):
    """Why a command does not run here, and the test that covers what it does."""

    reason: str
    covered_by: str


EXEMPT = {
    "python -m pip install -e '.[test]'": Exemption("the test suite's own installation", ".ci/run"),
    "python -m pytest": Exemption("the test suite itself", ".ci/run"),
    'python -m pytest -m "not lab and not slow and not render"': Exemption(
        "a part of the test suite", ".ci/run"
    ),
    "sudo apt-get install --yes --no-install-recommends curl iproute2 openssl prometheus "
    "prometheus-alertmanager": Exemption("installs programs on the machine", "tests/docs/test_tutorial.py"),
    "netmon read --country DE monday.pcap tuesday.pcap.gz": Exemption(
        "needs captures of several days", "tests/cli/test_cli_many_files.py"
    ),
    "netmon read --country DE captures/ '/var/captures/2026-11-*.pcap*'": Exemption(
        "needs captures of several days", "tests/cli/test_cli_many_files.py"
    ),
    "tcpdump -U -w - | netmon read --country DE -": Exemption(
        "goes on until it is interrupted", "tests/cli/test_cli_tcpdump.py"
    ),
    "ssh sensor 'tcpdump -U -w - not port 22' | netmon read --country DE --json -": Exemption(
        "needs another machine", "tests/cli/test_cli_live_pipes.py"
    ),
    "netmon read <(ssh sensor 'cat /var/tmp/office.pcap.gz' )": Exemption(
        "needs another machine", "tests/cli/test_cli_pipes.py"
    ),
    "tcpdump -i eth1 -G 3600 -z gzip -w '/var/captures/%F-%H.pcap' &": Exemption(
        "goes on for hours", "tests/cli/test_cli_follow.py"
    ),
    "netmon read --country DE --json --follow /var/captures": Exemption(
        "goes on until it is interrupted", "tests/cli/test_cli_follow.py"
    ),
    "sudo systemctl enable --now netmon": Exemption(
        "needs systemd as init", "tests/deploy/test_deploy_unit.py"
    ),
    "sudo systemctl reload netmon": Exemption("needs systemd as init", "tests/deploy/test_deploy_unit.py"),
    "NETMON_INTERFACE=eth1 NETMON_COUNTRY=DE docker compose -f deploy/compose.yaml up -d": Exemption(
        "needs the Docker engine", "tests/deploy/test_deploy_together.py"
    ),
    "docker compose -f deploy/compose.yaml logs receiver": Exemption(
        "needs the Docker engine", "tests/deploy/test_deploy_together.py"
    ),
    "NETMON_DATASOURCES=./grafana-loki.yaml NETMON_EVENTS_URL=http://127.0.0.1:3100 docker compose "
    "-f deploy/compose.yaml up -d": Exemption(
        "needs the Docker engine", "tests/deploy/test_deploy_events.py"
    ),
    "docker compose -f deploy/compose.yaml kill -s HUP netmon": Exemption(
        "needs the Docker engine", "tests/cli/test_cli_run.py"
    ),
    "python -m pip install '.[grafana]'": Exemption("needs packages", "tests/test_extras.py"),
    "cp grafana/settings.example.yml settings.yml": Exemption("follows it", "tests/grafana/test_settings.py"),
    "python -m grafana.src.build --config settings.yml site": Exemption(
        "needs packages that the first command installs", "tests/grafana/test_settings.py"
    ),
    "ls site": Exemption("shows what it wrote", "tests/grafana/test_settings.py"),
    "pipx install ./netmon_egress-*_x86_64.whl": Exemption(
        "needs a wheel", "tests/deploy/test_deploy_tools.py"
    ),
    "uv tool install ./netmon_egress-*_x86_64.whl": Exemption(
        "needs a wheel", "tests/deploy/test_deploy_tools.py"
    ),
    "python3 -m venv venv && venv/bin/pip install ./netmon_egress-*_x86_64.whl": Exemption(
        "needs a wheel", "tests/deploy/test_deploy_tools.py"
    ),
    "pipx uninstall netmon-egress": Exemption("follows it", "tests/deploy/test_deploy_tools.py"),
    "uv tool uninstall netmon-egress": Exemption("follows it", "tests/deploy/test_deploy_tools.py"),
    "netmon top": Exemption("needs a running sensor", "tests/cli/test_cli_top_screen.py"),
    "sudo netmon top": Exemption("needs a running sensor", "tests/cli/test_cli_top_screen.py"),
    "netmon top https://sensor.example:10977 --user alice --ca /etc/ssl/netmon-ca.pem": Exemption(
        "needs another machine", "tests/top/test_sensor_page.py"
    ),
    "ssh -t sensor netmon top": Exemption("needs another machine", "tests/cli/test_cli_top_screen.py"),
    "python3 -m deploy.package.wheel": Exemption("compiles for minutes", "tests/deploy/test_deploy_wheel.py"),
    "sudo apt-get install ./netmon_*+deb12_amd64.deb": Exemption(
        "needs a package", "tests/deploy/test_deploy_debian.py"
    ),
    "sudo apt-get remove netmon": Exemption("follows it", "tests/deploy/test_deploy_debian.py"),
    "python3 -m deploy.package.debian --wheel dist/netmon_egress-*_x86_64.whl": Exemption(
        "needs a wheel", "tests/deploy/test_deploy_debian.py"
    ),
    "uv pip compile pyproject.toml --python-version 3.11 --python-platform x86_64-manylinux_2_28 "
    "--generate-hashes --no-annotate --no-header -o deploy/debian/requirements.txt": Exemption(
        "changes with the index", "tests/deploy/test_deploy_debian.py"
    ),
    "docker build -f deploy/Containerfile -t netmon .": Exemption(
        "needs the Docker engine", "tests/deploy/test_deploy_image.py"
    ),
    "docker run --rm --network none netmon demo": Exemption(
        "needs the Docker engine", "tests/deploy/test_deploy_image.py"
    ),
    "netmon forward /var/lib/netmon/spool --to nats://broker.example/netmon.events": Exemption(
        "needs a broker", "tests/streams/test_nats.py"
    ),
    "netmon store collect nats://broker.example/netmon.events --store fleet.db": Exemption(
        "needs a broker", "tests/streams/test_collect.py"
    ),
    "netmon store import received.jsonl --store fleet.db": Exemption(
        "needs the events of a syslog server", "tests/cli/test_cli_spool.py"
    ),
    "docker run --rm --network host --cap-drop ALL --cap-add NET_RAW --cap-add SETUID --cap-add SETGID "
    "netmon run -i eth1": Exemption("needs the Docker engine", "tests/deploy/test_deploy_image.py"),
}
"""Commands that cannot run on the newcomer's machine. All commands of a block are in this table, or none."""


def is_exempt(block):
    return block.commands[0].text in EXEMPT


def runs_here(block):
    is_elsewhere = block.needs_mirror_port or block.is_of_tutorial
    return not is_exempt(block) and not is_elsewhere and block != installation()


def check(block, results):
    """Each command shows what the document says, and succeeds, unless the next one prints its exit code.

    A `netmon read` that finds something has succeeded: findings are what the documents show.
    """
    texts = [command.text for command in block.commands]
    for command, after, result in zip(block.commands, [*texts[1:], ""], results, strict=True):
        assert command.matches(result.output), f"{block}: $ {command.text}\n{result.output}"
        good = (OK, FOUND) if "netmon read " in command.text else (OK,)
        assert result.code in good or after == "echo $?", f"{block}: $ {command.text}\n{result.output}"


def test_every_block_is_run_or_exempt():
    """A block that no test runs is in the table with all its commands; no other command is."""
    exempt = {command.text for block in BLOCKS for command in block.commands if is_exempt(block)}
    assert exempt == set(EXEMPT)
    assert all((ROOT / one.covered_by).exists() for one in EXEMPT.values())


def test_commands_are_in_console_blocks():
    """No other kind of block holds commands, which no test would run."""
    texts = {document: (ROOT / document).read_text(encoding="utf-8") for document in DOCUMENTS}
    for document, text in texts.items():
        lines = [line.strip() for line in text.splitlines()]
        fences = {line for line in lines if line.startswith("```") and line != "```"}
        allowed = {"```console", "```yaml"} | ({"```python"} if document == LIBRARY else set())
        assert fences <= allowed, document


@pytest.mark.slow
@pytest.mark.parametrize("document", sorted({str(block.document) for block in BLOCKS if runs_here(block)}))
def test_blocks_of_a_document(newcomer, document):
    """From top to bottom, the commands work on a clean machine and print what the document shows."""
    for block in BLOCKS:
        if str(block.document) != document or not runs_here(block):
            continue
        texts = " ".join(command.text for command in block.commands)
        if "sudo " in texts:
            _need_sudo()
        if "netmon verify" in texts:
            need("tshark")
        check(block, newcomer.follow(block))


@pytest.mark.slow
def test_sudo_is_that_of_debian(newcomer):
    """The reason why `sudo netmon` fails: sudo sets PATH itself, without the virtual environment."""
    _need_sudo()
    commands = (Command("sudo sh -c 'echo $PATH'", ()), Command("sudo netmon --version", ()))
    path, bare = newcomer.follow(Block(Path("none"), 0, commands))
    assert path.output == SECURE_PATH + "\n"
    assert bare.code != 0
    assert "command not found" in bare.output


def _need_sudo():
    if os.geteuid() != 0:
        pytest.skip("needs root: a block uses sudo, which would ask for a password")
    probe = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
    words = ["/usr/bin/python3", "-c", probe]
    if not Path(words[0]).exists() or subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the system's Python 3.11 or newer with venv (Debian: python3-venv)")


@pytest.mark.parametrize(
    ("shown", "actual", "is_same"),
    [
        ((), "anything\n", True),
        (("one", "two"), "one\ntwo\n", True),
        (("one",), "one\ntwo\n", False),
        (("one", "..."), "one\ntwo\nthree\n", True),
        (("one", "..."), "one\n", True),
        (("...", "two"), "one\nthree\n", False),
        (("from ... to 3",), "from 1 to 3\n", True),
        (("from ... to 3",), "from 1\nto 3\n", False),
        (("tshark 4.0.17 and (more)",), "tshark 4.4.7 and (more)\n", True),
    ],
)
def test_output_is_compared(shown, actual, is_same):
    """Only `...` stands for omitted text; everything else is literal, except for the version of tshark."""
    assert Command("command", shown).matches(actual) is is_same


def test_blocks_are_read():
    """A block is its commands, each with the lines below it; other blocks are not looked at."""
    text = "text\n\n```yaml\n$ no\n```\n\n```console\n$ one\n$ two\nshown\n\nmore\n```\n"
    [block] = read_blocks(Path("page.md"), text)
    assert str(block) == "page.md:7"
    assert block.commands == (Command("one", ()), Command("two", ("shown", "", "more")))
    with pytest.raises(ValueError, match=r"page\.md:1: output without a command"):
        list(read_blocks(Path("page.md"), "```console\nshown\n```\n"))
