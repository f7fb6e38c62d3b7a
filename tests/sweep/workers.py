"""Processes that examine captures, so that a crash or an endless loop costs one file."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from queue import SimpleQueue

from tests.sweep.captures import Capture
from tests.sweep.examination import Result, examine

Task = tuple[Capture, Result | None]

Examine = Callable[[Capture, Result | None], Result]

LIMIT_S = 600.0
"""After this time a file counts as failed."""


class _Worker:
    """A process, which is replaced when it fails."""

    def __init__(self, work: Examine, limit_s: float) -> None:
        self._work = work
        self._limit_s = limit_s
        self._start()

    def _start(self) -> None:
        self._connection, far_end = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(far_end, self._work), daemon=True
        )
        self._process.start()
        far_end.close()
        self._connection.recv()  # it has started, which takes a while on a busy machine

    def run(self, task: Task) -> Result:
        self._connection.send(task)
        try:
            if self._connection.poll(self._limit_s):
                result: Result = self._connection.recv()
                return result
            failure = f"no result after {self._limit_s:.0f} s"
        except EOFError:
            self._process.join()
            failure = f"the process ended with exit code {self._process.exitcode}"
        self.stop()
        self._start()
        capture, _known = task
        return Result(capture.sha256, str(capture.path), capture.size, failure=failure)

    def stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()


def _serve(connection: Connection, work: Examine) -> None:
    """The work of a process: an examination for each task."""
    connection.send(None)
    while True:
        try:
            capture, known = connection.recv()
        except EOFError:
            return
        try:
            result = work(capture, known)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is a finding about this file)
            failure = f"{type(error).__name__}: {error}"
            result = Result(capture.sha256, str(capture.path), capture.size, failure=failure)
        connection.send(result)


def examine_all(
    tasks: Iterable[Task], jobs: int, work: Examine = examine, limit_s: float = LIMIT_S
) -> Iterator[Result]:
    """The results, as they become available from `jobs` processes."""
    idle: SimpleQueue[_Worker] = SimpleQueue()
    workers = [_Worker(work, limit_s) for _ in range(jobs)]
    for worker in workers:
        idle.put(worker)

    def run(task: Task) -> Result:
        worker = idle.get()
        try:
            return worker.run(task)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(jobs) as pool:
        try:
            yield from pool.map(run, tasks)
        finally:
            pool.shutdown(cancel_futures=True)
            for worker in workers:
                worker.stop()
