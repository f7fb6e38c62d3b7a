"""libpcap, which compiles filter expressions."""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache
from typing import Final

from netmon.errors import SourceError

# libpcap uses the same numbers as capture files, except for raw IP.
_LIBPCAP_LINK: Final = {101: 12, 14: 12}

_UNKNOWN_NETMASK: Final = 0xFFFFFFFF  # PCAP_NETMASK_UNKNOWN


class _Instruction(ctypes.Structure):
    """`struct bpf_insn`."""

    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jt", ctypes.c_ubyte),
        ("jf", ctypes.c_ubyte),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    """`struct bpf_program`."""

    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.POINTER(_Instruction)))


@cache
def compile_text(text: str, expression: str, link: int, snaplen: int) -> list[tuple[int, int, int, int]]:
    """The instructions of a text, made from an expression that errors name. Raises SourceError."""
    libpcap = _libpcap()
    handle = libpcap.pcap_open_dead(_LIBPCAP_LINK.get(link, link), snaplen)
    if not handle:
        raise SourceError(f"filter {expression!r}: libpcap is out of memory")
    try:
        program = _Program()
        result = libpcap.pcap_compile(handle, ctypes.byref(program), text.encode(), 1, _UNKNOWN_NETMASK)
        if result != 0:
            message = libpcap.pcap_geterr(handle).decode(errors="replace")
            raise SourceError(f"filter {expression!r}: {message}")
        try:
            instructions = program.instructions[: program.length]
            return [(each.code, each.jt, each.jf, each.k) for each in instructions]
        finally:
            libpcap.pcap_freecode(ctypes.byref(program))
    finally:
        libpcap.pcap_close(handle)


@cache
def _libpcap() -> ctypes.CDLL:
    """The library, with the types of its functions declared."""
    name = ctypes.util.find_library("pcap") or "libpcap.so.0.8"
    try:
        libpcap = ctypes.CDLL(name)
    except OSError as error:
        raise SourceError(
            "filter expressions need libpcap, which is not installed; on Debian: apt-get install libpcap0.8"
        ) from error
    handle, program = ctypes.c_void_p, ctypes.POINTER(_Program)
    libpcap.pcap_open_dead.argtypes = [ctypes.c_int, ctypes.c_int]
    libpcap.pcap_open_dead.restype = handle
    libpcap.pcap_compile.argtypes = [handle, program, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint32]
    libpcap.pcap_compile.restype = ctypes.c_int
    libpcap.pcap_geterr.argtypes = [handle]
    libpcap.pcap_geterr.restype = ctypes.c_char_p
    libpcap.pcap_freecode.argtypes = [program]
    libpcap.pcap_freecode.restype = None
    libpcap.pcap_close.argtypes = [handle]
    libpcap.pcap_close.restype = None
    return libpcap
