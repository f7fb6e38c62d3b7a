"""The kernel sieve of a sensor: whether it can be used, and why not."""

from __future__ import annotations

from collections.abc import Callable

from netmon._engine import CaptureError, Sieve
from netmon.cli.options import SourceName
from netmon.config.settings import Capture, Config

_MAX_DIRECTIONS = 131_072
"""Directions of flows that the sieve has room for: 20 MiB of the kernel if all are in it."""


def load_sieve(
    settings: Config, expression: str, source: SourceName, note: Callable[[str], None]
) -> Sieve | None:
    """Loads the sieve, before privileges are given up. None, with a note, where it cannot be used."""
    if settings.capture.offload == "off":
        return None
    obstacle = _obstacle(settings, expression, source)
    if obstacle is None:
        try:
            return Sieve(_MAX_DIRECTIONS)
        except CaptureError as error:
            obstacle = str(error)
    note(_fallback(obstacle))
    return None


def usable(sieve: Sieve | None, note: Callable[[str], None]) -> Sieve | None:
    """The sieve, if it works with the privileges that are left. None, with a note, otherwise."""
    if sieve is None:
        return None
    try:
        sieve.probe()
    except CaptureError as error:
        note(_fallback(str(error)))
        return None
    return sieve


def _obstacle(settings: Config, expression: str, source: SourceName) -> str | None:
    """What in the settings the sieve cannot do."""
    if source is not SourceName.NATIVE:
        return f"--source {source.value} has none"
    if expression:
        return "a filter is given"
    if settings.capture.snaplen < Capture().snaplen:
        return f"capture.snaplen is {settings.capture.snaplen}"
    if "interface" in settings.separate_by:
        return "flows.separate_by has interface"
    return None


def _fallback(reason: str) -> str:
    return f"offload: the kernel drops no data, so the sensor reads every packet: {reason}"
