"""What the dashboards share: variables, links, and the conversion to JSON."""

import json
from collections.abc import Iterable
from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from grafana.src import fields
from grafana.src.names import SENSOR_INFO, with_city
from grafana.src.panels import DATASOURCE
from grafana.src.promql import BUILD, RANGE, findings, select

TAG = "netmon"
# The version that Grafana 11.6 writes; later releases migrate it.
SCHEMA_VERSION = 41
WHERE = "job, instance, vendor, component, location, country, verdict, severity"  # of a finding


def dashboard(uid: str, title: str, description: str) -> build.Dashboard:
    """An empty dashboard with the variables and links of all dashboards."""
    made = build.Dashboard(f"netmon / {title}").uid(uid).description(description).tags([TAG])
    made.tooltip(model.DashboardCursorSync.CROSSHAIR).time("now-24h", "now").refresh("1m").editable()
    made.with_variable(
        build.DatasourceVariable("datasource")
        .label("Data source")
        .type("prometheus")
        .description("The Prometheus that scrapes the sensors.")
    )
    made.with_variable(_all(labels("job", "Job", BUILD, "job", "The scrape job of the sensors."), ".+"))
    sites = f'{SENSOR_INFO}{{job=~"$job"}}'
    about = "The site of the sensors, as configured; with All, sensors without a site are included."
    made.with_variable(_all(labels("site", "Site", sites, "site", about), ".*"))
    made.with_variable(_all(_sensor()))
    link = build.DashboardLink("netmon").type(model.DashboardLinkType.DASHBOARDS).tags([TAG])
    return made.link(link.include_vars(True).keep_time(True).as_dropdown(False))


def labels(name: str, label: str, series: str, of: str, description: str) -> build.QueryVariable:
    """A variable with the values of a label."""
    return _variable(name, label, f"label_values({series},{of})", description)


def _sensor() -> build.QueryVariable:
    """The sensors of the site that answered in the time range, by name; the values are those of `instance`.

    It has no value for "all": Grafana then lists the sensors, and the others of the job are not selected.
    """
    # Without netmon_sensor_info a sensor has no site, which "all" (.*) matches and a chosen one does not.
    build = f'{BUILD}{{job=~"$job", site=~"$site"}}'
    seen = f"max by (job, instance) (last_over_time({build}[{RANGE}]))"
    info = f'{SENSOR_INFO}{{job=~"$job", site=~"$site", sensor!=""}}'
    named = f"max by (job, instance, sensor) (last_over_time({info}[{RANGE}]))"
    unnamed = f'label_replace({seen}, "sensor", "${{1}}", "instance", "(.+)")'
    known = f'last_over_time({SENSOR_INFO}{{job=~"$job", sensor!=""}}[{RANGE}])'
    question = f"query_result({named} or on (job, instance) ({unnamed} unless on (job, instance) {known}))"
    about = "The sensors, by name; by default all of them together."
    variable = _variable("instance", "Sensor", question, about)
    return variable.regex('/instance="(?<value>[^"]+)|sensor="(?<text>[^"]+)/g')


def _variable(name: str, label: str, question: str, description: str) -> build.QueryVariable:
    variable = build.QueryVariable(name).label(label).description(description).datasource(DATASOURCE)
    variable.query({"query": question, "refId": name})
    return variable.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(
        model.VariableSort.ALPHABETICAL_ASC
    )


def link_to_vendor() -> model.DynamicConfigValue:
    """A link from each vendor in a column to its dashboard."""
    kept = "&".join(f"${{{name}:queryparam}}" for name in ("datasource", "job", "site", "instance"))
    url = f"/d/netmon-vendor?var-vendor=${{__value.raw}}&{kept}&${{__url_time_range}}"
    return model.DynamicConfigValue(id_val="links", value=[{"title": "Show this vendor", "url": url}])


def row(title: str) -> build.Row:
    """A heading."""
    return build.Row(title)


def add(made: build.Dashboard, panels: Iterable[Any]) -> build.Dashboard:
    """The dashboard with panels, placed in the grid in order."""
    for panel in panels:
        if isinstance(panel, build.Row):
            made.with_row(panel)
        else:
            made.with_panel(panel)
    return made


def document(made: build.Dashboard) -> dict[str, Any]:
    """The dashboard as Grafana loads it."""
    document: dict[str, Any] = json.loads(json.dumps(made.build(), cls=JSONEncoder))
    document |= {
        "id": None,
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "annotations": {"list": [_findings()]},
    }
    for number, panel in enumerate(document["panels"], 1):
        panel["id"] = number
        panel.get("options", {}).pop("footer", None)  # of tables; no longer known to Grafana 13
    for variable in document["templating"]["list"]:
        for name in ("auto", "auto_min", "auto_count"):  # for interval variables, which none of these is
            variable.pop(name, None)
    for link in document["links"]:
        link.pop("placement")  # Grafana 13 would hide the links in a menu
    return document


def to_json(document: dict[str, Any]) -> str:
    """The text of the file."""
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _findings() -> dict[str, Any]:
    """A mark on every time line at the time of each finding."""
    return {
        "name": "Findings",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "enable": True,
        "iconColor": fields.BAD,
        "expr": f"{with_city(findings(select), WHERE)} * 1000",
        "useValueForTime": True,  # the value is the time at which the finding was last seen
        "titleFormat": "{{verdict}}: {{vendor}} ({{component}})",
        "textFormat": "{{city}}, {{country}}",
        "tagKeys": "severity",
    }


def _all(variable: build.QueryVariable, value: str | None = None) -> build.QueryVariable:
    every = model.VariableOption(selected=True, text="All", value="$__all")
    variable.multi(True).include_all(True).current(every)
    return variable if value is None else variable.all_value(value)
