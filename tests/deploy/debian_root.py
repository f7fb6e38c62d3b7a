"""A Debian of its own for each test: the package is installed, and what a test does there is forgotten."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deploy import packages
from tests.machine import cache, need, one_at_a_time

DEBIANS = {
    "12": ("bookworm", "bash-completion,fish,iproute2,libpcap0.8,man-db,procps,python3,systemd,zsh"),
    "13": ("trixie", "iproute2,libpcap0.8t64,man-db,procps,python3,systemd"),
}
"""Of each Debian, the name, and the packages that netmon depends on or that tests use."""
KEPT_S = 7 * 86_400  # then Debian's packages are fetched again
ENVIRONMENT = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "DEBIAN_FRONTEND": "noninteractive",
}
# In namespaces of their own: the kept root below a layer that is in memory, and no network but loopback.
MOUNT = """
mount -t tmpfs tmpfs "$0"
mkdir "$0/upper" "$0/work" "$0/root"
mount -t overlay -o "lowerdir=$1,upperdir=$0/upper,workdir=$0/work" overlay "$0/root"
mount -t proc proc "$0/root/proc"
mount --bind /dev "$0/root/dev"
ip link set lo up
echo ready
exec cat
"""


class Debian:
    """The system: commands run in it as root, without a network."""

    def __init__(self, folder: Path, holder: int) -> None:
        self.path = folder / "root"
        """Its root, which only processes in its mount namespace see."""
        self._holder = holder

    def start(self, *words: str | Path, **more: str) -> subprocess.Popen[str]:
        """A process in it."""
        return subprocess.Popen(
            self._words(*words), env=ENVIRONMENT | more, stdout=-1, stderr=-1, stdin=-3, text=True
        )

    def try_run(self, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """The result of a command."""
        return subprocess.run(
            self._words(*words),
            env=ENVIRONMENT | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def run(self, *words: str | Path, **more: str) -> str:
        """What a command prints; fails the test if the command fails."""
        done = self.try_run(*words, **more)
        assert done.returncode == 0, f"{words}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    def shell(self, script: str) -> str:
        """What a script prints."""
        return self.run("bash", "-ec", script)

    def put(self, file: Path, place: str) -> str:
        """Copies a file into it; returns the place."""
        with file.open("rb") as content:
            words = self._words("sh", "-c", 'cat >"$0"', place)
            subprocess.run(words, env=ENVIRONMENT, stdin=content, check=True)
        return place

    def _words(self, *words: str | Path) -> list[str]:
        enter = ["nsenter", f"--mount=/proc/{self._holder}/ns/mnt", f"--net=/proc/{self._holder}/ns/net"]
        return [*enter, "chroot", str(self.path), *map(str, words)]


@contextmanager
def debian(lower: Path) -> Iterator[Debian]:
    """A system that starts as another was left; skips the test if it cannot be made."""
    with tempfile.TemporaryDirectory(prefix="netmon-debian-") as name:
        holder = subprocess.Popen(
            ["unshare", "--mount", "--net", "sh", "-ec", MOUNT, name, str(lower)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if holder.stdout.readline() != "ready\n":
            pytest.skip(f"needs overlay file systems: {holder.communicate()[1].strip()}")
        try:
            yield Debian(Path(name), holder.pid)
        finally:
            holder.communicate("")


def plain_root(debian: str = "12") -> Path:
    """A plain Debian, with what the package depends on; kept for a week."""
    need("debootstrap", "ip", "nsenter")
    name, included = DEBIANS[debian]
    root = cache(f"root-{name}")
    complete = root.with_name(f"{root.name}.complete")
    with one_at_a_time("root"):
        is_kept = complete.exists() and complete.read_text(encoding="utf-8") == included
        if not is_kept or time.time() - complete.stat().st_mtime > KEPT_S:
            complete.unlink(missing_ok=True)
            shutil.rmtree(root, ignore_errors=True)
            words = ["debootstrap", "--variant=minbase", f"--include={included}", name, str(root)]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                last = (done.stderr or done.stdout).strip().splitlines()[-1]
                pytest.skip(f"needs a Debian mirror: {last}")
            complete.write_text(included, encoding="utf-8")
    return root


def installed_root(debian: str = "12") -> Path:
    """The same with the package, installed as the documentation says, without a network."""
    lower, package = plain_root(debian), packages.debian_package(debian)

    def install(folder: Path) -> None:
        root = folder / "root"
        subprocess.run(["cp", "--archive", "--reflink=auto", str(lower), str(root)], check=True)
        shutil.copy(package, root / "root" / package.name)
        command = (
            packages.documented("apt-get install").removeprefix("sudo ").replace("deb12", f"deb{debian}")
        )
        words = [
            "unshare",
            "--net",
            "--mount",
            "sh",
            "-ec",
            'mount -t proc proc "$0/proc"; exec chroot "$0" "$@"',
        ]
        words += [str(root), "sh", "-c", f"cd /root && {command}"]
        done = subprocess.run(words, env=ENVIRONMENT, stdin=-3, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]

    made_of = (*packages.PACKAGE_OF, "tests/deploy/debian_root.py")
    return packages.kept(f"system{debian}", made_of, install) / "root"


def newer_package(folder: Path, **changed: str) -> Path:
    """The package with a higher version, and with other contents of some files."""
    tree = folder / "newer"
    subprocess.run(["dpkg-deb", "--raw-extract", str(packages.debian_package()), str(tree)], check=True)
    control = tree / "DEBIAN" / "control"
    text = control.read_text(encoding="utf-8")
    control.write_text(text.replace("Version: ", "Version: 9."), encoding="utf-8")
    for name, content in changed.items():
        (tree / name).write_text(content, encoding="utf-8")
    target = folder / "newer.deb"
    words = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(target)]
    subprocess.run(words, env={**os.environ}, capture_output=True, check=True)
    return target
