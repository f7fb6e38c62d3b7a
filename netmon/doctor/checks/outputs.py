"""Findings about what the sensor writes and serves: folders, disks, web addresses."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from netmon.doctor.facts.files import WrittenFolder
from netmon.doctor.facts.web import WebAddress
from netmon.doctor.findings import CheckResult, Mark
from netmon.language.language import Language
from netmon.outputs.texts import bytes_text

NUMBERED = "uid "
"""Begins what a user is called who may have no name."""
_LEAST_BYTES = 100 << 20
"""Free bytes below which a disk is as good as full."""


def folder_findings(folders: Sequence[WrittenFolder], user: str, language: Language) -> Iterator[CheckResult]:
    """Whether each folder can be written. `user`: the one that the sensor runs as."""
    bad = [one for one in folders if one.problem is not None]
    for one in bad:
        text = f"{one.key}: {one.folder}: {one.problem}"
        meaning = language.say(
            "What belongs there is lost, and a restart forgets what the sensor has learned."
        )
        folder = shlex.quote(str(one.folder))
        owner = shlex.quote(user.removeprefix(NUMBERED))
        command = f"sudo install -d -o {owner} -m 700 {folder}"
        yield CheckResult("files", Mark.PROBLEM, text, meaning, command)
    good = [f"{one.key} ({one.folder})" for one in folders if one.problem is None]
    if good:
        text = language.say("can be written by {user}: {folders}", user=user, folders=", ".join(good))
        yield CheckResult("files", Mark.OK, text)


def disk_findings(folders: Sequence[WrittenFolder], language: Language) -> Iterator[CheckResult]:
    """Whether each disk has room for what the configuration lets grow."""
    disks: dict[int, list[WrittenFolder]] = {}
    for one in folders:
        if one.device is None or one.free_bytes is None:
            text = language.say("{folder}: the room on its disk is not known", folder=one.folder)
            yield CheckResult("disk", Mark.NOT_CHECKED, text)
        else:
            disks.setdefault(one.device, []).append(one)
    for group in disks.values():
        yield _disk_finding(group, language)


def _disk_finding(group: Sequence[WrittenFolder], language: Language) -> CheckResult:
    say, free = language.say, min(one.free_bytes or 0 for one in group)
    needed = sum(one.needed_bytes or 0 for one in group)
    text = say(
        "{free} free for {keys}, which may still grow by {needed}",
        free=bytes_text(free, language),
        keys=", ".join(one.key for one in group),
        needed=bytes_text(needed, language),
    )
    command = f"du -sh {' '.join(shlex.quote(str(one.folder)) for one in group)}"
    if free < _LEAST_BYTES:
        meaning = say("A full disk stops events, the store and evidence; flows are judged all the same.")
        return CheckResult("disk", Mark.PROBLEM, text, meaning, command)
    if free < needed:
        meaning = say("Lower store.max_mib, evidence.max_mib, spool.max_mib or events.keep, or make room.")
        return CheckResult("disk", Mark.WARNING, text, meaning, command)
    return CheckResult("disk", Mark.OK, text)


def web_findings(
    addresses: Sequence[WebAddress], *, is_passed: bool, language: Language
) -> Iterator[CheckResult]:
    """Whether metrics can be served. `is_passed`: systemd passes the sockets."""
    say = language.say
    if is_passed:
        text = say("whether systemd passes the sockets shows only a start of the service")
        yield CheckResult("web", Mark.NOT_CHECKED, text)
    for one in addresses:
        if one.problem is None:
            text = say("{address} is free for metrics", address=one.address)
            yield CheckResult("web", Mark.OK, text)
        elif one.is_sensor:
            text = say("{address}: a sensor of netmon serves there already", address=one.address)
            yield CheckResult("web", Mark.OK, text)
        else:
            meaning = say("The sensor does not start while this address cannot be listened on.")
            yield CheckResult("web", Mark.PROBLEM, one.problem, meaning, "sudo ss -lptn")
