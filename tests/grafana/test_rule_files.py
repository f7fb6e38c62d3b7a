"""Rules for Prometheus, Mimir and Thanos: promtool accepts every variant, and other thresholds work."""

import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from grafana.src import build
from grafana.src.language import Language
from grafana.src.settings import Change, Settings, Thresholds
from tests.machine import need

CASES = sorted((Path(__file__).parent / "rules").glob("*.yml"))
by_file = pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
THRESHOLDS = Thresholds(
    finding_minutes=60,
    upload_megabytes=1,
    upload_factor=20,
    new_upload_megabytes=50,
    disputed_flows=100,
    encrypted_dns_share=0.5,
    unseen_bytes_share=0.1,
    one_way_share=0.5,
    dropped_packets_share=0.05,
    interruptions=10,
    undecoded_share=0.2,
    silence_minutes=10,
    quiet_share=0.5,
    missing_sensor_days=2,
    database_days=2,
    signatures_days=2,
)
CLUSTERED = {"selector": 'cluster="a"', "sensor_labels": ("cluster", "job", "instance")}
VARIANTS = {
    "default": Settings(),
    "German": Settings(language="de"),
    "several clusters": Settings(**CLUSTERED, labels={"team": "network"}, job="edge-.*|netmon\\..*"),
    "German, other thresholds, changed alerts": Settings(
        language="de",
        thresholds=THRESHOLDS,
        alerts={"PacketDrops": Change(severity="critical", wait="20m"), "Watchdog": Change(enabled=False)},
        **CLUSTERED,
    ),
}
# What mimirtool and Thanos add to Prometheus' format, at the top and in a group.
EXTRA = {"mimir": ({"namespace"}, set()), "thanos": (set(), {"partial_response_strategy"})}


def site(settings):
    return build.files(settings, Language(settings.language))


def promtool(folder, *words):
    need("promtool")
    done = subprocess.run(["promtool", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def in_prometheus_format(name, text):
    """The file without the keys that Prometheus does not know."""
    document = yaml.safe_load(text)
    top, of_group = EXTRA.get(name.split("/")[0], (set(), set()))
    for key in top:
        document.pop(key)
    for group in document["groups"]:
        for key in of_group:
            group.pop(key)
    return document


@pytest.mark.parametrize("variant", VARIANTS)
def test_promtool_accepts_every_file(variant, tmp_path):
    """All files of rules are valid, for Mimir and Thanos apart from the keys that only they know."""
    names = []
    for name, text in site(VARIANTS[variant]).items():
        if name.startswith(("alerts/", "stack/", "mimir/", "thanos/")):
            names.append(name.replace("/", "-"))
            document = in_prometheus_format(name, text)
            (tmp_path / names[-1]).write_text(
                text if name.startswith(("a", "s")) else yaml.safe_dump(document)
            )
    assert len(names) == 6
    assert promtool(tmp_path, "check", "rules", *names).count("SUCCESS") == 6


@pytest.mark.parametrize("variant", VARIANTS)
def test_mimir_and_thanos_have_the_rules_of_prometheus(variant):
    """All groups are in one namespace, whose names mimirtool wants to be unique; Thanos' never partial."""
    made = site(VARIANTS[variant])
    groups = [
        group
        for name in ("alerts/recording.yml", "alerts/alerts.yml")
        for group in yaml.safe_load(made[name])["groups"]
    ]
    mimir = yaml.safe_load(made["mimir/netmon.yml"])
    assert set(mimir) == {"namespace", "groups"}
    assert mimir["groups"] == groups
    assert len({group["name"] for group in groups}) == len(groups)
    for name in ("recording.yml", "alerts.yml"):
        thanos = yaml.safe_load(made[f"thanos/{name}"])["groups"]
        assert {group.pop("partial_response_strategy") for group in thanos} == {"abort"}
        assert thanos == yaml.safe_load(made[f"alerts/{name}"])["groups"]


def test_comments_are_kept():
    """The files for people still explain their rules."""
    text = site(Settings())["alerts/alerts.yml"]
    assert (
        "        # One alert for each vendor and sensor, however many destinations are new.\n        expr:"
        in text
    )
    assert text.startswith("# Alert rules for netmon.")


@pytest.mark.slow
@by_file
def test_alerts_have_the_thresholds_of_the_site(file, tmp_path):
    """Each case fires or is silent by a threshold that is not the default, as promtool shows."""
    changed = {"PacketDrops": Change(severity="critical", wait="20m")}
    made = site(Settings(thresholds=THRESHOLDS, alerts=changed, job="edge"))
    for name in ("recording.yml", "alerts.yml"):
        (tmp_path / name).write_text(made[f"alerts/{name}"], encoding="utf-8")
    (tmp_path / file.name).write_bytes(file.read_bytes())
    promtool(tmp_path, "test", "rules", file.name)


def test_every_threshold_has_a_case():
    """The cases name each threshold with its value."""
    text = "".join(file.read_text(encoding="utf-8") for file in CASES)
    for one in fields(Thresholds):
        value = getattr(THRESHOLDS, one.name)
        assert value != one.default
        assert f"{one.name}: {value:g}" in text


@pytest.mark.slow
@by_file
def test_cases_depend_on_the_thresholds(file, tmp_path):
    """With the default thresholds, every case fails."""
    need("promtool")
    made = site(Settings())
    for name in ("recording.yml", "alerts.yml"):
        (tmp_path / name).write_text(made[f"alerts/{name}"], encoding="utf-8")
    cases = yaml.safe_load(file.read_text(encoding="utf-8"))
    for case in cases["tests"]:
        one = yaml.safe_dump(cases | {"tests": [case]})
        (tmp_path / "case.yml").write_text(one, encoding="utf-8")
        words = ["promtool", "test", "rules", "case.yml"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode != 0, case["name"]


@pytest.mark.slow
def test_german_alerts_read_well(tmp_path):
    """Values and conditions of a text stand where German wants them."""
    (tmp_path / "alerts.yml").write_text(site(Settings(language="de"))["alerts/alerts.yml"], encoding="utf-8")
    seen = "netmon_new_destination_last_seen_timestamp_seconds"
    sensor = 'job="netmon", instance="a:1"'
    series = {
        f'{seen}{{{sensor}, vendor="acme", kind="network", country="disputed"}}': "60x10",
        f'{seen}{{{sensor}, vendor="acme", kind="network", country="unknown"}}': "59x10",
        f'{seen}{{{sensor}, vendor="acme", kind="network", country="CH"}}': "58x10",
        f'{seen}{{{sensor}, vendor="acme", kind="country", country="CH"}}': "57x10",
        f"up{{{sensor}}}": "0x10",
    }
    expected = {
        "NewDestination": (
            {"vendor": "acme", "severity": "warning"},
            "acme wurde an einem neuen Ziel erreicht",
            "Geräte haben acme dort erreicht, wo a:1 es noch nie gesehen hatte: ein neues Netz, über dessen "
            "Land die Quellen uneins sind; ein neues Netz, dessen Land unbekannt ist; ein neues Netz in CH; "
            "ein neues Land (CH); die Adressen stehen in den Ereignissen.",
        ),
        "SensorDown": (
            {"severity": "critical"},
            "Der Sensor a:1 antwortet nicht",
            "Prometheus kann a:1 nicht abfragen, oder der Sensor ist kein Target mehr. Bis das behoben ist, "
            "wird der Verkehr des Sensors nicht beurteilt, und Alarme dazu können nicht auslösen.",
        ),
    }
    checks = [
        {
            "eval_time": "5m",
            "alertname": name,
            "exp_alerts": [
                {
                    "exp_labels": {"job": "netmon", "instance": "a:1", **labels},
                    "exp_annotations": {
                        "summary": summary,
                        "description": description,
                        "runbook_url": f"{Settings.runbooks}/{name}",
                    },
                }
            ],
        }
        for name, (labels, summary, description) in expected.items()
    ]
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": checks,
    }
    document = {"rule_files": ["alerts.yml"], "evaluation_interval": "1m", "tests": [case]}
    (tmp_path / "case.yml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    promtool(tmp_path, "test", "rules", "case.yml")
