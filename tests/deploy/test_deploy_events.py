"""The link from a finding to its event: the exemplar, the data source, and the event's field."""

import io
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from prometheus_client.openmetrics.exposition import generate_latest

from netmon.outputs.events import Events
from netmon.outputs.prometheus import Prometheus
from netmon.privacy import Privacy
from tests.deploy.test_deploy_compose import DATASOURCES, DEPLOY, SERVICES, datasources, mounts
from tests.outputs.engine_stats import STATS
from tests.records import MOSCOW, UNEXPECTED, classified

FLOW_ID = 4_711


@pytest.mark.parametrize("kind", ["loki", "elasticsearch"])
def test_link_from_a_finding_to_its_event(kind):
    """The data sources are the usual ones, and one for events; the exemplar leads to the event's field."""
    prometheus, *others, events = datasources(DEPLOY / f"grafana-{kind}.yaml")
    [link] = prometheus["jsonData"].pop("exemplarTraceIdDestinations")
    assert [prometheus, *others] == datasources(DATASOURCES)
    assert (events["type"], events["url"]) == (kind, "${NETMON_EVENTS_URL}")
    finding = classified(MOSCOW, UNEXPECTED, flow_id=FLOW_ID)
    metrics = Prometheus("1", lambda: STATS)
    metrics.flow(finding)
    assert f'# {{{link["name"]}="{FLOW_ID}"}}' in generate_latest(metrics.registry).decode()
    url = (
        link["url"].replace("$$", "$").replace("${__value.raw}", str(FLOW_ID))
    )  # `$$` escapes `$` in Grafana
    [query] = json.loads(parse_qs(urlsplit(url).query)["panes"][0])["events"]["queries"]
    assert query["datasource"] == {"type": kind, "uid": events["uid"]}
    field = re.search(rf'netmon[._](\w+)[=:]"?{FLOW_ID}', query.get("expr") or query["query"])[1]
    written = io.StringIO()
    Events(written, Privacy(3, bytes(32)), {}).flow(finding)
    assert json.loads(written.getvalue())["netmon"][field] == FLOW_ID


def test_events_are_one_setting():
    """A variable chooses the file of data sources, another the address of the events."""
    chosen = dict(mounts("grafana", NETMON_DATASOURCES="./grafana-loki.yaml"))
    assert chosen["./grafana-loki.yaml"].name == "netmon.yaml"
    assert "NETMON_EVENTS_URL" in SERVICES["grafana"]["environment"]
