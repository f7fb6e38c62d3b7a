"""The packages under test: built once, and kept until something that they are made of changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import reuse
from tests.docs.blocks import all_blocks
from tests.machine import ROOT, cache, need, one_at_a_time
from tests.test_engine_crate import need_cargo

WHEEL_OF = (
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "netmon",
    "deploy/package/tools.py",
    "deploy/package/wheel.py",
    "engine/Cargo.*",
    "engine/THIRD-PARTY",
    "engine/bpf",
    "engine/build_backend.py",
    "engine/src",
    "tests/deploy/packages.py",
)
"""Pathspecs of git: what decides the content of the wheel."""
PACKAGE_OF = (*WHEEL_OF, "CHANGELOG.md", "netmon.yaml", "deploy")
"""The same for the Debian package."""
BUILD_TIME = "1780000000"
"""That of every package here: one that is kept was built at an earlier commit, whose files were the same."""
UNUSED_S = 3600  # another run may use what is younger
NO_INDEX = ("No matching distribution found", "Failed to fetch", "Could not connect")
"""What installers say where there is no package index."""


def kept(name: str, made_of: tuple[str, ...], make: Callable[[Path], None]) -> Path:
    """A folder that `make` has filled for the present files; those that nobody used lately are removed."""
    folder = cache("packages") / f"{name}-{reuse.files_digest(ROOT, made_of)[:16]}"
    complete = folder / "complete"
    with one_at_a_time(f"packages-{name}"):
        if not complete.exists():
            for old in folder.parent.glob(f"{name}-*"):
                if time.time() - old.stat().st_mtime > UNUSED_S:
                    shutil.rmtree(old)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            make(folder)
            complete.touch()
    os.utime(folder)
    return folder


def build(module: str, out: Path, *words: str | Path) -> Path:
    """Builds a package as a maintainer does; its path is what the builder prints."""
    work = cache("packages") / "work"
    done = subprocess.run(
        [sys.executable, "-m", f"deploy.package.{module}", "--out", str(out), *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "NETMON_BUILD": str(work), "SOURCE_DATE_EPOCH": BUILD_TIME},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-4000:]
    return Path(done.stdout.strip())


def wheel() -> Path:
    """The wheel for x86-64."""
    need_cargo()
    folder = kept("wheel", WHEEL_OF, lambda out: build("wheel", out) and None)
    [path] = folder.glob("*.whl")
    return path


def debian_package(debian: str = "12") -> Path:
    """The package for a Debian."""
    need("dpkg-deb")
    words = ("--wheel", wheel(), "--debian", debian)
    folder = kept(f"debian{debian}", PACKAGE_OF, lambda out: build("debian", out, *words) and None)
    [path] = folder.glob("*.deb")
    return path


def documented(*words: str) -> str:
    """The command of the page about installing that contains these words."""
    commands = [
        command.text
        for block in all_blocks()
        if block.document == Path("docs/install.md")
        for command in block.commands
        if all(word in command.text for word in words)
    ]
    assert len(commands) == 1, commands
    return commands[0]


class Machine:
    """A user's machine that has Python and no other program: no Rust, no C compiler, nothing in the home."""

    def __init__(self, folder: Path) -> None:
        self.home, self.programs = folder / "home", folder / "programs"
        for path in (self.home, self.programs):
            path.mkdir()
        self.has("python3", sys._base_executable)
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("PIP_", "UV_"))
            or name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY")
        }
        self.environment |= {"HOME": str(self.home), "LANG": "C.UTF-8", "PATH": str(self.programs)}
        # Nothing is compiled, and no other Python is fetched.
        self.environment |= {"PIP_ONLY_BINARY": ":all:", "UV_NO_BUILD": "1", "UV_PYTHON_DOWNLOADS": "never"}

    def has(self, name: str, program: str | Path) -> None:
        """Puts a program on the PATH, from which it finds its own files."""
        path = self.programs / name
        path.write_text(f'#!/bin/sh\nexec "{program}" "$@"\n', encoding="utf-8")
        path.chmod(0o755)

    def run(self, *words: str | Path, **more: str) -> str:
        """What a command prints; fails the test if the command fails."""
        done = self.try_run(*words, **more)
        assert done.returncode == 0, f"{words}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    def try_run(self, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """The result of a command."""
        return subprocess.run(
            [str(word) for word in words],
            cwd=self.home,
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def follow(self, *words: str) -> None:
        """Runs the command of the page about installing that has these words, with the wheel at hand."""
        package = wheel()
        shutil.copy(package, self.home / package.name)
        done = self.try_run("/bin/sh", "-c", documented(*words))
        if any(one in done.stderr for one in NO_INDEX):
            pytest.skip(f"needs a package index: {done.stderr.strip().splitlines()[-1]}")
        assert done.returncode == 0, done.stderr
