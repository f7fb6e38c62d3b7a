"""Grafana's libraries, installed in a folder outside the checkout, so that later runs are quick."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests import machine
from tests.machine import need

SOURCES = Path(__file__).parent
OLDEST_NODE = 18


def packages() -> Path:
    """The folder with `node_modules`; skips the test, with the reason, if they cannot be installed."""
    need("node", "npm")
    folder, reason = _install()
    if reason is not None:
        pytest.skip(reason)
    return folder


def node(folder: Path, program: str, *words: str) -> str:
    """The output of a program of `node_modules`; fails the test if the program fails."""
    command = [str(folder / "node_modules" / ".bin" / program), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def content_hash(*contents: bytes) -> str:
    """A name for a file that depends on contents only."""
    return hashlib.sha256(b"\0".join(contents)).hexdigest()[:12]


@cache
def _install() -> tuple[Path, str | None]:
    with machine.one_at_a_time("packages"):
        return _install_once()


def _install_once() -> tuple[Path, str | None]:
    found = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    if int(found.strip().lstrip("v").partition(".")[0] or 0) < OLDEST_NODE:
        return Path(), f"needs Node {OLDEST_NODE} or newer, found {found.strip() or 'none that works'}"
    package = (SOURCES / "package.json").read_bytes()
    folder = machine.cache(content_hash(package))
    if (folder / "complete").exists():
        return folder, None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_bytes(package)
    quietly = ("--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
    soon = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=2000")
    words = ["npm", "install", *quietly, *soon]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        first = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        return folder, f"needs Grafana's libraries, and npm install failed: {first}"
    (folder / "complete").touch()
    return folder, None
