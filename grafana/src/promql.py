"""PromQL that the dashboards share. The variables `$job` and `$instance` select the sensors."""

from collections.abc import Callable

SENSOR = 'job=~"$job", instance=~"$instance"'
RANGE = "$__range"
STEP = "$__rate_interval"
NO_COUNTRY = "disputed|unknown|other"  # values of `country` that are not a country
SENT, RECEIVED, FLOWS = "netmon_sent_bytes_total", "netmon_received_bytes_total", "netmon_flows_total"
UNEXPECTED_SEEN = "netmon_unexpected_last_seen_timestamp_seconds"
FORBIDDEN_SEEN = "netmon_forbidden_last_seen_timestamp_seconds"
FINDING = 'verdict=~"unexpected|forbidden"'


def select(metric: str, matchers: str = "") -> str:
    """The series of a metric from the selected sensors."""
    return f"{metric}{{{SENSOR}{', ' if matchers else ''}{matchers}}}"


def rate(metric: str, matchers: str = "", by: str = "") -> str:
    """Growth per second, for counters that exist from the start of the sensor."""
    return f"sum{_by(by)}(rate({select(metric, matchers)}[{STEP}]))"


def increase(metric: str, matchers: str = "", by: str = "", window: str = RANGE) -> str:
    """Growth within a window, for counters that exist from the start of the sensor."""
    return f"sum{_by(by)}(increase({select(metric, matchers)}[{window}]))"


def grown(metric: str, matchers: str = "", by: str = "", window: str = RANGE) -> str:
    """Growth within a window, including the first value of a new series.

    A series that starts with its first flow starts at that flow's bytes, and `increase` does not count the
    first value of a series: the first flow to a new place would not be shown.
    """
    series = select(metric, matchers)
    return f"sum{_by(by)}((increase({series}[{window}]) and {series} offset {window}) or {series})"


def grown_bytes(matchers: str = "", by: str = "", window: str = RANGE) -> str:
    """Bytes in both directions within a window."""
    return " + ".join(grown(way, matchers, by, window) for way in (SENT, RECEIVED))


def placed(expression: str, labels: str) -> str:
    """An expression by location, with labels of that location from one of the sensors."""
    known = f"topk by (location) (1, {select('netmon_location_info')})"
    return f"({expression}) * on (location) group_left ({labels}) {known}"


def seen_in_range(metric: str, matchers: str = "") -> str:
    """Last-seen timestamps within the time range of the dashboard."""
    return f"{select(metric, matchers)} > time() - $__range_s"


def findings(times: Callable[[str], str]) -> str:
    """Timestamps of both kinds of findings, with the verdict as a label."""
    both = (("unexpected", UNEXPECTED_SEEN), ("forbidden", FORBIDDEN_SEEN))
    return "\nor ".join(
        f'label_replace({times(metric)}, "verdict", "{verdict}", "", "")' for verdict, metric in both
    )


def last_finding() -> str:
    """Time of the last finding in the time range, in milliseconds as Grafana expects."""
    return f"max({findings(seen_in_range)}) * 1000"


def if_alive(expression: str) -> str:
    """An expression without labels; 0 if it has no result while at least one sensor answers."""
    return f"{expression}\nor count({select('netmon_build_info')}) * 0"


def _by(labels: str) -> str:
    return f" by ({labels}) " if labels else " "
