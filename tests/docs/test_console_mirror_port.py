"""Commands of the documents that need a mirror port, on that of the test lab, with real traffic."""

import contextlib
import signal
import subprocess

import pytest

from tests.docs.blocks import all_blocks
from tests.lab.lab import Lab, wait_for
from tests.lab.network import ADDRESSES, MIRROR_PORT
from tests.machine import need

PROGRAMS = ("ip", "tc", "ethtool", "tcpdump", "curl", "sudo", "nsenter")
# Names and addresses from the shipped signatures; no packet leaves the network namespaces.
ZURICH = ("ksn-file-geo.kaspersky-labs.com", "82.202.184.20", "zurich")
MOSCOW = ("ksn-stat-geo.kaspersky-labs.com", "77.74.176.12", "moscow")
WITHIN_S = 100  # new counters are 0 for a minute
VISITS = (ZURICH, MOSCOW, ZURICH, ZURICH)


BLOCKS = [block for block in all_blocks() if block.needs_mirror_port]


@pytest.fixture
def lab(tmp_path):
    """A mirror port with the name that the documents use, and servers with addresses of the vendor."""
    need(*PROGRAMS)
    zone = {name: {"A": [address]} for name, address, _ in (ZURICH, MOSCOW)}
    with Lab(tmp_path, zone=zone) as running:
        for _, address, host in (ZURICH, MOSCOW):
            running.run(host, "ip", "address", "add", f"{address}/32", "dev", "eth0")
            running.run("router", "ip", "route", "add", address, "via", ADDRESSES[host][0])
        for words in (("down",), ("name", "eth1"), ("up",)):
            port = "eth1" if words == ("up",) else MIRROR_PORT
            running.run("sensor", "ip", "link", "set", port, *words)
        yield running


def talk(lab):
    """A client contacts servers of the vendor over TLS, after looking up their names."""
    rest = {"family": 4, "port": 443, "tls": True, "sni": True, "upload": 0, "download": 1000}
    lab.connect("client-a", [{"name": name} | rest for name, _, _ in VISITS])


@contextlib.contextmanager
def sensor(newcomer, lab, block):
    """The sensor as a block starts it, once it watches; Ctrl-C ends it, and it has printed what is shown."""
    process, output = newcomer.start(block, lab.namespace("sensor"))
    [command] = block.commands
    at = next(at for at, line in enumerate(command.output) if line.startswith("netmon: watching "))
    started = command._replace(output=(*command.output[: at + 1], "..."))

    def shown():
        return output.read_text(encoding="utf-8")

    try:
        wait_for(lambda: started.matches(shown()) or process.poll() is not None, f"{block} is shown")
        assert process.poll() is None, f"{block}: {shown()}"
        yield
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0, shown()
        assert command.matches(shown()), f"{block}: {shown()}"
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.terminate()  # sudo forwards this signal; it could not forward SIGKILL
            process.wait(timeout=10)


def show(newcomer, lab, block):
    """Wait until a block's commands print what the block shows."""
    results = []

    def is_shown():
        results[:] = newcomer.follow(block, lab.namespace("sensor"))
        return all(
            command.matches(result.output) for command, result in zip(block.commands, results, strict=True)
        )

    try:
        wait_for(is_shown, f"{block} is shown", WITHIN_S)
    except AssertionError as error:
        raise AssertionError(f"{block}\n" + "\n".join(one.output for one in results)) from error


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.parametrize("document", sorted({str(block.document) for block in BLOCKS}))
def test_blocks_of_a_document(newcomer, lab, document):
    """The sensor starts as shown, and the commands below it show what the traffic really was."""
    with contextlib.ExitStack() as stack:
        for block in BLOCKS:
            if str(block.document) != document:
                continue
            if "netmon run" in block.commands[0].text:
                stack.close()  # one sensor at a time
                stack.enter_context(sensor(newcomer, lab, block))
                talk(lab)
            else:
                show(newcomer, lab, block)
