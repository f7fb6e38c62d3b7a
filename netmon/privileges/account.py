"""The user as whom the sensor runs when it was started as root."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from netmon.errors import ConfigError, StartError

OWN = "netmon"
"""The user that is meant for the sensor."""
ANYONE = "nobody"
"""The user that owns nothing."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user with its groups, and why it was chosen if nobody named it."""

    name: str
    user: int
    group: int
    groups: tuple[int, ...]
    reason: str = ""


def choose(named: str, environment: Mapping[str, str], program: Path) -> Account:
    """The user that was named, or else `netmon`, `nobody`, or the user who called sudo.

    The first that exists and may read `program`, netmon's own folder: modules and signatures are read later.
    Raises ConfigError for a name that is of no use, and StartError if there is no such user.
    """
    if named:
        account = _look_up(named, "")
        if account is None:
            raise ConfigError(f"privileges.user: there is no user '{named}': useradd --system creates one")
        if account.user == 0:
            raise ConfigError("privileges.user: to stay root, use --stay-root or privileges.stay_root")
        if not can_read(account, program):
            raise StartError(
                f"the user {account.name} cannot read {program}: install netmon in a folder that all may "
                "read, such as /opt/netmon, or choose another user"
            )
        return account
    candidates = (
        _look_up(OWN, ""),
        _look_up(ANYONE, f"there is no user {OWN}"),
        _look_up(environment.get("SUDO_UID", ""), f"{ANYONE} cannot read {program}"),
    )
    found = (one for one in candidates if one is not None and one.user != 0)
    account = next((one for one in found if can_read(one, program)), None)
    if account is None:
        raise StartError(
            f"no unprivileged user can read {program}: install netmon in a folder that all users may read, "
            "such as /opt/netmon, name a user with --user, or stay root with --stay-root"
        )
    return account


def _look_up(name: str, reason: str) -> Account | None:
    """The account of this name or number; None if there is none."""
    try:
        entry = pwd.getpwuid(int(name)) if re.fullmatch("[0-9]+", name) else pwd.getpwnam(name)
    except (KeyError, ValueError, OverflowError):
        return None
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, tuple(groups), reason)


def can_read(account: Account, folder: Path) -> bool:
    """True if the user may list the folder, or cannot be tried."""
    if not is_mapped(account):
        return True
    with _acting_as(account):
        return os.access(folder, os.R_OK | os.X_OK, effective_ids=True)


def can_write(account: Account, folder: Path) -> bool:
    """True if the user may make files in a folder."""
    with _acting_as(account):
        return os.access(folder, os.W_OK | os.X_OK, effective_ids=True)


def can_reach(account: Account, folder: Path) -> bool:
    """True if the user may enter the nearest folder above this one that exists, or if that is none."""
    above = next(one for one in folder.absolute().parents if os.path.lexists(one))
    if not above.is_dir():
        return True  # reported when it is used
    with _acting_as(account):
        return os.access(above, os.X_OK, effective_ids=True)


def is_mapped(account: Account) -> bool:
    """True if the user namespace of this process has the user and its group (user_namespaces(7))."""
    return _is_mapped("uid", account.user) and _is_mapped("gid", account.group)


def _is_mapped(kind: str, number: int) -> bool:
    try:
        lines = Path(f"/proc/self/{kind}_map").read_text(encoding="ascii").splitlines()
    except OSError:
        return True  # a kernel without user namespaces
    ranges = (tuple(map(int, line.split())) for line in lines)
    return any(first <= number < first + count for first, _outside, count in ranges)


@contextmanager
def _acting_as(account: Account) -> Iterator[None]:
    """Has the rights of the user. Only to be used while the process has one thread, as root."""
    user, group, groups = os.geteuid(), os.getegid(), os.getgroups()
    try:
        with suppress(PermissionError):  # refused in most user namespaces, where there are no other groups
            os.setgroups(account.groups)
        os.setegid(account.group)
        os.seteuid(account.user)
        yield
    finally:
        os.seteuid(user)
        os.setegid(group)
        with suppress(PermissionError):
            os.setgroups(groups)
