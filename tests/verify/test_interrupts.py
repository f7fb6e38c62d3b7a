"""An interrupt waits for the end of a block, and is not lost."""

import os
import signal
import threading

import pytest

from netmon.verify.interrupts import deferred_interrupt


def test_an_interrupt_arrives_at_the_end_of_the_block():
    """The block completes, KeyboardInterrupt is raised after it, and Ctrl-C works as before."""
    before = signal.getsignal(signal.SIGINT)
    completed = []

    def run():
        with deferred_interrupt():
            os.kill(os.getpid(), signal.SIGINT)
            completed.append(True)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert completed == [True]
    assert signal.getsignal(signal.SIGINT) == before


def test_a_thread_runs_the_block_as_it_is():
    """Only the main thread receives signals, so that another one has nothing to defer."""
    completed = []

    def run():
        with deferred_interrupt():
            completed.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert completed == [True]
