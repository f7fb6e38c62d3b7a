"""What a real Prometheus answers to every question of the dashboards, about a sensor in the laboratory."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.grafana import traffic
from tests.grafana.boards import LABEL_VALUES, NAMES, Range, Target, fill_in, load, targets, variables
from tests.lab.laboratory import Laboratory, wait_for
from tests.lab.monitoring import Monitoring
from tests.places.mmdb import DAY_S, nested, write_database

SCRAPE_S = 1
CHOSEN = {"job": ".+", "instance": ".+", "places": "zurich|moscow", "vendor": "acme"}
VERDICT = "Verdict"


@dataclass
class Recording:
    """Answers by question; values of variables by dashboard and name; the verdict as it became graver."""

    when: Range
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    values: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    verdicts: list[str] = field(default_factory=list)


def record(folder: Path) -> Recording:
    """Lets the laboratory work for a minute and asks everything. Needs root and the laboratory's programs."""
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
    config += f"policy: {{forbidden_vendors: [globex]}}\nstate: {{folder: {folder / 'state'}}}\n"
    with Laboratory(folder, zone=traffic.ZONE, config=config, udp_idle_s=5) as laboratory:
        sensor = laboratory.sensor()
        monitoring = Monitoring(laboratory, folder)
        begin = time.time() - 2
        made = Recording(Range(begin, begin, SCRAPE_S))
        [verdict] = [one for one in targets() if (one.board, one.panel["title"]) == ("overview", VERDICT)]

        def judge(expected: str) -> None:
            """Wait until the verdict's panel shows a value, and keep it."""

            def is_shown() -> bool:
                made.when = Range(begin, time.time(), SCRAPE_S)
                found = ask(monitoring, verdict, made.when)
                return [one["value"][1] for one in found] == [expected]

            wait_for(is_shown, f"the verdict is {expected}")
            made.verdicts.append(expected)

        judge("0")
        started_s = time.monotonic()
        for number, jobs in enumerate(traffic.rounds()):
            time.sleep(max(0.0, started_s + number * traffic.ROUND_S - time.monotonic()))
            laboratory.connect("client-a" if number % 2 else "client-b", jobs)
            if number == traffic.CALM_ROUNDS:
                judge("1")
        judge("3")
        wait_for(
            lambda: (
                sensor.sums("netmon_quic_flows_total").total() > 0
                and sensor.sums("netmon_fallback_resolver_findings_total").total() > 0
            ),
            "datagrams' flows are over",
        )
        time.sleep(2 * SCRAPE_S)  # a rate needs two scrapes
        made.when = Range(begin, time.time(), SCRAPE_S)
        for one in targets():
            made.answers[one.name] = ask(monitoring, one, made.when)
        for board in NAMES:
            for name, variable in variables(load(board)).items():
                if variable["type"] == "query":
                    made.values[board, name] = values(monitoring, variable, made.when)
        laboratory.connect("client-a", [traffic.fetch(traffic.FORBIDDEN)])
        judge("4")
    return made


def ask(monitoring: Monitoring, one: Target, when: Range) -> list[dict[str, Any]]:
    """What Prometheus answers to a panel's question, as Grafana asks it."""
    expression = fill_in(one.query["expr"], CHOSEN, when)
    if one.query.get("instant"):
        found = monitoring.ask("query", query=expression, time=f"{when.end_s:.3f}")
    else:
        times = {"start": f"{when.begin_s:.3f}", "end": f"{when.end_s:.3f}", "step": str(when.step_s)}
        found = monitoring.ask("query_range", query=expression, **times)
    return found["result"]


def values(monitoring: Monitoring, variable: dict[str, Any], when: Range) -> list[str]:
    """What a variable offers."""
    series, label = LABEL_VALUES.fullmatch(variable["query"]["query"]).groups()
    match = fill_in(series, CHOSEN, when)
    times = {"start": f"{when.begin_s:.3f}", "end": f"{when.end_s:.3f}"}
    return monitoring.ask(f"label/{label}/values", **{"match[]": match}, **times)
