"""What the tests need of the machine: programs, fetched from Debian where that is possible, and rights."""

from __future__ import annotations

import ctypes.util
import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NETMON = (sys.executable, "-c", "import sys; from netmon.cli import main; sys.exit(main())")
"""The command `netmon`, as this checkout has it, installed or not."""

ROOT = Path(__file__).parents[1]

PACKAGES = {
    "alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
    "buildah": "buildah",
    "c++": "g++",
    "chromium": "chromium",
    "curl": "curl",
    "debootstrap": "debootstrap",
    "ethtool": "ethtool",
    "git": "git",
    "ip": "iproute2",
    "kill": "procps",
    "libpcap": "libpcap0.8",
    "ndpiReader": "libndpi-bin",
    "node": "nodejs",
    "npm": "npm",
    "openssl": "openssl",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "sudo": "sudo",
    "systemd-analyze": "systemd",
    "tc": "iproute2",
    "tcpdump": "tcpdump",
    "tcpreplay": "tcpreplay",
    "tshark": "tshark",
    "wget": "wget",
}
"""Which Debian package has a program, or a library (`lib…`)."""


def need(*programs: str) -> None:
    """Return with the programs on PATH, installed if need be; otherwise skip the test with the reason."""
    for program in programs:
        reason = _missing(program)
        if reason is not None:
            pytest.skip(reason)


def need_root() -> None:
    """Skip the test, with the reason, unless it may make network namespaces."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it makes network namespaces")
    probe = subprocess.run(
        ["unshare", "--net", "--mount", "true"], capture_output=True, text=True, check=False
    )
    if probe.returncode != 0:
        pytest.skip(f"needs the right to make network namespaces: {probe.stderr.strip()}")


def need_readable_by_all() -> None:
    """Skip the test, with the reason, unless a user without any rights may run this checkout's netmon."""
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    probe = _try(*nobody, sys.executable, "-c", "import netmon")
    if probe.returncode != 0:
        last = (probe.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"needs a checkout and an environment that everybody may read: {last}")


def _try(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


@functools.cache
def _missing(program: str) -> str | None:
    if _is_there(program):
        return None
    package = PACKAGES[program]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return f"needs {program}: install it (Debian: apt-get install {package}), or run as root on Debian"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", package]
    done = subprocess.run(install, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:  # most often because the machine's package lists are old or empty
        subprocess.run(["apt-get", "update"], env=environment, capture_output=True, check=False)
        done = subprocess.run(install, env=environment, capture_output=True, text=True, check=False)
    if _is_there(program):
        return None
    last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return f"needs {program}, and apt-get install {package} failed: {last}"


def _is_there(program: str) -> bool:
    if program.startswith("lib"):
        return ctypes.util.find_library(program.removeprefix("lib")) is not None
    return shutil.which(program) is not None
