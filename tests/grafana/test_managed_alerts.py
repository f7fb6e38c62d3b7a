"""Grafana's own alert rules: the documented format, the logic of Prometheus, templates that Grafana has.

There is no Grafana server here. The schemas follow its documentation of file provisioning and the types of
its source (pkg/services/provisioning/alerting); unknown keys are errors, because Grafana ignores them.
"""

import re
import subprocess

import jsonschema
import pytest
import yaml

from grafana.src import build
from grafana.src.language import Language
from grafana.src.settings import Settings
from tests.grafana.expressions import GRAFANA
from tests.machine import need

FOLDER = GRAFANA / "managed-alerts"
DURATION = {"type": "string", "pattern": "^[0-9]+(ms|[smhdw])$"}
TEXT = {"type": "string", "minLength": 1}
TEXTS = {"type": "object", "additionalProperties": TEXT}


def keys(required, optional=None):
    """An object with these keys and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": required | (optional or {}),
    }


def items(schema):
    return {"type": "array", "minItems": 1, "items": schema}


EVALUATOR = keys({"type": {"enum": ["gt", "lt"]}, "params": items({"type": "number"})})
OF_GRAFANA = {"const": {"type": "__expr__", "uid": "__expr__"}}
QUERIED = keys({"type": {"const": "prometheus"}, "uid": TEXT})
MODELS = {
    "A": keys(
        {
            "refId": {"const": "A"},
            "datasource": QUERIED,
            "expr": TEXT,
            "instant": {"const": True},
            "range": {"const": False},
        }
    ),
    "B": keys(
        {"refId": {"const": "B"}, "datasource": OF_GRAFANA, "type": {"const": "math"}, "expression": TEXT}
    ),
    "C": keys(
        {
            "refId": {"const": "C"},
            "datasource": OF_GRAFANA,
            "type": {"const": "threshold"},
            "expression": {"const": "B"},
            "conditions": items(keys({"evaluator": EVALUATOR})),
        }
    ),
}
RANGE = keys({"from": {"type": "integer"}, "to": {"const": 0}})
QUERY = keys({"refId": TEXT, "relativeTimeRange": RANGE, "datasourceUid": TEXT, "model": {"type": "object"}})
RULE = keys(
    {
        "uid": {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,40}$"},
        "title": {"type": "string", "minLength": 1, "maxLength": 190},
        "condition": {"enum": list(MODELS)},
        "data": items(QUERY),
        "noDataState": {"enum": ["NoData", "Alerting", "OK", "KeepLast"]},
        "execErrState": {"enum": ["Error", "Alerting", "OK", "KeepLast"]},
        "for": DURATION,
        "labels": TEXTS,
        "annotations": TEXTS,
        "isPaused": {"type": "boolean"},
    },
    {"missing_series_evals_to_resolve": {"type": "integer", "minimum": 0}},
)
GROUP = keys(
    {"orgId": {"type": "integer"}, "name": TEXT, "folder": TEXT, "interval": DURATION, "rules": items(RULE)}
)
RULES = keys({"apiVersion": {"const": 1}, "groups": items(GROUP)})

MATCHERS = items({"type": "array", "minItems": 3, "maxItems": 3, "items": TEXT})
TIMES = {
    "group_by": items(TEXT),
    "group_wait": DURATION,
    "group_interval": DURATION,
    "repeat_interval": DURATION,
    "mute_time_intervals": items(TEXT),
}
ROUTE = keys({"receiver": TEXT, "object_matchers": MATCHERS}, TIMES)
INTEGRATION = keys(
    {
        "uid": {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,40}$"},
        "type": TEXT,
        "settings": {"type": "object"},
    },
    {"disableResolveMessage": {"type": "boolean"}},
)
SETTINGS = {"webhook": keys({"url": TEXT}), "email": keys({"addresses": TEXT})}
ORG = {"orgId": {"type": "integer"}}
NOTIFICATIONS = keys(
    {
        "apiVersion": {"const": 1},
        "contactPoints": items(keys({**ORG, "name": TEXT, "receivers": items(INTEGRATION)})),
        "policies": items(keys({**ORG, "receiver": TEXT, "routes": items(ROUTE)}, TIMES)),
        "muteTimes": items(keys({**ORG, "name": TEXT, "time_intervals": items({"type": "object"})})),
    }
)


def groups(settings=None):
    """The groups of the provisioning file, and those of Prometheus."""
    settings = settings or Settings()
    made = build.files(settings, Language(settings.language))
    return [
        yaml.safe_load(made[name])["groups"] for name in ("managed-alerts/rules.yaml", "alerts/alerts.yml")
    ]


MANAGED, PROMETHEUS = groups()
PAIRS = [
    (ours, theirs)
    for mine, other in zip(MANAGED, PROMETHEUS, strict=True)
    for ours, theirs in zip(mine["rules"], other["rules"], strict=True)
]
by_pair = pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=[ours["title"] for ours, _ in PAIRS])


def test_rules_have_the_documented_format():
    """Keys, states, durations and uids are as documented; each step has the model of its kind."""
    document = yaml.safe_load((FOLDER / "rules.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(document, RULES)
    for group in document["groups"]:
        for rule in group["rules"]:
            assert [step["refId"] for step in rule["data"]] == list(MODELS)
            for step in rule["data"]:
                jsonschema.validate(step["model"], MODELS[step["refId"]])
                assert step["datasourceUid"] == step["model"]["datasource"]["uid"]
    uids = [rule["uid"] for group in document["groups"] for rule in group["rules"]]
    assert len(set(uids)) == len(uids)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rule: rule.update(execErrorState="OK"),
        lambda rule: rule.update(uid="a" * 41),
        lambda rule: rule.update(noDataState="ok"),
        lambda rule: rule["data"][0].update(datasourceUID="x"),
    ],
    ids=["a misspelt key", "a long uid", "an unknown state", "a misspelt key of a step"],
)
def test_schema_rejects(spoil):
    """A file with an error is rejected."""
    document = yaml.safe_load((FOLDER / "rules.yaml").read_text(encoding="utf-8"))
    spoil(document["groups"][0]["rules"][0])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, RULES)


@by_pair
def test_logic_is_that_of_prometheus(ours, theirs):
    """The same expression and duration; any result fires, also 0; no result is no alert."""
    assert (ours["title"], ours["data"][0]["model"]["expr"]) == (theirs["alert"], theirs["expr"])
    assert ours["for"] == theirs.get("for", "0s")
    assert ours["condition"] == "C"
    assert ours["data"][1]["model"]["expression"] == "is_number($A) || is_nan($A) || is_inf($A)"
    assert ours["data"][2]["model"]["conditions"] == [{"evaluator": {"type": "gt", "params": [0]}}]
    assert (ours["noDataState"], ours["missing_series_evals_to_resolve"]) == ("OK", 1)


def test_a_prometheus_that_cannot_be_queried_is_noticed():
    """Alerts keep their state; but the sensors are out of sight then, and the watchdog stops."""
    states = {ours["title"]: ours["execErrState"] for ours, _ in PAIRS}
    assert (states.pop("SensorDown"), states.pop("Watchdog")) == ("Alerting", "OK")
    assert set(states.values()) == {"KeepLast"}


@pytest.mark.parametrize("language", ["en", "de"])
def test_templates_are_those_of_grafana(language, tmp_path):
    """No `$`, which Grafana expands; only its variables, apart from queries, which have no result there."""
    need("promtool")
    managed, prometheus = groups(Settings(language=language))
    for mine, other in zip(managed, prometheus, strict=True):
        for ours, theirs in zip(mine["rules"], other["rules"], strict=True):
            for key in ("labels", "annotations"):
                assert list(ours[key]) == list(theirs[key])
                for text in ours[key].values():
                    assert "$" not in text
                    code = " ".join(actions(re.sub(r"(range query.*?\}\}).*?(\{\{-? end)", r"\1\2", text)))
                    variables = set(re.findall(r"(?<![\w)])\.[A-Z]\w*(?:\.[A-Z]\w*)*", code))
                    assert variables <= {".Labels", ".Values.A.Value"}
                theirs[key] = ours[key]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": prometheus}), encoding="utf-8")
    done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def actions(text):
    """The parts of a text that are template code."""
    return re.findall(r"\{\{(.*?)\}\}", text)


def test_labels_are_read_where_the_dot_is_the_alert():
    """Inside `with` the dot is another value, so no label is read there; in `range` it is a result."""
    for ours, _ in PAIRS:
        for text in ours["annotations"].values():
            blocks = []
            for action in (one.strip("- ") for one in actions(text)):
                if action.startswith(("if", "with", "range")):
                    blocks.append(action.split()[0])
                elif action == "end":
                    blocks.pop()
                elif action.startswith("else") and blocks[-1] == "with":
                    blocks[-1] = "if"
                elif "with" in blocks:
                    assert ".Labels" not in action, text
            assert blocks == []


def test_notifications_have_the_documented_format():
    """Contact points, policies and mute times have known keys, and refer to each other."""
    document = yaml.safe_load((FOLDER / "notifications.example.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(document, NOTIFICATIONS)
    for point in document["contactPoints"]:
        for one in point["receivers"]:
            jsonschema.validate(one["settings"], SETTINGS[one["type"]])
    points = {one["name"] for one in document["contactPoints"]}
    [policy] = document["policies"]
    assert {policy["receiver"], *(route["receiver"] for route in policy["routes"])} <= points
    mutes = {name for route in policy["routes"] for name in route.get("mute_time_intervals", ())}
    assert mutes == {one["name"] for one in document["muteTimes"]}


def test_notifications_are_routed_as_by_alertmanager():
    """Each severity, and the watchdog, goes where the example for Alertmanager sends it, as often."""
    manager = yaml.safe_load((GRAFANA / "alerts" / "alertmanager.example.yml").read_text(encoding="utf-8"))[
        "route"
    ]
    document = yaml.safe_load((FOLDER / "notifications.example.yaml").read_text(encoding="utf-8"))
    [policy] = document["policies"]

    def routes(found, matchers):
        return [
            (
                [matchers(one) for one in route.get("matchers", route.get("object_matchers"))],
                None if route.get("mute_time_intervals") else route["receiver"].removeprefix("netmon-"),
                route.get("repeat_interval"),
            )
            for route in found["routes"]
        ]

    theirs = routes(manager, lambda one: one.replace(" ", ""))
    theirs = [(matchers, None if name == "none" else name, often) for matchers, name, often in theirs]
    assert routes(policy, "".join) == theirs
    for key in ("group_wait", "group_interval", "repeat_interval"):
        assert policy[key] == manager[key]
    assert policy["receiver"] == f"netmon-{manager['receiver']}"
    assert policy["group_by"] == ["grafana_folder", *manager["group_by"]]
