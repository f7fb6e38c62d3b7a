"""Alert rules: they parse, use existing metrics, link to a runbook, and fire only when they should."""

import re
import subprocess

import pytest
import yaml

from tests.grafana.expressions import GRAFANA, check, rules
from tests.machine import need

ALERTS = rules("alerts.yml")
NAMES = [alert["alert"] for alert in ALERTS]
FOLDER = GRAFANA / "alerts"
TESTS = sorted((FOLDER / "tests").glob("*.yml"))
ALWAYS = {"Watchdog"}  # always fires by design, so no test expects it to be silent
by_alert = pytest.mark.parametrize("alert", ALERTS, ids=NAMES)


def run(*words):
    return subprocess.run(words, cwd=FOLDER / "tests", capture_output=True, text=True, check=False)


def test_promtool_accepts_the_rules():
    """Prometheus' own tool reports no error."""
    need("promtool")
    done = run("promtool", "check", "rules", "../alerts.yml", "../recording.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.reuse("grafana", "tests/grafana", "tests/machine.py")
@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_alerts_fire_when_they_should(file):
    """Every case in the test files raises the expected alerts and no others."""
    need("promtool")
    done = run("promtool", "test", "rules", file.name)
    assert done.returncode == 0, done.stdout + done.stderr


@by_alert
def test_each_alert_has_a_firing_and_a_silent_case(alert):
    """Each alert has a test case in which it fires, and one in which it does not."""
    fires, silent = False, False
    for file in TESTS:
        for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            checks = [one for one in case["promql_expr_test"] if f'"{alert["alert"]}"' in one["expr"]]
            fires |= any(one["exp_samples"] for one in checks)
            silent |= bool(checks) and not any(one["exp_samples"] for one in checks)
    assert fires
    assert silent or alert["alert"] in ALWAYS


@by_alert
def test_expression_uses_existing_metrics(alert):
    """Metrics and labels of an alert exist in the exporter; its annotations use labels of its result."""
    labels = check(alert["expr"])
    texts = " ".join(alert["annotations"].values())
    assert set(re.findall(r"\$labels\.(\w+)", texts)) <= labels


@by_alert
def test_alert_is_documented(alert):
    """Each alert has a severity, a summary, a description and an existing runbook."""
    of_finding = '{{ if eq $labels.severity "notice" }}info{{ else }}{{ $labels.severity }}{{ end }}'
    assert alert["labels"]["severity"] in ("critical", "warning", "info", "none", of_finding)
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    assert alert["annotations"]["runbook_url"] == f"http://127.0.0.1:10977/runbooks/{alert['alert']}"
    text = (GRAFANA / "runbooks" / f"{alert['alert']}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {alert['alert']}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["What to check", "What to do", "False alarms"]


def test_every_runbook_has_its_alert():
    """Each runbook belongs to an alert of netmon or of the Compose stack, and no alert is defined twice."""
    stack = yaml.safe_load((GRAFANA.parent / "deploy" / "stack-alerts.yml").read_text(encoding="utf-8"))
    names = [*NAMES, *(rule["alert"] for group in stack["groups"] for rule in group["rules"])]
    assert sorted(names) == sorted(file.stem for file in (GRAFANA / "runbooks").glob("*.md"))


def test_recording_rules_use_existing_metrics():
    """Recording rules use metrics that exist, and are named level:metric:operation."""
    for rule in rules("recording.yml"):
        check(rule["expr"])
        assert re.fullmatch(r"[a-z_]+:netmon_[a-z_]+:[a-z0-9_]+", rule["record"])


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=UnexpectedDestination severity=critical", "soc"),
        ("alertname=PacketDrops severity=warning", "mail"),
        ("alertname=LocationDisputed severity=info", "none"),
        ("alertname=Watchdog severity=none", "dead-mans-switch"),
    ],
)
def test_example_notifies_the_right_receiver(labels, receiver):
    """Alertmanager's own tool accepts the example configuration and routes each severity to its receiver."""
    need("amtool")
    file = str(FOLDER / "alertmanager.example.yml")
    done = run("amtool", "check-config", file)
    assert done.returncode == 0, done.stdout + done.stderr
    routes = run("amtool", "config", "routes", "test", f"--config.file={file}", *labels.split())
    assert routes.stdout.strip() == receiver


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("netmon_sent_byte_total", "no such metric"),
        ('netmon_sent_bytes_total{contry="CH"}', "has no label contry"),
        ("sum by (client) (netmon_sent_bytes_total)", "nothing has the label client"),
        ("netmon_flows_total * on (location) group_left (town) netmon_location_info", "has the label town"),
    ],
)
def test_checker_reports(expression, problem):
    """A metric or label that does not exist is reported."""
    with pytest.raises(LookupError, match=problem):
        check(expression)
