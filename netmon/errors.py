"""The errors a user of netmon can meet.

NetmonError             anything netmon reports in one line: what, where, what to do
├── ConfigError         netmon.yaml is wrong (file, line, key)
├── SignatureError      a signature file is wrong (file, line)
├── DatabaseError       a location database cannot be read
├── SourceError         a capture cannot be opened or read
├── OutputError         an output cannot be started
└── VerifyError         a second opinion cannot be had
"""

from __future__ import annotations

import shlex
import sys


class NetmonError(Exception):
    """One line for the user: what happened, where, and what to do about it."""


class ConfigError(NetmonError):
    """The configuration is wrong; the message names file, line and key."""


class SignatureError(NetmonError):
    """A signature file is wrong; the message names file and line."""


class DatabaseError(NetmonError):
    """A location database cannot be read; the message names the file."""


class SourceError(NetmonError):
    """A capture file or an interface cannot be read; the message names it."""


class OutputError(NetmonError):
    """An output cannot be started; the message names it."""


class VerifyError(NetmonError):
    """Wireshark cannot be asked; the message says what is missing, or what it complains about."""


def install_command(requirement: str) -> str:
    """The shell command that installs a package into the Python that runs netmon.

    netmon is not on a package index, so an extra of its own cannot be installed by name.
    """
    return shlex.join([sys.executable, "-m", "pip", "install", requirement])
