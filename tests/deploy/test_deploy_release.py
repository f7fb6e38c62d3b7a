"""The workflow that builds a release: valid, without secrets, and honest about what was tested."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.package import release
from deploy.package.debian import RELEASES, debian_version
from deploy.package.tools import BuildError
from deploy.package.wheel import TARGETS, TESTED
from tests.machine import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"
TEXT = WORKFLOW.read_text(encoding="utf-8")
JOBS = yaml.safe_load(TEXT)["jobs"]
FILES = (
    "netmon_egress-0.1.0-cp311-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    "netmon_egress-0.1.0-cp311-abi3-manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
    "netmon_egress-0.1.0-cp311-abi3-musllinux_1_2_x86_64.whl",
    "netmon_egress-0.1.0-cp311-abi3-musllinux_1_2_aarch64.whl",
    "netmon_egress-0.1.0.tar.gz",
    *(f"netmon_{debian_version(debian)}_amd64.deb" for debian in RELEASES),
)


@pytest.fixture
def folder(tmp_path):
    """The files of a release, without their content."""
    for name in FILES:
        (tmp_path / name).write_text(name, encoding="utf-8")
    return tmp_path


def steps():
    """Every step of every job."""
    return [step for job in JOBS.values() for step in job["steps"]]


def test_schema():
    """It is valid by the schema of workflows."""
    words = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        WORKFLOW,
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_of_workflows_reports_nothing():
    """zizmor, which knows expressions and rights, has no finding; it asks no network."""
    words = [Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress", WORKFLOW]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_no_secret():
    """It works with the identity of the run alone."""
    assert re.search(r"\$\{\{[^}]*secrets", TEXT) is None
    assert "password" not in TEXT.lower()


def test_each_job_has_only_the_rights_it_needs():
    """None by default; building reads, only publishing writes; no step keeps credentials in the checkout."""
    assert yaml.safe_load(TEXT)["permissions"] == {}
    for name, job in JOBS.items():
        written = {right for right, value in job["permissions"].items() if value == "write"}
        assert written == ({"contents", "id-token", "attestations"} if name == "publish" else set())
        assert 0 < job["timeout-minutes"] <= 30
    for step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_actions_are_pinned():
    """Each is named by its commit, so that a moved tag changes nothing, with its version beside it."""
    used = re.findall(r"uses: (.*)", TEXT)
    assert used
    assert [
        one for one in used if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)
    ] == []


def test_no_value_of_the_event_is_part_of_a_script():
    """A tag may have any name: scripts get it from the environment, never as text."""
    assert [step["run"] for step in steps() if "${{" in step.get("run", "")] == []


def test_a_wheel_is_built_for_every_target():
    """The matrix has the targets of the builder."""
    assert JOBS["wheel"]["strategy"]["matrix"]["target"] == list(TARGETS)


def test_a_package_is_built_for_every_debian():
    """The matrix has the releases of the builder."""
    assert JOBS["debian"]["strategy"]["matrix"]["debian"] == list(RELEASES)


def test_modules_that_it_starts_exist():
    """Each `python3 -m deploy…` of a script is there."""
    modules = {name for step in steps() for name in re.findall(r"-m (deploy\.[\w.]+)", step.get("run", ""))}
    assert modules == {"deploy.package.wheel", "deploy.package.debian", "deploy.package.release"}
    for name in modules:
        assert (ROOT / (name.replace(".", "/") + ".py")).is_file()


def test_only_what_was_tried_is_published():
    """Publishing waits for every other job, and happens for a tag only, as a draft."""
    assert set(JOBS["publish"]["needs"]) == set(JOBS) - {"publish"}
    assert JOBS["publish"]["if"] == "github.event_name == 'push'"
    assert any("gh release create" in step.get("run", "") and "--draft" in step["run"] for step in steps())


def test_what_is_called_tested_is_tried(folder):
    """Each kind of file that the notes call tested is installed by a job, which then runs the demo."""
    tried = {"wheel": "try", "source": "sdist", "Debian": "debian"}
    called = {kind.purpose.split()[0] for kind in release.kinds() if kind.is_tested}
    assert called == set(tried)
    for job in tried.values():
        scripts = " ".join(step.get("run", "") for step in JOBS[job]["steps"])
        assert re.search(r"install .*dist/", scripts), job
        assert re.search(r"netmon\S* demo", scripts), job


def test_scripts_are_valid_shell():
    """sh accepts each script."""
    for step in steps():
        if "run" in step:
            done = subprocess.run(
                ["bash", "-n"], input=step["run"], capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stderr) == (0, ""), step["run"]


def test_notes_say_what_was_not_tested(folder):
    """The wheels for aarch64 and musl are marked; everything else is tested."""
    rows = [line for line in release.describe(folder).splitlines() if line.startswith("| `")]
    assert len(rows) == len(FILES)
    untested = [row for row in rows if "**no: built only**" in row]
    assert len(untested) == len(TARGETS) - 1
    assert all("aarch64" in row or "musl" in row for row in untested)
    assert [kind.is_tested for kind in release.kinds() if TESTED in kind.purpose] == [True]


def test_checksums_are_those_of_the_files(folder):
    """sha256sum accepts them, and notices a changed file; they can be written again."""
    release.describe(folder)
    release.describe(folder)
    check = [shutil.which("sha256sum"), "--check", "--quiet", release.CHECKSUMS]
    assert subprocess.run(check, cwd=folder, check=False).returncode == 0
    (folder / FILES[0]).write_text("changed", encoding="utf-8")
    assert subprocess.run(check, cwd=folder, capture_output=True, check=False).returncode != 0


def test_an_incomplete_release_is_refused(folder):
    """A missing file, two of a kind, or a file that does not belong there: the message names it."""
    (folder / FILES[2]).unlink()
    with pytest.raises(BuildError, match=r"0 files netmon_egress-\*-musllinux\*_x86_64\.whl"):
        release.describe(folder)
    (folder / FILES[2]).touch()
    (folder / FILES[4].replace("0.1.0", "0.0.9")).touch()
    with pytest.raises(BuildError, match=r"2 files netmon_egress-\*\.tar\.gz"):
        release.describe(folder)
    (folder / FILES[4].replace("0.1.0", "0.0.9")).rename(folder / "notes.txt")
    with pytest.raises(BuildError, match=r"not part of a release: notes\.txt"):
        release.describe(folder)
