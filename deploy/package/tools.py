"""What building a package needs: programs from PyPI in environments of their own, and a lasting date."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"


class BuildError(Exception):
    """A package cannot be built; the message says why, and what to do."""


def work_folder() -> Path:
    """Where environments and intermediate results are kept: `$NETMON_BUILD`, or `dist/work`."""
    return Path(os.environ.get("NETMON_BUILD") or DIST / "work")


def run(words: Sequence[str | Path], **environment: str) -> None:
    """Runs a program in the repository; its output goes to standard error. Raises BuildError."""
    command = [str(word) for word in words]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=sys.stderr, check=False
    )
    if done.returncode != 0:
        raise BuildError(f"{Path(command[0]).name} failed with exit code {done.returncode}, see above")


def output_of(words: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> str:
    """What a program in the repository prints. Raises BuildError."""
    command = [str(word) for word in words]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise BuildError(f"{command[0]} is needed and was not found: install it") from None
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise BuildError(f"{' '.join(command[:2])} failed: {last}")
    return done.stdout


def python_with(name: str, *requirements: str) -> Path:
    """The Python of an environment with these packages, made unless it is there. Raises BuildError."""
    folder = work_folder() / name
    python, complete = folder / "bin" / "python", folder / "complete"
    wanted = "\n".join((sys.version, *requirements))
    if not complete.is_file() or complete.read_text(encoding="utf-8") != wanted:
        venv.create(folder, with_pip=True, clear=True)
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements])
        complete.write_text(wanted, encoding="utf-8")
    return python


def build_time() -> int:
    """The time that packages carry, so that builds are equal: `$SOURCE_DATE_EPOCH`, or the last commit's."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    try:
        return int(output_of(["git", "log", "-1", "--format=%ct"]))
    except (BuildError, ValueError):  # a source distribution has no history
        return int(time.time())
