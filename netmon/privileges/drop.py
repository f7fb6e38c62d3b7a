"""Gives up privileges once, before the sensor opens what it will open again later."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from netmon._engine import PrivilegeError, give_up_privileges
from netmon.config.settings import Config, state_folder, store_path
from netmon.errors import StartError, reason_of
from netmon.evidence.folder import OWN_FILE
from netmon.privileges.account import Account, can_reach, choose, is_mapped
from netmon.privileges.handover import hand_over_events, hand_over_folder, names_beside

SHARED_STATE = Path("/var/lib/netmon")
"""Where the state is kept if the user cannot enter the default folder, such as one in root's home."""
_ADVICE = "start netmon as an unprivileged user with CAP_NET_RAW, or stay root with --stay-root"


def drop(config: Config, environment: Mapping[str, str]) -> tuple[Config, list[str]]:
    """Gives up root, all capabilities but CAP_NET_RAW, and unneeded system calls.

    Returns the configuration with the folder of the state in effect, and lines for the log: who the sensor is
    now, and what this system does not offer. To be called before any thread starts. Raises ConfigError and
    StartError.
    """
    wanted = config.privileges
    notes: list[str] = []
    try:
        account = _account(config, environment, notes.append)
        if account is not None:
            config = replace(config, state=_prepare(config, environment, account, notes.append))
        missing = give_up_privileges(
            None if account is None else (account.user, account.group, account.groups),
            all_files=os.geteuid() == 0 and wanted.stay_root,
            filter_calls=wanted.filter_calls,
        )
    except PrivilegeError as error:
        raise StartError(f"cannot give up privileges: {error}; {_ADVICE}") from error
    except OSError as error:
        raise StartError(f"cannot become another user: {reason_of(error)}; {_ADVICE}") from error
    return config, [*notes, *missing]


def _account(config: Config, environment: Mapping[str, str], note: Callable[[str], None]) -> Account | None:
    """The user to become; None to stay the current one."""
    if os.geteuid() != 0 or config.privileges.stay_root:
        return None
    account = choose(config.privileges.user, environment, Path(__file__).parents[1])
    if not is_mapped(account):
        note(f"root of a user namespace without the user {account.name}: an ordinary user outside of it")
        return None
    if account.reason:
        note(f"running as {account.name}, because {account.reason}")
    return account


def _prepare(
    config: Config, environment: Mapping[str, str], account: Account, note: Callable[[str], None]
) -> Path:
    """Gives the folders and files that the sensor writes to the user. Returns the folder of the state.

    What is not possible is reported by whoever uses the folder or file, with what it means.
    """
    folder = state_folder(config, environment)
    is_default = config.state is None and not environment.get("STATE_DIRECTORY")
    if is_default and not can_reach(account, folder):
        if folder.exists():
            note(f"{folder}: {account.name} cannot enter it; the state is kept in {SHARED_STATE}")
        folder = SHARED_STATE
    with suppress(OSError):
        hand_over_folder(folder, account, own=names_beside(config.events, config.evidence.folder))
    store = store_path(replace(config, state=folder), environment)
    if store is not None and store.parent != folder:
        with suppress(OSError):
            hand_over_folder(store.parent, account, own=names_beside(store))
    if environment.get("RUNTIME_DIRECTORY"):
        with suppress(OSError):
            hand_over_folder(Path(environment["RUNTIME_DIRECTORY"].split(":")[0]), account)
    if config.evidence.folder is not None:
        with suppress(OSError):
            hand_over_folder(config.evidence.folder, account, own=OWN_FILE)
    if config.events is not None:
        with suppress(OSError):
            hand_over_events(config.events, account)
    if config.spool.folder is not None:
        with suppress(OSError):
            hand_over_folder(config.spool.folder, account)
    return folder
