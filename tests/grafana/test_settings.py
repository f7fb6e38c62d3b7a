"""Dashboards, rules and alerts of a site are written from one file, and every setting has an effect."""

import json
import re
from dataclasses import fields

import pytest
import yaml

from grafana.src import build
from grafana.src.language import Language
from grafana.src.settings import Change, Settings, Thresholds, read
from netmon.web import pages
from tests.grafana.boards import panels
from tests.grafana.expressions import GRAFANA, check

EXAMPLE = GRAFANA / "settings.example.yml"
ALERTS = "alerts/alerts.yml"


def read_text(tmp_path, text):
    file = tmp_path / "settings.yml"
    file.write_text(text, encoding="utf-8")
    return read(file)


def written(tmp_path, text):
    """The files of a site with these settings, by path."""
    (tmp_path / "settings.yml").write_text(text, encoding="utf-8")
    build.main(["--config", str(tmp_path / "settings.yml"), str(tmp_path / "out")])
    files = (file for file in (tmp_path / "out").rglob("*") if file.is_file())
    return {str(file.relative_to(tmp_path / "out")): file.read_text(encoding="utf-8") for file in files}


def rules(text):
    """The rules of a file by name."""
    return {
        rule.get("alert") or rule["record"]: rule
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
    }


def exprs(text):
    return [rule["expr"] for rule in rules(text).values()]


DEFAULT = build.files(Settings(), Language())


def test_committed_files_have_the_default_settings():
    """`python -m grafana.src.build` changes nothing: dashboards, rules for Prometheus, the stack, Grafana."""
    for path, text in build.of_repository().items():
        assert path.read_text(encoding="utf-8") == text, (
            f"{path}: change grafana/rules or grafana/src, then run python -m grafana.src.build"
        )


def test_the_example_has_the_defaults(tmp_path):
    """The example file names every setting with its default, and writes the files of the repository."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert read(EXAMPLE) == Settings()
    thresholds = yaml.safe_load(text)["thresholds"]
    assert list(thresholds) == [one.name for one in fields(Thresholds)]
    given = set(yaml.safe_load(text)) | {"selector"}
    assert given == {one.name for one in fields(Settings)}
    assert '# selector: cluster="a"' in text
    assert written(tmp_path, text) == DEFAULT


def test_settings_in_the_example_that_are_commented_are_valid(tmp_path):
    """The examples in its comments can be used as they are."""
    settings = read_text(
        tmp_path,
        'selector: cluster="a"\nsensor_labels: [cluster, job, instance]\nlabels: {team: network}\n'
        "alerts:\n  LocationDisputed: {severity: warning, for: 1h}\n  EncryptedDnsShare: {enabled: false}\n",
    )
    assert settings.alerts["LocationDisputed"] == Change(severity="warning", wait="1h")
    for part in (
        "{team: network}",
        "[cluster, job, instance]",
        "LocationDisputed: {severity: warning, for: 1h}",
    ):
        assert part in EXAMPLE.read_text(encoding="utf-8")


# What each threshold changes: alerts, and parts of dashboards.
OF_THRESHOLD = {
    "finding_minutes": {
        "UnexpectedDestination",
        "ForbiddenVendor",
        "NewDestination",
        "PublicResolverFallback",
    },
    "upload_megabytes": {"UploadVolumeUnusual"},
    "upload_factor": {"UploadVolumeUnusual"},
    "new_upload_megabytes": {"UploadVolumeUnusual"},
    "disputed_flows": {"LocationDisputed"},
    "encrypted_dns_share": {"EncryptedDnsShare"},
    "unseen_bytes_share": {"ViewInsufficient"},
    "one_way_share": {"ViewInsufficient"},
    "dropped_packets_share": {"PacketDrops"},
    "interruptions": {"InterfaceDown"},
    "undecoded_share": {"PacketsUndecoded"},
    "silence_minutes": {"NoPackets"},
    "quiet_share": {"NoPackets"},
    "missing_sensor_days": {"SensorDown"},
    "database_days": {"DatabaseStale"},
    "signatures_days": {"SignaturesStale"},
}


@pytest.mark.parametrize("name", [one.name for one in fields(Thresholds)])
def test_each_threshold_changes_its_alerts_only(name, tmp_path):
    """The number is in the expression of its alerts, for Prometheus and Grafana, and in no other."""
    value = getattr(Thresholds, name)
    other = value / 2 if name.endswith("_share") else value + 7
    made = written(tmp_path, f"thresholds: {{{name}: {other:g}}}\n")
    before, after = rules(DEFAULT[ALERTS]), rules(made[ALERTS])
    assert {alert for alert in before if before[alert]["expr"] != after[alert]["expr"]} == OF_THRESHOLD[name]
    assert {alert for alert in before if before[alert] != after[alert]} == OF_THRESHOLD[name]
    managed = {
        rule["title"]: rule["data"][0]["model"]["expr"]
        for group in yaml.safe_load(made["managed-alerts/rules.yaml"])["groups"]
        for rule in group["rules"]
    }
    assert managed == {alert: rule["expr"] for alert, rule in after.items()}


def test_numbers_in_texts_follow_the_thresholds(tmp_path):
    """Sentences name the thresholds of the site, with the decimal sign of the language."""
    text = "thresholds: {one_way_share: 0.125, database_days: 10}\n"
    alerts = rules(written(tmp_path, text)[ALERTS])
    assert "more than 12.5 % of the connections" in alerts["ViewInsufficient"]["annotations"]["description"]
    assert "more than 10 days old" in alerts["DatabaseStale"]["annotations"]["description"]
    alerts = rules(written(tmp_path, f"language: de\n{text}")[ALERTS])
    assert "12,5 % der Verbindungen" in alerts["ViewInsufficient"]["annotations"]["description"]
    assert "> 0.125 *" in alerts["ViewInsufficient"]["expr"]


def test_job_selects_the_sensors(tmp_path):
    """The regular expression is escaped as PromQL needs it, in alerts and recording rules."""
    made = written(tmp_path, "job: 'edge\\.(a|b)'\n")
    assert rules(made[ALERTS])["SensorDown"]["expr"].count('up{job=~"edge\\\\.(a|b)"}') == 2
    assert (
        'up{job=~"edge\\\\.(a|b)"}' in rules(made["alerts/recording.yml"])["sensor:netmon_up:avg1h"]["expr"]
    )
    assert not any('netmon.*"' in text for text in made.values())


def queries(made):
    """Every expression of rules and dashboards, by the file."""
    for name, text in made.items():
        if name.endswith(".json"):
            found = json.loads(text)
            for panel in [*panels(found), {"targets": found["annotations"]["list"]}]:
                yield from ((name, query["expr"]) for query in panel["targets"])
            for variable in found["templating"]["list"]:
                if variable["type"] == "query":
                    yield name, variable["query"]["query"]
        elif name.startswith(("alerts/", "mimir/", "thanos/")):
            yield from ((name, expr) for expr in exprs(text))


SERIES = re.compile(r"(?<![\w:])(?:(?:[a-z_]+:)?netmon_\w+|up)(?::\w+)?(?![\w:])(\{[^}]*\})?")


def test_selector_is_on_every_series(tmp_path):
    """Each series of netmon, and `up`, has it: in rules, in texts with queries and in dashboards."""
    made = written(tmp_path, 'selector: cluster="a"\nsensor_labels: [cluster, job, instance]\n')
    count = 0
    for name, expr in queries(made):
        for found in SERIES.finditer(expr):
            assert (found[1] or "").startswith('{cluster="a"'), f"{name}: {expr}"
            count += 1
    assert count > 200
    description = rules(made[ALERTS])["NewDestination"]["annotations"]["description"]
    assert 'timestamp_seconds{cluster=\\"a\\", cluster=%q,' in description
    assert "cluster" not in made["stack/stack-alerts.yml"]


def test_sensor_labels_tell_sensors_apart(tmp_path):
    """Sums by sensor are by all labels of a sensor, in rules, texts with queries and dashboards."""
    made = written(tmp_path, "sensor_labels: [cluster, job, instance]\n")
    for name, text in made.items():
        of_stack = name.startswith("stack/")
        assert of_stack or not re.search(r"(?:by|on) \((?:job, )?instance", text), name
        assert (
            name.startswith(("stack/", "dashboards/u", "dashboards/v"))
            or "by (cluster, job, instance" in text
        )
    described = rules(made[ALERTS])["NewDestination"]["annotations"]["description"]
    assert (
        '{cluster=%q,job=%q,instance=%q,vendor=%q}) > time() - 900" $labels.cluster $labels.job' in described
    )


def test_labels_are_on_all_rules(tmp_path):
    """Alerts for Prometheus and Grafana, recorded series and the stack's alerts have the site's labels."""
    made = written(tmp_path, "labels: {team: network}\n")
    for name in (
        ALERTS,
        "alerts/recording.yml",
        "stack/stack-alerts.yml",
        "mimir/netmon.yml",
        "thanos/alerts.yml",
    ):
        assert {rule["labels"]["team"] for rule in rules(made[name]).values()} == {"network"}
    managed = yaml.safe_load(made["managed-alerts/rules.yaml"])["groups"]
    assert {rule["labels"]["team"] for group in managed for rule in group["rules"]} == {"network"}


def test_runbooks_are_linked_where_they_are(tmp_path):
    """The address is in the links of all alerts, also of the stack's; a slash at its end is not doubled."""
    made = written(tmp_path, "runbooks: https://wiki.example/netmon/\n")
    for name in (ALERTS, "stack/stack-alerts.yml", "mimir/netmon.yml", "thanos/alerts.yml"):
        for alert, rule in rules(made[name]).items():
            if "alert" in rule:
                assert rule["annotations"]["runbook_url"] == f"https://wiki.example/netmon/{alert}"
    assert not any(Settings.runbooks in text for text in made.values())


def test_least_judged_is_in_the_verdict(tmp_path):
    """The share decides on a green overview."""
    assert ">= 0.8" in written(tmp_path, "least_judged: 0.8\n")["dashboards/overview.json"]


def test_dashboards_have_the_thresholds_of_the_alerts(tmp_path):
    """Silence, and the ages of databases and signatures, have the same limits as the alerts on them."""
    made = written(tmp_path, "thresholds: {silence_minutes: 9, database_days: 10, signatures_days: 100}\n")
    overview = made["dashboards/overview.json"]
    assert overview.count("> 540") == DEFAULT["dashboards/overview.json"].count("> 300") > 0
    limits = [
        step["value"]
        for panel in panels(json.loads(made["dashboards/sensor-health.json"]))
        for override in panel["fieldConfig"].get("overrides", ())
        for one in override["properties"]
        if one["id"] == "thresholds"
        for step in one["value"]["steps"]
    ]
    for days in (20 / 3, 10, 50, 100):
        assert days * 86_400 in limits
    assert not any("[[" in text for text in made.values())


def test_alerts_can_be_changed_and_left_out(tmp_path):
    """One alert with another severity and duration, one left out; others keep theirs."""
    text = (
        "alerts:\n  LocationDisputed: {severity: warning, for: 1h}\n  EncryptedDnsShare: {enabled: false}\n"
    )
    made = written(tmp_path, text + "  RulesFailing: {for: 5m}\n")
    alerts, before = rules(made[ALERTS]), rules(DEFAULT[ALERTS])
    assert set(before) - set(alerts) == {"EncryptedDnsShare"}
    changed = alerts.pop("LocationDisputed")
    assert (changed["labels"], changed["for"]) == ({"severity": "warning"}, "1h")
    assert all(before[name] == rule for name, rule in alerts.items())
    assert rules(made["stack/stack-alerts.yml"])["RulesFailing"]["for"] == "5m"


def test_grafana_and_mimir_have_their_own_settings(tmp_path):
    """Folder, data source and interval of Grafana's own rules, and the namespace of Mimir."""
    made = written(
        tmp_path, "grafana: {folder: Netz, datasource: mimir, interval: 30s}\nmimir_namespace: sensors\n"
    )
    for group in yaml.safe_load(made["managed-alerts/rules.yaml"])["groups"]:
        assert (group["folder"], group["interval"]) == ("Netz", "30s")
        assert {rule["data"][0]["datasourceUid"] for rule in group["rules"]} == {"mimir"}
    assert yaml.safe_load(made["mimir/netmon.yml"])["namespace"] == "sensors"


def test_language_changes_texts_only(tmp_path):
    """German alerts have the expressions, labels and links of the English ones."""
    alerts, before = rules(written(tmp_path, "language: de\n")[ALERTS]), rules(DEFAULT[ALERTS])
    for name, rule in alerts.items():
        for text in ("summary", "description"):
            assert rule["annotations"].pop(text) != before[name]["annotations"][text]
            rule["annotations"][text] = before[name]["annotations"][text]
    assert alerts == before


def test_links_lead_to_pages_of_the_sensor():
    """The sensor serves a page for the last part of each alert's link."""
    for file in (ALERTS, "stack/stack-alerts.yml"):
        for rule in rules(DEFAULT[file]).values():
            base, name = rule["annotations"]["runbook_url"].rsplit("/", 1)
            assert base == Settings.runbooks
            assert (pages.RUNBOOKS / f"{name}.md").is_file()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("jobs: a", "settings.yml:1: unknown key 'jobs'; did you mean 'job'"),
        ("language: fr", "language: 'fr' is not one of en, de"),
        ("least_judged: 2", "least_judged: '2' is not a number from 0 to 1"),
        ("least_judged: much", "'much' is not a number"),
        ("job: [1]", "job: expected text"),
        ("job: 'a('", "is not a regular expression"),
        ("- job", "expected keys"),
        (
            "thresholds:\n  silence_minute: 3",
            "settings.yml:2: unknown key 'silence_minute' in thresholds; did you",
        ),
        ("thresholds: {silence_minutes: 0}", "silence_minutes: '0' is not a whole number from 2 to 1440"),
        ("thresholds: {silence_minutes: 2.5}", "is not a whole number"),
        ("thresholds: {upload_factor: nan}", "is not a number from 1"),
        ("alerts: {NoPacket: {for: 5m}}", "there is no alert NoPacket"),
        ("alerts: {NoPackets: {for: 5}}", "'5' is not a duration"),
        ("alerts: {NoPackets: {severity: high}}", "'high' is not one of critical"),
        ("alerts: {NoPackets: {enabled: no}}", "'no' is neither true nor false"),
        ("selector: cluster=a", "is not a list of matchers"),
        ('selector: \'a="b"} or up{c="d"\'', "is not a list of matchers"),
        ('selector: cluster="a"', "add it: `sensor_labels: .cluster, job, instance.`"),
        ("sensor_labels: [cluster, instance]", "'job' is missing"),
        ("sensor_labels: [job, instance, 'a b']", "'a b' is not the name of a label"),
        ("labels: {severity: info}", "'severity' cannot be added as a label"),
        ("labels: {a-b: c}", "'a-b' cannot be added as a label"),
        ("grafana: {interval: 15s}", "interval: '15s' is not a multiple of 10 seconds"),
        ("grafana: {interval: 0s}", "is not a multiple"),
        ("grafana: {intervall: 1m}", "unknown key 'intervall' in grafana"),
        ("runbooks: wiki.example", "is not an address such as http"),
        ("", "the file is empty"),
    ],
)
def test_mistakes_in_settings_are_named(tmp_path, text, error):
    """A mistake stops the command with its file, line and key, and nothing is written."""
    with pytest.raises(SystemExit, match=error):
        written(tmp_path, text)
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_named(tmp_path):
    """A file that cannot be read is an error with its name."""
    with pytest.raises(SystemExit, match=r"no\.yml: No such file"):
        read(tmp_path / "no.yml")


def test_a_site_has_these_folders(tmp_path):
    """The folders are those that the documentation lists."""
    made = {name.split("/")[0] for name in written(tmp_path, EXAMPLE.read_text(encoding="utf-8"))}
    page = (GRAFANA.parent / "docs" / "site-settings.md").read_text(encoding="utf-8")
    assert "\n$ ls site\n" + "\n".join(sorted(made)) + "\n```" in page
    for one in fields(Settings):
        assert re.search(rf"^\| [^|]*`{one.name}`", page, re.MULTILINE), one.name


def test_queries_over_months_use_recorded_series(tmp_path):
    """The documented queries are valid PromQL, and every hourly series is in one of them."""
    page = (GRAFANA.parent / "docs" / "site-settings.md").read_text(encoding="utf-8")
    found = [one.replace("\\|", "|") for one in re.findall(r"^\| .* \| `(.*:.*)` \|$", page, re.MULTILINE)]
    for one in found:
        check(one)
    hourly = [name for name in rules(DEFAULT["alerts/recording.yml"]) if name.endswith("1h")]
    hourly.remove("vendor_location:netmon_sent_bytes:rate1h")  # for an alert
    assert {name for name in hourly if any(name in one for one in found)} == set(hourly)
