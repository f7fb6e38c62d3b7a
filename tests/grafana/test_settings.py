"""Dashboards and rules for a site are written from one file of settings."""

import subprocess

import pytest
import yaml

from grafana.src import build, rules
from grafana.src.settings import Settings
from netmon.web import pages
from tests.grafana.expressions import GRAFANA
from tests.machine import need


def written(tmp_path, text):
    file = tmp_path / "settings.yml"
    file.write_text(text, encoding="utf-8")
    build.main(["--config", str(file), str(tmp_path / "out")])
    return tmp_path / "out"


def test_rules_have_the_settings_of_the_site(tmp_path):
    """Job selector and runbooks' address replace the defaults everywhere; promtool accepts the result."""
    out = written(
        tmp_path, "job: 'edge\\.(a|b)'\nrunbooks: https://wiki.example/netmon/\nleast_judged: 0.8\n"
    )
    text = (out / "alerts/alerts.yml").read_text(encoding="utf-8")
    alerts = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    for alert in alerts:
        assert alert["annotations"]["runbook_url"] == f"https://wiki.example/netmon/{alert['alert']}"
    down = next(alert["expr"] for alert in alerts if alert["alert"] == "SensorDown")
    assert down.count('job=~"edge\\\\.(a|b)"') == 2
    assert "netmon.*" not in down
    assert ">= 0.8" in (out / "dashboards/overview.json").read_text(encoding="utf-8")
    need("promtool")
    done = subprocess.run(
        ["promtool", "check", "rules", out / "alerts/alerts.yml"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_has_the_defaults(tmp_path):
    """The example file names every setting with its default, and writes the files of the repository."""
    example = (GRAFANA / "settings.example.yml").read_text(encoding="utf-8")
    assert Settings(**yaml.safe_load(example)) == Settings()
    out = written(tmp_path, example)
    for name in [f"alerts/{name}" for name in rules.NAMES] + ["dashboards/overview.json"]:
        assert (out / name).read_bytes() == (GRAFANA / name).read_bytes()


def test_links_lead_to_pages_of_the_sensor():
    """The sensor serves a page for the last part of each alert's link."""
    for group in yaml.safe_load((GRAFANA / "alerts/alerts.yml").read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            base, name = rule["annotations"]["runbook_url"].rsplit("/", 1)
            assert base == Settings.runbooks
            assert (pages.RUNBOOKS / f"{name}.md").is_file()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("jobs: a", "unknown key jobs"),
        ("least_judged: 2", "from 0 to 1"),
        ("least_judged: much", "expected a number"),
        ("job: 1", "expected text"),
        ("- job", "expected keys"),
    ],
)
def test_mistakes_in_settings_are_named(tmp_path, text, error):
    """An unknown key or a wrong value stops the command with a message that says what is expected."""
    with pytest.raises(SystemExit, match=error):
        written(tmp_path, text)
