"""Gives up privileges once, before the sensor opens what it will open again later."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from netmon._engine import PrivilegeError, give_up_privileges
from netmon.config.settings import Config, state_folder
from netmon.errors import StartError, reason_of
from netmon.privileges.account import Account, choose, is_mapped
from netmon.privileges.handover import hand_over_events, hand_over_folder
from netmon.privileges.written import with_state, written

_ADVICE = "start netmon as an unprivileged user with CAP_NET_RAW, or stay root with --stay-root"


def drop(config: Config, environment: Mapping[str, str]) -> tuple[Config, list[str]]:
    """Gives up root, all capabilities but CAP_NET_RAW, and unneeded system calls.

    Returns the configuration with the folder of the state in effect, and lines for the log: who the sensor is
    now, and what this system does not offer. To be called before any thread starts. Raises ConfigError and
    StartError.
    """
    notes: list[str] = []
    account = account_of(config, environment, notes.append)
    if account is not None:
        config = _prepare(config, environment, account, notes.append)
    return config, [*notes, *give_up(config, account)]


def account_of(config: Config, environment: Mapping[str, str], note: Callable[[str], None]) -> Account | None:
    """The user to become; None to stay the current one. Raises ConfigError and StartError."""
    if os.geteuid() != 0 or config.privileges.stay_root:
        return None
    try:
        account = choose(config.privileges.user, environment, Path(__file__).parents[1])
    except OSError as error:
        raise StartError(f"cannot become another user: {reason_of(error)}; {_ADVICE}") from error
    if not is_mapped(account):
        note(f"root of a user namespace without the user {account.name}: an ordinary user outside of it")
        return None
    if account.reason:
        note(f"running as {account.name}, because {account.reason}")
    return account


def give_up(config: Config, account: Account | None) -> list[str]:
    """Becomes the user, and gives up capabilities and system calls; lines about what the system lacks.

    Raises StartError.
    """
    wanted = config.privileges
    try:
        return give_up_privileges(
            None if account is None else (account.user, account.group, account.groups),
            all_files=os.geteuid() == 0 and wanted.stay_root,
            filter_calls=wanted.filter_calls,
        )
    except PrivilegeError as error:
        raise StartError(f"cannot give up privileges: {error}; {_ADVICE}") from error
    except OSError as error:
        raise StartError(f"cannot become another user: {reason_of(error)}; {_ADVICE}") from error


def _prepare(
    config: Config, environment: Mapping[str, str], account: Account, note: Callable[[str], None]
) -> Config:
    """Gives the folders and files that the sensor writes to the user.

    Returns the configuration with the folder of the state. What is not possible is reported by whoever uses
    the folder or file, with what it means. Raises StartError.
    """
    default = state_folder(config, environment)
    try:
        config = with_state(config, environment, account)
    except OSError as error:
        raise StartError(f"cannot become another user: {reason_of(error)}; {_ADVICE}") from error
    if config.state != default and default.exists():
        note(f"{default}: {account.name} cannot enter it; the state is kept in {config.state}")
    if environment.get("RUNTIME_DIRECTORY"):
        with suppress(OSError):
            hand_over_folder(Path(environment["RUNTIME_DIRECTORY"].split(":")[0]), account)
    for one in written(config, environment):
        with suppress(OSError):
            if one.file is not None and one.file == config.events:
                hand_over_events(one.file, account)
            else:
                hand_over_folder(one.folder, account, own=one.own)
    return config
