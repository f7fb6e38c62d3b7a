"""The Debian package in a Debian of its own: what it installs, and what is left when it goes."""

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from deploy.package import copyright as licences
from deploy.package import debian as builder
from deploy.package.notices import linked_crates
from netmon.cli.app import app
from netmon.cli.commands import Deferred
from tests.deploy import packages
from tests.deploy.debian_root import debian, installed_root, newer_package, plain_root
from tests.docs.blocks import all_blocks
from tests.machine import ROOT, need

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.reuse(
        *packages.PACKAGE_OF, "tests/deploy/debian_root.py", "tests/deploy/test_deploy_debian.py"
    ),
]

DEMO = ROOT / "netmon" / "data" / "demo.pcap"
APT = ("apt-get", "-qq", "--yes")
CONFIGURATION = "/etc/netmon/netmon.yaml"
FORGET = "! -path '/proc/*' ! -path '/dev/*' ! -path '/tmp/*' ! -path '/var/cache/*' ! -path '/var/log/*'"


on_each_debian = pytest.mark.parametrize("system", list(builder.RELEASES), indirect=True)


@pytest.fixture
def system(request):
    """A Debian on which the package is installed: 12, or the one that the test names."""
    with debian(installed_root(getattr(request, "param", "12"))) as one:
        yield one


@pytest.fixture(scope="module")
def package():
    return packages.debian_package()


def files(system, folder="/"):
    """Every file of a system, apart from what is fleeting."""
    return set(system.shell(f"find {folder} -xdev {FORGET}").splitlines())


def commands(path=("netmon",), listed=app):
    """Every command, as words."""
    yield path
    command = listed.load() if isinstance(listed, Deferred) else listed
    for name, child in getattr(command, "commands", {}).items():
        yield from commands((*path, name), child)


@on_each_debian
@pytest.mark.parametrize("start", ["netmon demo", "netmon read --country DE"])
def test_it_gives_the_answer_of_the_readme(system, start):
    """As an ordinary user without a network, the demo and the capture show what README shows."""
    system.put(DEMO, "/tmp/office.pcap")
    [shown] = [
        command
        for block in all_blocks()
        if block.document == Path("README.md")
        for command in block.commands
        if command.text.startswith(start)
    ]
    user = "setpriv --reuid=65534 --regid=65534 --clear-groups"
    done = system.try_run("sh", "-c", f"cd /tmp && {user} {shown.text} 2>&1")
    assert done.returncode in (0, 3)
    assert shown.matches(done.stdout), done.stdout


def test_no_module_of_others_is_imported(system):
    """Neither a module in the current folder, nor one of the user or of the system, replaces its own."""
    broken = "raise SystemExit('wrong module')"
    system.shell(
        "mkdir -p /usr/lib/python3/dist-packages /tmp/here; cd /tmp/here; "
        f'for place in . /usr/lib/python3/dist-packages; do echo "{broken}" >$place/yaml.py; done; '
        "PYTHONPATH=/tmp/here netmon demo"
    )


@on_each_debian
def test_files_are_as_dpkg_knows_them(system):
    """dpkg finds nothing changed after the installation, and nobody but root may write to the program."""
    assert system.run("dpkg", "--verify", "netmon") == ""
    assert system.shell("find /usr/lib/netmon ! -type l -perm /022") == ""
    assert system.shell("find /usr/lib/netmon ! -user root") == ""
    assert system.shell("find /usr/lib/netmon -name '*.pyc' | head -1") != ""
    status = "dpkg-query --show --showformat '${Status}' netmon"
    assert system.shell(status) == "install ok installed"


def test_the_sensor_has_a_user_and_a_folder(system):
    """The user cannot log in; only this user reads the state."""
    name, _, uid, _, _, home, shell = system.run("getent", "passwd", "netmon").strip().split(":")
    assert (name, home, shell) == ("netmon", "/var/lib/netmon", "/usr/sbin/nologin")
    assert 0 < int(uid) < 1000
    assert system.run("stat", "--format=%U %G %a", "/var/lib/netmon") == "netmon netmon 700\n"


@on_each_debian
def test_the_sensor_runs_as_its_user(system):
    """Started as root with the package's configuration, it captures as the user netmon."""
    system.shell(
        f"sed -i 's/interfaces: \\[\\]/interfaces: [port]/' {CONFIGURATION}; "
        "ip link add port type veth peer name end; ip link set port up; ip link set end up"
    )
    sensor = system.start("netmon", "run")
    try:
        assert sensor.stderr.readline() == "netmon: watching port; metrics: http://127.0.0.1:10977/metrics\n"
        status = Path(f"/proc/{sensor.pid}/status").read_text(encoding="utf-8")
        uid = system.run("id", "--user", "netmon").strip()
        assert f"\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in status
    finally:
        sensor.terminate()
        sensor.communicate(timeout=30)
    assert sensor.returncode == 0
    assert "netmon netmon" in system.shell("stat --format='%U %G' /var/lib/netmon/*")


@on_each_debian
def test_systemd_accepts_the_units(system):
    """They have no invalid setting, their programs and manual pages exist; none is started by itself."""
    units = [f"/usr/lib/systemd/system/{name}" for name in builder.MANUAL]
    done = system.try_run("systemd-analyze", "verify", "--man=yes", *units)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert system.shell("find /etc/systemd/system -name 'netmon*'") == ""


@pytest.mark.parametrize(("unit", "most"), [("netmon.service", 20), ("netmon-forward.service", 15)])
def test_units_are_as_restricted_as_those_of_the_repository(system, unit, most):
    """With a user of their own instead of a dynamic one, systemd computes the same low exposure."""
    place = f"/usr/lib/systemd/system/{unit}"
    system.run("systemd-analyze", "security", "--offline=true", f"--threshold={most}", place)
    text = system.run("cat", place)
    assert "DynamicUser" not in text
    assert "\nUser=netmon\n" in text
    assert "/opt/" not in text


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_each_command_has_a_manual_page(system, path):
    """`man` finds it, formats it without a warning, and it has the options of `--help`."""
    name = "-".join(path)
    done = system.try_run("man", "--warnings", name, MANWIDTH="200")
    assert (done.returncode, done.stderr) == (0, "")
    flat = " ".join(done.stdout.split())
    assert f"{name} - " in flat
    options = system.run(*path, "--help", COLUMNS="200", NO_COLOR="1")
    named = {line.split()[0].strip(",") for line in options.splitlines() if line.strip().startswith("-")}
    assert {option for option in named if option not in flat} == set()


def test_shells_complete_commands(system):
    """bash, fish and zsh find the script by the name of the command, and offer the command that begins so."""
    bash = (
        ". /usr/share/bash-completion/bash_completion; _completion_loader netmon || true; "
        "COMP_WORDS=(netmon rep); COMP_CWORD=1; COMP_LINE='netmon rep'; COMP_POINT=10; "
        '_netmon_completion netmon; echo "${COMPREPLY[@]}"'
    )
    assert system.run("bash", "-c", bash).split() == ["report"]
    assert system.run("fish", "-c", "complete -C 'netmon rep'").split()[0] == "report"
    zsh = "autoload -Uz compinit; compinit -u -D; echo $_comps[netmon]"
    assert system.run("zsh", "-fc", zsh).strip() == "_netmon"
    offered = system.run("netmon", _NETMON_COMPLETE="zsh_complete", COMP_WORDS="netmon rep", COMP_CWORD="1")
    assert "report" in offered


def test_upgrade_keeps_configuration_and_state(system, tmp_path):
    """The administrator's file and the state are kept without a question; the new program is there."""
    system.shell(f"echo 'sensor: {{name: bern}}' >{CONFIGURATION}; echo kept >/var/lib/netmon/flows.db")
    system.put(newer_package(tmp_path), "/root/newer.deb")
    system.run(*APT, "install", "/root/newer.deb")
    assert system.shell("dpkg-query --show --showformat '${Version}' netmon").startswith("9.")
    assert system.run("cat", CONFIGURATION) == "sensor: {name: bern}\n"
    assert system.run("cat", "/var/lib/netmon/flows.db") == "kept\n"
    assert "unexpected" in system.run("netmon", "demo")


def test_upgrade_does_not_replace_a_changed_configuration(system, tmp_path):
    """If the new package has another default, the administrator's file stays; dpkg puts its own beside it."""
    system.shell(f"echo 'sensor: {{name: bern}}' >{CONFIGURATION}")
    newer = newer_package(tmp_path, **{CONFIGURATION.lstrip("/"): "capture: {interfaces: []}\n"})
    system.put(newer, "/root/newer.deb")
    system.run(*APT, "--option", "Dpkg::Options::=--force-confold", "install", "/root/newer.deb")
    assert system.run("cat", CONFIGURATION) == "sensor: {name: bern}\n"
    assert system.run("cat", f"{CONFIGURATION}.dpkg-dist") == "capture: {interfaces: []}\n"


@on_each_debian
def test_removal_keeps_configuration_and_state(system):
    """What the administrator and the sensor wrote is kept; of the program nothing is left."""
    system.shell(
        f"echo '# mine' >>{CONFIGURATION}; echo kept >/var/lib/netmon/flows.db; "
        "cd /usr/lib/netmon/lib/python3*/site-packages; touch added.py; netmon --version"
    )
    remove = packages.documented("apt-get remove").removeprefix("sudo ")
    system.run(*remove.replace("apt-get", "apt-get --yes").split())
    assert system.shell("ls -d /usr/lib/netmon /usr/bin/netmon 2>/dev/null || true") == ""
    assert "# mine" in system.run("cat", CONFIGURATION)
    assert system.run("cat", "/var/lib/netmon/flows.db") == "kept\n"


def test_purge_leaves_nothing_but_the_user():
    """After install, use, enabling, removal and purge, the files are those from before the installation."""
    with debian(plain_root()) as plain:
        before = files(plain)
    with debian(installed_root()) as system:
        system.shell(
            "netmon demo >/dev/null; echo kept >/var/lib/netmon/flows.db; "
            "systemctl enable netmon.service netmon.socket"
        )
        assert "signatures-" in system.run("ls", "/var/cache/netmon")
        system.run(*APT, "purge", "netmon")
        after = files(system)
        left = {path for path in after - before if "netmon" in path}
        assert left <= {f"/root/{packages.debian_package().name}"}
        assert "netmon" not in system.run("ls", "/var/cache")
        assert {path for path in before - after if "/usr/share" in path} == set()
        assert "netmon" in system.run("getent", "passwd", "netmon")


def test_a_folder_with_files_of_the_administrator_outlives_a_purge(system):
    """A certificate in /etc/netmon is not the package's to remove."""
    system.shell("echo mine >/etc/netmon/key.pem")
    system.run(*APT, "purge", "netmon")
    assert system.run("ls", "/etc/netmon") == "key.pem\n"


def test_running_services_are_restarted_by_an_upgrade(system, tmp_path):
    """Under systemd, an upgrade restarts what runs and starts nothing; a removal stops it."""
    system.put(newer_package(tmp_path), "/root/newer.deb")
    system.shell(
        "mkdir -p /run/systemd/system; for name in systemctl deb-systemd-invoke; do rm /usr/bin/$name; "
        "printf '#!/bin/sh\necho \"${0##*/} $*\" >>/calls\n' >/usr/bin/$name; chmod 755 /usr/bin/$name; done"
    )
    system.run(*APT, "install", "/root/newer.deb")
    assert calls(system) == [
        "systemctl --system daemon-reload",
        "deb-systemd-invoke try-restart netmon.service netmon-forward.service",
    ]
    system.run(*APT, "remove", "netmon")
    assert calls(system) == [
        "deb-systemd-invoke stop netmon.service netmon.socket netmon-forward.service",
        "systemctl --system daemon-reload",
    ]


def calls(system):
    """What was asked of systemd since the last time."""
    return system.shell("cat /calls; rm /calls").splitlines()


def test_maintainer_scripts_can_run_twice(system):
    """A step that is repeated, as after an interrupted installation, changes nothing and does not fail."""
    script = "/var/lib/dpkg/info/netmon"
    before = files(system) | {system.run("getent", "passwd", "netmon")}
    for _ in range(2):
        system.run("sh", f"{script}.postinst", "configure", "")
    assert files(system) | {system.run("getent", "passwd", "netmon")} == before
    system.run("cp", f"{script}.postrm", "/tmp/postrm")
    for step in ("prerm remove", "postrm remove", "postrm purge"):
        name, argument = step.split()
        for _ in range(2):
            system.run("sh", "/tmp/postrm" if name == "postrm" else f"{script}.{name}", argument)


def test_installing_again_after_a_purge_works(system):
    """The user that stayed is taken over."""
    system.run(*APT, "purge", "netmon")
    system.run(*APT, "install", f"/root/{packages.debian_package().name}")
    assert "unexpected" in system.run("netmon", "demo")
    assert system.run("stat", "--format=%U", "/var/lib/netmon") == "netmon\n"


@on_each_debian
def test_its_configuration_is_valid(system):
    """`netmon check` finds it and reports no error; the example with all settings is valid as well."""
    assert f"configuration: {CONFIGURATION}" in system.run("netmon", "check")
    system.run("netmon", "check", "--config", "/usr/share/doc/netmon/netmon.yaml")


def test_lintian_reports_nothing(package):
    """Debian's own checker finds no error and no warning; the overrides say why they are there."""
    need("lintian")
    words = ["lintian", "--allow-root", "--profile", "debian", "--fail-on", "error,warning", package]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    lines = (builder.SOURCES / "lintian-overrides").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")


def test_licences_of_everything_are_in_the_copyright_file(system):
    """Each bundled Python package and each crate is named with its licence; each pattern matches a file."""
    text = system.run("cat", "/usr/share/doc/netmon/copyright")
    where = "/usr/lib/netmon/lib/python3.11/site-packages"
    found = json.loads(
        system.run(
            "/usr/lib/netmon/bin/python3",
            "-c",
            "import importlib.metadata as m, json; "
            "print(json.dumps([[d.name, d.version] for d in m.distributions()]))",
        )
    )
    assert ["netmon-egress", packages.wheel().name.split("-")[1]] in found
    for name, version in found:
        assert name == licences.OWN or f" {name} {version}, " in text, name
    for crate in linked_crates():
        assert f" {crate.name} {crate.version}: {crate.chosen}" in text, crate.name
    patterns = [word for line in text.splitlines() if line.startswith("Files: ") for word in line.split()[1:]]
    for pattern in patterns[1:]:
        assert pattern.startswith(where.lstrip("/"))
        assert system.shell(f"ls -d /{pattern}"), pattern


def test_the_same_inputs_give_the_same_file(package, tmp_path):
    """Built a second time from the same wheel, it is the same, byte by byte."""
    again = packages.build("debian", tmp_path, "--wheel", packages.wheel())
    assert again.read_bytes() == package.read_bytes()


def test_requirements_are_those_of_netmon():
    """The pinned versions have hashes and satisfy pyproject.toml; docs/install.md tells how to renew them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = builder.REQUIREMENTS.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pinned = dict(line.split()[0].split("==") for line in lines)
    assert all("--hash=sha256:" in line for line in lines)
    for wanted in map(Requirement, project["dependencies"]):
        assert pinned[wanted.name.lower()] in wanted.specifier, wanted


@pytest.mark.parametrize(
    ("version", "expected"), [("0.1.0", "0.1.0-1+deb12"), ("0.2.0-rc.1", "0.2.0~rc.1-1+deb12")]
)
def test_candidates_sort_before_their_release(tmp_path, monkeypatch, version, expected):
    """A version of the engine becomes one of Debian."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "Cargo.toml").write_text(f'[package]\nversion = "{version}"\n')
    monkeypatch.setattr(builder, "ROOT", tmp_path)
    assert builder.debian_version("12") == expected


def test_a_missing_dpkg_is_reported(tmp_path, monkeypatch):
    """Elsewhere than on Debian, one line says what is missing."""
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(builder.BuildError, match=r"dpkg-deb is needed .*apt-get install dpkg"):
        builder.build_package(tmp_path / "a.whl", "12", tmp_path)
