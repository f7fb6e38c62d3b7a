"""The errors that netmon reports to its user.

NetmonError             any error reported in one line: what, where, what to do
├── ConfigError         an error in netmon.yaml (file, line, key)
├── SignatureError      an error in a signature file (file, line)
├── DatabaseError       a location database cannot be read
├── SourceError         a capture cannot be opened or read
├── EventError          a line is not the event of a flow that can be explained
│   └── TimeError       an event is of a time for which a store has no room
├── OutputError         an output cannot be started
├── ReportError         a report cannot be made or written
├── StoreError          a file is not a store, or cannot be used as one
│   └── LevelError      an event has clients of another privacy level than the store has of its run
├── TopError            a sensor cannot be watched
├── StartError          the sensor cannot give up its privileges
└── VerifyError         Wireshark cannot be used for comparison
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path


class NetmonError(Exception):
    """One line for the user: what happened, where, and what to do about it."""


class ConfigError(NetmonError):
    """The configuration has errors; the message names file, line and key."""


class SignatureError(NetmonError):
    """A signature file has errors; the message names file and line."""


class DatabaseError(NetmonError):
    """A location database cannot be read; the message names the file."""


class SourceError(NetmonError):
    """A capture file or an interface cannot be read; the message names it."""


class EventError(NetmonError):
    """A line is not the event of a judged flow; the message says what it lacks."""


class TimeError(EventError):
    """An event is of a time for which a store has no room."""


class OutputError(NetmonError):
    """An output cannot be started; the message names it."""


class ReportError(NetmonError):
    """A report cannot be made or written; the message says what to do."""


class StoreError(NetmonError):
    """A file is not a store, or cannot be used as one; the message names it."""


class MovedStoreError(NetmonError):
    """A store was moved or removed while it was open; the message names it."""


class LevelError(StoreError):
    """An event has clients of another privacy level than the store has of its run; the message names both."""


class TopError(NetmonError):
    """A sensor cannot be watched; the message names its address."""


class StartError(NetmonError):
    """The sensor cannot give up its privileges; the message says what to do."""


class VerifyError(NetmonError):
    """Wireshark cannot be used; the message says what is missing, or contains Wireshark's error."""


def reason_of(error: OSError) -> str:
    """The reason of an error for the end of a message: "no such file or directory"."""
    return (error.strerror or str(error)).lower()


def install_command(*requirements: str) -> str:
    """The shell command that installs packages into the Python that runs netmon.

    netmon is not on a package index, so an extra of its own cannot be installed by name. The environments of
    uv and of the Debian package have no pip: that of the system then installs into them.
    """
    import importlib.util  # noqa: PLC0415  # few messages need these
    import shlex  # noqa: PLC0415

    if importlib.util.find_spec("pip") is None:
        return shlex.join(["python3", "-m", "pip", "--python", sys.executable, "install", *requirements])
    return shlex.join([sys.executable, "-m", "pip", "install", *requirements])


def installation_problem(error: ModuleNotFoundError | OSError) -> str | None:
    """What to do if a part of netmon itself is missing; None if it is anything else.

    A checkout has no engine until it is built, and a Python that is started in one imports netmon from there.
    """
    folder = Path(__file__).parents[1]
    missing = error.name if isinstance(error, ModuleNotFoundError) else str(error.filename)
    if missing is None or not missing.startswith(("netmon.", str(folder))):
        return None
    if missing != "netmon._engine":
        return f"{missing} is missing or cannot be read: install netmon again"
    return (
        f"netmon's engine is not built in {folder}, from which Python imports netmon: start Python in "
        f"another folder if netmon is installed, or build it: {sys.executable} -m pip install -e {folder}"
    )


def nearest(word: str, choices: Iterable[str]) -> str:
    """A suggestion of the most similar choice, to end a message with; empty if none is similar."""
    import difflib  # noqa: PLC0415  # few messages need it

    close = difflib.get_close_matches(word, list(choices), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
