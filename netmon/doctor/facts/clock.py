"""Whether the system's clock is synchronised, as the kernel knows it (adjtimex(2))."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass

_UNSYNCHRONISED = 0x40  # STA_UNSYNC
_BYTES = 512
"""More than a struct timex has."""


class _Timex(ctypes.Structure):
    """The beginning of struct timex."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("most_error", ctypes.c_long),
        ("error", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * _BYTES),
    )


@dataclass(frozen=True, slots=True)
class ClockState:
    """The state of the system's clock."""

    is_synchronised: bool
    most_error_s: float


def clock_state() -> ClockState | None:
    """The state; None if the kernel does not tell it."""
    if sys.maxsize < 1 << 32:  # the struct has other types there
        return None
    timex = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if state < 0:
        return None
    return ClockState(not timex.status & _UNSYNCHRONISED, timex.most_error / 1e6)
