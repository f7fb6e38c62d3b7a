"""The folders in which the sensor writes, and what its own files are called there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from netmon.config.settings import Config, state_folder, store_path
from netmon.evidence.folder import OWN_FILE
from netmon.privileges.account import Account, can_reach
from netmon.privileges.handover import STATE_FILE, names_beside

SHARED_STATE = Path("/var/lib/netmon")
"""Where the state is kept if the user cannot enter the default folder, such as one in root's home."""


class Written(NamedTuple):
    """A folder; `file` is the one that the configuration names in it, if it names a file."""

    key: str  # in netmon.yaml
    folder: Path
    own: re.Pattern[str]
    file: Path | None = None


def with_state(config: Config, environment: Mapping[str, str], account: Account) -> Config:
    """The configuration with a folder for state that the user can enter."""
    folder = state_folder(config, environment)
    is_default = config.state is None and not environment.get("STATE_DIRECTORY")
    if is_default and not can_reach(account, folder):
        folder = SHARED_STATE
    return replace(config, state=folder)


def written(config: Config, environment: Mapping[str, str]) -> Iterator[Written]:
    """All of them that the configuration has, each once."""
    folder = state_folder(config, environment)
    yield Written("state.folder", folder, names_beside(config.events, config.evidence.folder))
    store = store_path(config, environment)
    if store is not None and store.parent != folder:
        yield Written("store.path", store.parent, names_beside(store), store)
    if config.evidence.folder is not None:
        yield Written("evidence.folder", config.evidence.folder, OWN_FILE)
    if config.events is not None:
        yield Written("events.file", config.events.parent, names_beside(config.events), config.events)
    if config.spool.folder is not None:
        yield Written("spool.folder", config.spool.folder, STATE_FILE)
