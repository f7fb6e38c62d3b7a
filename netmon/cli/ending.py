"""How a command ends: the only place that turns errors into a line and an exit code."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from netmon.cli.exit_codes import ERROR, INTERRUPTED
from netmon.cli.terminal import log, prepare
from netmon.errors import ConfigError, NetmonError, SignatureError, installation_problem, reason_of

_WRITE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Errors of writing to a stream, which come without a file name."""


def run_to_its_end(command: Callable[[], object]) -> None:
    """Runs a command and exits; an error is reported in one line on standard error."""
    prepare()
    try:
        try:
            command()
        finally:
            if sys.stdout:
                sys.stdout.flush()
            gc.freeze()  # the process ends: to look for what can be freed takes longer than to free it all
    except (ConfigError, SignatureError) as error:  # one line per error
        log(*str(error).split("\n"))
        sys.exit(ERROR)
    except NetmonError as error:
        log(str(error))
        sys.exit(ERROR)
    except BrokenPipeError:  # as with head
        end_as_filter()
    except ModuleNotFoundError as error:
        problem = installation_problem(error)
        if problem is None:
            raise
        log(problem)
        sys.exit(ERROR)
    except OSError as error:
        if (problem := installation_problem(error)) is not None:
            log(problem)
            sys.exit(ERROR)
        where = error.filename or ("standard output" if error.errno in _WRITE_ERRORS else None)
        log((f"{where}: " if where else "") + reason_of(error))
        _discard_buffered()
        sys.exit(ERROR)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def heed_interrupts() -> None:
    """From now on, Ctrl-C raises KeyboardInterrupt: the command may have something to undo."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def end_as_filter() -> NoReturn:
    """Ends the process as SIGPIPE ends grep and tcpdump: in silence, and a shell shows 141."""
    _discard_buffered()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    with suppress(OSError):  # the sensor's filter of system calls refuses it
        signal.raise_signal(signal.SIGPIPE)
    sys.exit(128 + signal.SIGPIPE)


def _discard_buffered() -> None:
    """What is still buffered cannot be written, and must not fail again at exit, which would then be 120."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(nowhere, stream.fileno())
