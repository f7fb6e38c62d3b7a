"""What several dashboards show about flows: tables by place and verdict, and graphs coloured by verdict."""

from collections.abc import Mapping

from grafana.src import fields
from grafana.src.names import with_city
from grafana.src.panels import Query
from grafana.src.promql import FLOWS, RECEIVED, SENT, both_ways, increase, matcher, step

LABELS = ("vendor", "component", "location", "country", "verdict", "severity")
COLUMNS = ("vendor", "component", "city", "country", "verdict")
"""The columns before the numbers: the city instead of the location; the severity is a number, for sorting."""
HIDDEN = ("location", "severity")
SEVERITIES = {"critical": (3, fields.WORST), "warning": (2, fields.BAD), "notice": (1, fields.WATCH)}
MOST_SERIOUS = ("Severity", "Sent")
"""The order of rows: the one that matters is not below those with more bytes."""


def table(matchers: str = "") -> Mapping[str, str]:
    """The numbers of each component, place and verdict in the time range."""
    by = ", ".join(LABELS)
    return {
        "Severity": severity(matchers, by),
        "Flows": with_city(f"{increase(FLOWS, matchers, by)} > 0", by),
        "Sent": f"{increase(SENT, matchers, by)} > 0",
        "Received": f"{increase(RECEIVED, matchers, by)} > 0",
    }


def severity(matchers: str, by: str) -> str:
    """How serious the flows of a row are, as a number; 0 for flows that are no finding."""
    ranks = {rank: _and(matchers, matcher("severity", name)) for name, (rank, _) in SEVERITIES.items()}
    found = [f"(({increase(FLOWS, one, by)} > 0) * 0 + {rank})" for rank, one in ranks.items()]
    return "\nor ".join([*found, f"({increase(FLOWS, matchers, by)} > 0) * 0"])


def bytes_by_place(matchers: str) -> Query:
    """Bytes in both directions in each interval, by place and verdict."""
    by = "location, verdict"
    return Query(f"{with_city(both_ways(step, matchers, by), by)} > 0", "{{city}}, {{verdict}}")


def _and(*matchers: str) -> str:
    return ", ".join(one for one in matchers if one)


SEVERITY = fields.cell_words(
    {"0": ("–", fields.NEUTRAL)} | {str(rank): (name, shade) for name, (rank, shade) in SEVERITIES.items()}
)
TABLE: fields.Overrides = {
    "Severity": [*SEVERITY, fields.width(90), fields.LEFT],
    "Verdict": [
        *fields.cell_words({name: (name, shade) for name, shade in fields.VERDICTS.items()}),
        fields.width(110),
    ],
    "Country": [fields.width(90)],
    "Flows": [fields.decimals(0), fields.width(80)],
    "Sent": [fields.unit(fields.BYTES), fields.width(100)],
    "Received": [fields.unit(fields.BYTES), fields.width(100)],
}
