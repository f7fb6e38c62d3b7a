"""What the dashboards share: variables, links, and the conversion to JSON."""

import json
from collections.abc import Iterable
from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from grafana.src import fields
from grafana.src.panels import DATASOURCE
from grafana.src.promql import SENSOR, findings, select

TAG = "netmon"
# The version that Grafana 11.6 writes; later releases migrate it.
SCHEMA_VERSION = 41


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
    made.with_variable(
        _all(labels("job", "Job", "netmon_build_info", "job", "The scrape job of the sensors."))
    )
    sensors = 'netmon_build_info{job=~"$job"}'
    made.with_variable(
        _all(
            labels("instance", "Sensor", sensors, "instance", "The sensors; by default all of them together.")
        )
    )
    link = build.DashboardLink("netmon").type(model.DashboardLinkType.DASHBOARDS).tags([TAG])
    return made.link(link.include_vars(True).keep_time(True).as_dropdown(False))


def labels(name: str, label: str, series: str, of: str, description: str) -> build.QueryVariable:
    """A variable with the values of a label."""
    question = f"label_values({series},{of})"
    variable = build.QueryVariable(name).label(label).description(description).datasource(DATASOURCE)
    variable.query({"query": question, "refId": name})
    return variable.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(
        model.VariableSort.ALPHABETICAL_ASC
    )


def vendor_series() -> str:
    """The series that supply the values of a vendor variable."""
    return f"netmon_flows_total{{{SENSOR}}}"


def link_to_vendor() -> model.DynamicConfigValue:
    """A link from each vendor in a column to its dashboard."""
    kept = "${datasource:queryparam}&${job:queryparam}&${instance:queryparam}&${__url_time_range}"
    url = f"/d/netmon-vendor?var-vendor=${{__value.raw}}&{kept}"
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
        "expr": f"({findings(select)}) * 1000",
        "useValueForTime": True,  # the value is the time at which the finding was last seen
        "titleFormat": "{{verdict}}: {{vendor}} ({{component}})",
        "textFormat": "{{location}}, {{country}}",
        "tagKeys": "severity",
    }


def _all(variable: build.QueryVariable) -> build.QueryVariable:
    every = model.VariableOption(selected=True, text="All", value="$__all")
    return variable.multi(True).include_all(True).all_value(".+").current(every)
