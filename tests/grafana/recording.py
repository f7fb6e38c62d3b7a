"""The responses of a real Prometheus to every query of the dashboards, about a sensor in the lab."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.grafana import traffic
from tests.grafana.boards import (
    LABEL_VALUES,
    NAMES,
    QUERY_RESULT,
    Range,
    Target,
    fill_in,
    load,
    options,
    targets,
    variables,
)
from tests.lab.lab import Lab, wait_for
from tests.lab.monitoring import Monitoring
from tests.places.mmdb import DAY_S, nested, write_database

SCRAPE_S = 1
CHOSEN = {"job": ".+", "site": ".*", "instance": ".+", "places": "zurich|moscow", "vendor": "acme"}
VERDICT = "Verdict"
OF_ENDED_FLOWS = (
    "netmon_handshake_rtt_seconds_count",
    "netmon_concern_flows_total",
    "netmon_fallback_resolver_findings_total",
    "netmon_rejected_packets_total",
)
"""Counters that grow last: when flows have ended, and were not shown as 0 any more."""
EMPTY_WHEN_GOOD = ("Dropped packets", "Evicted and folded", "Poor views")
"""Panels that leave out zeros, which are all that there is in the lab: they are asked for with the zeros."""


@dataclass
class Recording:
    """Responses by query; values of variables by dashboard and name; the verdicts in order of severity."""

    when: Range
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    values: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    verdicts: list[str] = field(default_factory=list)


def record(folder: Path) -> Recording:
    """Runs the lab for a minute and sends every query. Needs root and the lab's programs."""
    databases = [
        write_database(
            folder / f"{name}.mmdb",
            {"198.51.100.0/25": nested("CH", "Zurich"), "203.0.113.0/24": nested("RU", "Moscow")},
            kind,
            built_s=int(time.time()) - age * DAY_S,
        )
        for name, kind, age in (("city", "GeoLite2-City", 4), ("old", "DBIP-City-Lite", 80))
    ]
    config = f"places: {{databases: [{', '.join(map(str, databases))}]}}\n"
    config += "policy: {forbidden_vendors: [globex], concerns: {acme: [RU]}}\n"
    config += "sensor: {name: edge, site: Bern}\n"
    config += f"evidence: {{folder: {folder / 'evidence'}}}\n"
    with Lab(folder, zone=traffic.ZONE, config=config, udp_idle_s=5, hold_zero_s=2) as lab:
        sensor = lab.sensor()
        monitoring = Monitoring(lab, folder)
        begin = time.time() - 2
        made = Recording(Range(begin, begin, SCRAPE_S))
        [verdict] = [one for one in targets() if (one.board, one.panel["title"]) == ("overview", VERDICT)]

        def await_verdict(expected: str) -> None:
            """Waits until the verdict panel shows a value, and records it."""

            def is_shown() -> bool:
                made.when = Range(begin, time.time(), SCRAPE_S)
                found = query(monitoring, verdict, made.when)
                return [one["value"][1] for one in found] == [expected]

            wait_for(is_shown, f"the verdict is {expected}")
            made.verdicts.append(expected)

        await_verdict("0")
        rounds = list(traffic.rounds())
        calm = traffic.CALM_ROUNDS + 1
        _connect(lab, rounds[:calm])
        await_verdict("1.5")
        _connect(lab, rounds[calm:])
        await_verdict("3")
        wait_for(
            lambda: (
                sensor.sums("netmon_quic_flows_total").total() > 0
                and sensor.sums("netmon_fallback_resolver_findings_total").total() > 0
            ),
            "the flows over UDP have ended",
        )
        for counter in OF_ENDED_FLOWS:
            grown = f"sum(increase({counter}[1m])) > 0"
            wait_for(lambda grown=grown: bool(monitoring.query(grown)), f"Prometheus has {counter}")
        time.sleep(2 * SCRAPE_S)  # a rate needs two scrapes
        made.when = Range(begin, time.time(), SCRAPE_S)
        for one in targets():
            made.answers[one.name] = query(monitoring, one, made.when)
        for board in NAMES:
            for name, variable in variables(load(board)).items():
                if variable["type"] == "query":
                    made.values[board, name] = values(monitoring, variable, made.when)
        lab.connect("client-a", [traffic.fetch(traffic.FORBIDDEN)])
        await_verdict("4")
    return made


def _connect(lab: Lab, rounds: Sequence[list[traffic.Job]]) -> None:
    """Lets both clients do their rounds, at the same time."""
    jobs = {
        host: [job for one in rounds[first::2] for job in one]
        for first, host in enumerate(("client-b", "client-a"))
    }
    with ThreadPoolExecutor() as pool:
        list(pool.map(lab.connect, jobs, jobs.values()))


def query(monitoring: Monitoring, one: Target, when: Range) -> list[dict[str, Any]]:
    """Prometheus' response to a panel's query, sent as Grafana sends it."""
    expression = fill_in(one.query["expr"], CHOSEN, when)
    if one.panel["title"] in EMPTY_WHEN_GOOD:
        expression = expression.replace(" > 0", " >= 0")
    if one.query.get("instant"):
        found = monitoring.call("query", query=expression, time=f"{when.end_s:.3f}")
    else:
        times = {"start": f"{when.begin_s:.3f}", "end": f"{when.end_s:.3f}", "step": str(when.step_s)}
        found = monitoring.call("query_range", query=expression, **times)
    return found["result"]


def values(monitoring: Monitoring, variable: dict[str, Any], when: Range) -> list[Any]:
    """The values of a variable; of a `query_result`, with the text for each."""
    if found := QUERY_RESULT.fullmatch(variable["query"]["query"]):
        expression = fill_in(found.group(1), CHOSEN, when)
        answer = monitoring.call("query", query=expression, time=f"{when.end_s:.3f}")
        return options(variable, answer["result"])
    series, label = LABEL_VALUES.fullmatch(variable["query"]["query"]).groups()
    match = fill_in(series, CHOSEN, when)
    times = {"start": f"{when.begin_s:.3f}", "end": f"{when.end_s:.3f}"}
    return monitoring.call(f"label/{label}/values", **{"match[]": match}, **times)
