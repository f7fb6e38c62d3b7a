"""The tutorial, step by step: what it shows appears, down to the alert that is delivered."""

import contextlib
import signal
import subprocess

import pytest

from tests.docs.blocks import FENCE, ROOT, TUTORIAL, Command, all_blocks
from tests.docs.test_console import is_exempt
from tests.lab.lab import wait_for
from tests.machine import need

BLOCKS = [block for block in all_blocks() if block.document == TUTORIAL and not is_exempt(block)]
PROGRAMS = ("ip", "tc", "curl", "openssl", "prometheus", "amtool", "sudo", "nsenter")
WITHIN_S = 240  # the page says "within a minute", of a machine that has nothing else to do

pytestmark = [pytest.mark.lab, pytest.mark.slow]


def is_program(block):
    """Whether a block starts something that runs until it is stopped."""
    text = block.commands[0].text
    return text.startswith("sudo ip netns exec") and "curl" not in text


class Terminals:
    """The programs that the tutorial starts, each in a terminal of its own."""

    def __init__(self, newcomer):
        self._newcomer = newcomer
        self._running = []

    def start(self, block):
        """Starts a program, and waits for what the page shows of it."""
        process, output = self._newcomer.start(block)
        self._running.append((block, process, output))
        [command] = block.commands
        wait_for(
            lambda: process.poll() is not None or command.matches(output.read_text(encoding="utf-8")),
            f"{block} is shown",
            WITHIN_S,
        )
        assert process.poll() is None, f"{block}: {output.read_text(encoding='utf-8')}"

    def show(self, program, shown):
        """Waits until the terminal of a program shows a line."""
        [output] = [output for block, _, output in self._running if program in block.commands[0].text]
        line = Command("", ("...", shown, "..."))
        try:
            wait_for(lambda: line.matches(output.read_text(encoding="utf-8")), f"{shown} is shown", WITHIN_S)
        except AssertionError as error:
            every = [
                f"{block}: {path.read_text(encoding='utf-8')[-2000:]}" for block, _, path in self._running
            ]
            raise AssertionError("\n".join(every)) from error

    def stop(self):
        """Ctrl-C in every terminal, the latest first."""
        while self._running:
            block, process, output = self._running.pop()
            process.send_signal(signal.SIGINT)
            code = process.wait(timeout=30)
            text = output.read_text(encoding="utf-8")
            assert code in (0, 130) or "receiver.py" in block.commands[0].text, f"{block}: {code}: {text}"

    def kill(self):
        """Ends what a failed test has left."""
        for _, process, _ in self._running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.terminate()
                process.wait(timeout=10)


def follow(newcomer, block):
    """Runs the commands of a block; one that asks the sensor is repeated until it shows the page's answer."""
    results = []

    def is_shown():
        results[:] = newcomer.follow(block)
        return all(
            command.matches(result.output) for command, result in zip(block.commands, results, strict=True)
        )

    try:
        wait_for(is_shown, f"{block} is shown", WITHIN_S if "curl" in block.commands[0].text else 0)
    except AssertionError as error:
        raise AssertionError(f"{block}\n" + "\n".join(one.output for one in results)) from error
    assert [one.code for one in results] == [0] * len(results), f"{block}: {results}"


def test_every_step(newcomer):
    """From a network with a mirror port to a finding, an alert, its history, evidence and report."""
    need(*PROGRAMS)
    text = (ROOT / TUTORIAL).read_text(encoding="utf-8")
    watchdog, finding, alert = [found[3].strip() for found in FENCE.finditer(text) if not found[2]]
    shown_after = (
        ("prometheus --config", "receiver.py", watchdog),
        ("visit node2", "netmon run", finding),
        ("visit node2", "receiver.py", alert),
    )
    terminals = Terminals(newcomer)
    try:
        for block in BLOCKS:
            command = block.commands[0].text
            if "network.py down" in command:
                terminals.stop()
            if is_program(block):
                terminals.start(block)
            else:
                follow(newcomer, block)
            for after, program, line in shown_after:
                if after in command:
                    terminals.show(program, line)
    finally:
        terminals.kill()
        newcomer.follow(BLOCKS[-1])
