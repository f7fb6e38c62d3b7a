"""netmon: where the traffic to a vendor's cloud really ends.

Rust looks at packets (`netmon._engine`), Python decides what they mean.
ARCHITECTURE.md describes the modules on one page.

As a library: `for flow in netmon.read("office.pcapng", country="DE"): ...`; see docs/library.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netmon.errors import ConfigError, NetmonError, SignatureError, SourceError
    from netmon.library.flow import Flow
    from netmon.library.flows import CaptureWarning, Flows, read

_HOMES = {
    "CaptureWarning": "netmon.library.flows",
    "ConfigError": "netmon.errors",
    "Flow": "netmon.library.flow",
    "Flows": "netmon.library.flows",
    "NetmonError": "netmon.errors",
    "SignatureError": "netmon.errors",
    "SourceError": "netmon.errors",
    "read": "netmon.library.flows",
}
"""Where the public names are. They are imported when they are used: the command line starts here too."""

__all__ = [
    "CaptureWarning",
    "ConfigError",
    "Flow",
    "Flows",
    "NetmonError",
    "SignatureError",
    "SourceError",
    "read",
]


def __getattr__(name: str) -> object:
    """A public name, imported now. Raises AttributeError for others, and ImportError without the engine."""
    if name not in _HOMES:
        raise AttributeError(f"module 'netmon' has no attribute '{name}'")
    try:
        return getattr(importlib.import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        problem = importlib.import_module("netmon.errors").installation_problem(error)
        if problem is None:
            raise
        raise ImportError(problem, name=error.name) from error


def __dir__() -> list[str]:
    """The public names, for completion."""
    return [*globals(), *_HOMES]
