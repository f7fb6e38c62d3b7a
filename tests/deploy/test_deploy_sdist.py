"""The source distribution: built as the workflow does, and installed in an environment without anything."""

import os
import shutil
import subprocess
import sys
import venv

import pytest
import yaml

from deploy.package import tools
from tests.deploy import packages
from tests.machine import ROOT, cache
from tests.test_engine_crate import need_cargo

WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))


def run(*words, **environment):
    done = subprocess.run(
        [str(word) for word in words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if any(one in done.stderr for one in packages.NO_INDEX):
        pytest.skip(f"needs a package index: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.reuse(*packages.WHEEL_OF, ".github/workflows/release.yml", "tests/deploy/test_deploy_sdist.py")
def test_it_installs_in_an_empty_environment(tmp_path, monkeypatch):
    """pip compiles it, and the demo gives its result."""
    need_cargo()
    work = cache("packages") / "work"
    monkeypatch.setenv("NETMON_BUILD", str(work))
    scripts = " ".join(step.get("run", "") for step in WORKFLOW["jobs"]["sdist"]["steps"])
    assert "pip install 'maturin>=1.9,<2'" in scripts
    assert "maturin sdist --out dist" in scripts
    maturin = tools.python_with("sdist", "maturin>=1.9,<2")
    run(maturin, "-m", "maturin", "sdist", "--out", tmp_path)
    [made] = tmp_path.glob("netmon_egress-*.tar.gz")
    venv.create(tmp_path / "user", with_pip=True)
    # Compiled crates are kept between runs, since another folder changes nothing in them.
    target = work / "target-sdist"
    # Files of a source distribution are all of one age, by which cargo would see no change of netmon's own.
    for kept in target.glob("*/.fingerprint/netmon-engine-*"):
        shutil.rmtree(kept)
    run(tmp_path / "user/bin/python", "-m", "pip", "install", "--quiet", made, CARGO_TARGET_DIR=str(target))
    shown = run(tmp_path / "user/bin/netmon", "demo", PYTHONPATH="", PYTHONSAFEPATH="1")
    assert "Critical findings: 4 flows of kaspersky (reputation) to Moscow, RU." in shown
    where = run(
        tmp_path / "user/bin/python", "-c", "import netmon; print(netmon.__file__)", PYTHONSAFEPATH="1"
    )
    assert str(tmp_path) in where
    assert sys.prefix not in where
