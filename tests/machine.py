"""What the tests need from the machine: programs, installed from Debian if possible, and privileges."""

from __future__ import annotations

import ctypes.util
import fcntl
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NETMON = (sys.executable, "-c", "import sys; from netmon.cli import main; sys.exit(main())")
"""The command `netmon` of this checkout, installed or not."""

ROOT = Path(__file__).parents[1]

PACKAGES = {
    "alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
    "bash": "bash",
    "buildah": "buildah",
    "c++": "g++",
    "chromium": "chromium",
    "clang-14": "clang-14",
    "clickhouse-server": "clickhouse-server",
    "curl": "curl",
    "debootstrap": "debootstrap",
    "dumpcap": "wireshark-common",
    "dpkg-deb": "dpkg",
    "ethtool": "ethtool",
    "fish": "fish",
    "git": "git",
    "ip": "iproute2",
    "kill": "procps",
    "libpcap": "libpcap0.8",
    "lintian": "lintian",
    "ndpiReader": "libndpi-bin",
    "node": "nodejs",
    "npm": "npm",
    "openssl": "openssl",
    "pdfinfo": "poppler-utils",
    "pdftotext": "poppler-utils",
    "pgrep": "procps",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "rsyslogd": "rsyslog",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "sudo": "sudo",
    "systemd-analyze": "systemd",
    "systemd-socket-activate": "systemd",
    "tc": "iproute2",
    "tcpdump": "tcpdump",
    "tcpreplay": "tcpreplay",
    "tmux": "tmux",
    "tshark": "tshark",
    "valgrind": "valgrind",
    "wget": "wget",
    "zsh": "zsh",
    "zstd": "zstd",
}
"""The Debian package of each program or library (`lib…`)."""

INSTALLED: list[str] = []
"""The Debian packages that this run installed, to be reported at its end."""


def cache(name: str) -> Path:
    """A folder outside the checkout, in which tests keep what is slow to make."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "netmon-tests" / name


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Keeps other processes of a run, and other runs, from doing the same meanwhile."""
    path = cache(f"{name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def open_folder() -> Iterator[Path]:
    """A new folder that every user may enter, as a sensor does that was started as root."""
    with tempfile.TemporaryDirectory(prefix="netmon-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def need(*programs: str) -> None:
    """Makes sure that the programs are on PATH, installing them if necessary; else skips the test."""
    for program in programs:
        reason = _missing(program)
        if reason is not None:
            pytest.skip(reason)


def need_root() -> None:
    """Skips the test, with the reason, unless it may create network namespaces."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it creates network namespaces")
    probe = subprocess.run(
        ["unshare", "--net", "--mount", "true"], capture_output=True, text=True, check=False
    )
    if probe.returncode != 0:
        pytest.skip(f"needs the right to create network namespaces: {probe.stderr.strip()}")


def need_readable_by_all() -> None:
    """Skips the test, with the reason, unless an unprivileged user may run this checkout's netmon."""
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    probe = _try(*nobody, sys.executable, "-c", "import netmon")
    if probe.returncode != 0:
        last = (probe.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"needs a checkout and an environment that every user may read: {last}")


def _try(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


@functools.cache
def _missing(program: str) -> str | None:
    with one_at_a_time("installation"):  # Debian installs one package at a time
        return None if _is_there(program) else _install(program)


def _install(program: str) -> str | None:
    package = PACKAGES[program]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return f"needs {program}: install it (Debian: apt-get install {package}), or run as root on Debian"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [
        "apt-get",
        "install",
        "--yes",
        "--no-install-recommends",
        "--no-upgrade",
        "--no-remove",
        package,
    ]
    done = subprocess.run(install, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:  # usually because the machine's package lists are old or empty
        subprocess.run(["apt-get", "update"], env=environment, capture_output=True, check=False)
        done = subprocess.run(install, env=environment, capture_output=True, text=True, check=False)
    INSTALLED.extend(line.split()[2] for line in done.stdout.splitlines() if line.startswith("Setting up "))
    if _is_there(program):
        return None
    last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return f"needs {program}, and apt-get install {package} failed: {last}"


def _is_there(program: str) -> bool:
    if program.startswith("lib"):
        return ctypes.util.find_library(program.removeprefix("lib")) is not None
    return shutil.which(program) is not None
