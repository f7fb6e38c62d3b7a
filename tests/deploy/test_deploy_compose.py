"""The compose file: its schema, its mounts, and each program's own check of its configuration."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from grafana.src import build
from netmon.web.options import DEFAULT_PORT
from tests.machine import need

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
FILE = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
SERVICES = FILE["services"]
DATASOURCES = ROOT / "grafana" / "provisioning" / "datasources" / "netmon.yaml"
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?+])((?:[^{}]|\{[^{}]*\})*))?\}")


def interpolate(text, **environment):
    """The value of `${NAME}`, `${NAME:-default}`, `${NAME:+instead}` and `${NAME:?error}`, as in Compose."""

    def value(found):
        name, sign, other = found.groups()
        given = environment.get(name)
        if sign == "+":
            return interpolate(other, **environment) if given else ""
        if not given:
            assert sign != "?", other
            return other or ""
        return given

    return VARIABLE.sub(value, text)


def datasources(file):
    """The data sources in a provisioning file."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))["datasources"]


def mounts(service, **environment):
    """The source and target of each volume of a service."""
    for volume in SERVICES[service].get("volumes", []):
        source, target, *_ = interpolate(volume, **environment).split(":")
        yield source, Path(target)


def lay_out(service, folder):
    """Links the bind mounts of a service below a folder, at their paths in the container."""
    for source, target in mounts(service):
        if source.startswith("."):
            place = folder / target.relative_to("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to((DEPLOY / source).resolve())
    return folder


def option(service, name):
    """The value of a command-line option of a service."""
    [value] = [word.partition("=")[2] for word in SERVICES[service]["command"] if word.startswith(name + "=")]
    return value


def run(*words):
    """The output of a checker; fails the test if it reports an error."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_schema():
    """It is valid by the schema of the Compose specification."""
    run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_everything_mounted_exists():
    """Each mounted path is in the repository, and each named volume is declared."""
    named = set()
    for service in SERVICES:
        for source, _ in mounts(service):
            if source.startswith("."):
                assert (DEPLOY / source).exists(), f"{service}: {source}"
            else:
                named.add(source)
    assert named == set(FILE["volumes"])


def test_images_have_a_fixed_version():
    """Every image has a pinned version, and netmon's is the current one."""
    package = tomllib.loads((ROOT / "engine" / "Cargo.toml").read_text(encoding="utf-8"))["package"]
    images = {name: service["image"] for name, service in SERVICES.items()}
    assert {images.pop("netmon"), images.pop("receiver")} == {f"netmon:{package['version']}"}
    assert all(re.fullmatch(r"docker\.io/\w+/\w+:v?\d+\.\d+\.\d+", image) for image in images.values()), (
        images
    )


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_only_the_rights_it_needs(name):
    """No capabilities but the sensor's, no escalation, only volumes writable; restarted when it ends."""
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_RAW", "SETGID", "SETUID"] if name == "netmon" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["restart"] == "unless-stopped"
    assert not {"privileged", "ports", "pid"} & set(service)
    assert service.get("user") == (
        "65534:65534" if name == "receiver" else None
    )  # nobody; its image has root
    if name != "netmon":  # whose health check is in the image
        assert service["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_bounds(name):
    """Memory (without swap), processes and the size of the log are bounded."""
    service = SERVICES[name]
    assert re.fullmatch("[0-9]+[mg]", service["mem_limit"])
    assert service["memswap_limit"] == service["mem_limit"]
    assert 0 < service["pids_limit"] <= 512
    assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "5"}}


def test_services_listen_only_on_this_host():
    """On the host's network, every service listens on 127.0.0.1 only."""
    assert {service["network_mode"] for service in SERVICES.values()} == {"host"}
    assert option("prometheus", "--web.listen-address") == "127.0.0.1:9090"
    assert option("alertmanager", "--web.listen-address") == "127.0.0.1:9093"
    assert option("alertmanager", "--cluster.listen-address") == ""
    assert option("receiver", "--listen").startswith("127.0.0.1:")
    assert SERVICES["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert "--web.listen-address" not in SERVICES["netmon"]["command"]  # netmon's own default is 127.0.0.1


def test_there_is_no_secret():
    """Grafana has no accounts, so no password is needed, and none is in the file."""
    grafana = SERVICES["grafana"]["environment"]
    assert grafana["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert grafana.get("GF_AUTH_ANONYMOUS_ORG_ROLE", "Viewer") == "Viewer"
    assert not re.search(
        r"(?i)password\s*[:=]|secret\s*[:=]|token\s*[:=]", COMPOSE.read_text(encoding="utf-8")
    )


def test_command_of_the_sensor():
    """The interface is required, the country is optional; nothing else is on the command line."""
    command = SERVICES["netmon"]["command"]
    assert interpolate(command, NETMON_INTERFACE="eth1").split() == ["run", "--interface", "eth1"]
    words = interpolate(command, NETMON_INTERFACE="eth1", NETMON_COUNTRY="DE").split()
    assert words == ["run", "--interface", "eth1", "--country", "DE"]
    with pytest.raises(AssertionError, match="name the mirror port"):
        interpolate(command)


def test_prometheus_accepts_its_configuration(tmp_path):
    """promtool accepts it and its rules, at their paths in the container; exemplars are stored."""
    need("promtool")
    root = lay_out("prometheus", tmp_path)
    text = run("promtool", "check", "config", root / option("prometheus", "--config.file").lstrip("/"))
    assert text.count("rules found") == 3, text
    assert option("prometheus", "--enable-feature") == "exemplar-storage"


def test_alerts_about_the_monitoring_fire_when_they_should():
    """Each fires in its case, and in no other."""
    need("promtool")
    run("promtool", "test", "rules", Path(__file__).parent / "rules" / "stack.yml")


def test_alertmanager_accepts_its_configuration(tmp_path):
    """amtool accepts it at its path in the container."""
    need("amtool")
    root = lay_out("alertmanager", tmp_path)
    run("amtool", "check-config", root / option("alertmanager", "--config.file").lstrip("/"))


def test_services_find_each_other():
    """Prometheus scrapes all and notifies Alertmanager, Alertmanager the receiver; Grafana has both."""
    prometheus = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))
    where = {name: option(name, "--web.listen-address") for name in ("prometheus", "alertmanager")}
    targets = {one["job_name"]: one["static_configs"] for one in prometheus["scrape_configs"]}
    expected = where | {"netmon": f"127.0.0.1:{DEFAULT_PORT}", "grafana": "127.0.0.1:3000"}
    assert targets == {name: [{"targets": [target]}] for name, target in expected.items()}
    [manager] = prometheus["alerting"]["alertmanagers"]
    assert manager["static_configs"] == [{"targets": [where["alertmanager"]]}]
    example = yaml.safe_load((ROOT / "grafana" / "alerts" / "alertmanager.example.yml").read_text())
    hooks = [hook["url"] for one in example["receivers"] for hook in one.get("webhook_configs", [])]
    assert {hook.split("/")[2] for hook in hooks} == {option("receiver", "--listen")}
    sources = {source["type"]: source for source in datasources(DATASOURCES)}
    assert {kind: source["url"] for kind, source in sources.items()} == {
        name: f"http://{address}" for name, address in where.items()
    }
    data = sources["prometheus"]["jsonData"]
    assert data["timeInterval"] == prometheus["global"]["scrape_interval"]
    assert data["alertmanagerUid"] == sources["alertmanager"]["uid"]


def test_grafana_finds_its_dashboards(tmp_path):
    """The provider's folder is where the dashboards are mounted, and the home dashboard is one of them."""
    root = lay_out("grafana", tmp_path)
    provisioning = root / "etc" / "grafana" / "provisioning"
    [provider] = yaml.safe_load((provisioning / "dashboards" / "netmon.yaml").read_text())["providers"]
    folder = root / provider["options"]["path"].lstrip("/")
    assert list(folder.glob("*.json"))
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert root / home.relative_to("/") in folder.glob("*.json")


def test_a_site_of_your_own_can_be_mounted(tmp_path):
    """With the variables of the documentation, what `grafana.src.build` writes is where the services look."""
    build.main([str(tmp_path)])
    environment = {
        "NETMON_SITE": str(tmp_path),
        "NETMON_STACK_ALERTS": str(tmp_path / "stack" / "stack-alerts.yml"),
    }
    for service, wanted in (("prometheus", {"alerts", "stack-alerts.yml"}), ("grafana", {"dashboards"})):
        own = [
            Path(source) for source, _ in mounts(service, **environment) if source.startswith(str(tmp_path))
        ]
        assert {path.name for path in own} == wanted
        assert all(path.exists() for path in own)
