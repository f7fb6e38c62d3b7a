"""PromQL that the dashboards share. `$job` and `$instance` are the sensor's variables."""

from collections.abc import Callable

SENSOR = 'job=~"$job", instance=~"$instance"'
RANGE = "$__range"
STEP = "$__rate_interval"
NO_COUNTRY = "disputed|unknown|other"  # values of `country` that name none; `other`: folded series
SENT, RECEIVED, FLOWS = "netmon_sent_bytes_total", "netmon_received_bytes_total", "netmon_flows_total"
UNEXPECTED_SEEN = "netmon_unexpected_last_seen_timestamp_seconds"
FORBIDDEN_SEEN = "netmon_forbidden_last_seen_timestamp_seconds"
FINDING = 'verdict=~"unexpected|forbidden"'


def select(metric: str, matchers: str = "") -> str:
    """The series of a metric that the chosen sensors show."""
    return f"{metric}{{{SENSOR}{', ' if matchers else ''}{matchers}}}"


def rate(metric: str, matchers: str = "", by: str = "") -> str:
    """Growth a second, for counters that exist from the sensor's start."""
    return f"sum{_by(by)}(rate({select(metric, matchers)}[{STEP}]))"


def increase(metric: str, matchers: str = "", by: str = "", window: str = RANGE) -> str:
    """Growth within a window, for counters that exist from the sensor's start."""
    return f"sum{_by(by)}(increase({select(metric, matchers)}[{window}]))"


def grown(metric: str, matchers: str = "", by: str = "", window: str = RANGE) -> str:
    """Growth within a window, the birth of a series included.

    A series that begins with its first flow is born with that flow's bytes, and `increase` knows no growth
    from nothing to there: the first flow ever to a new place would be shown as none.
    """
    series = select(metric, matchers)
    return f"sum{_by(by)}((increase({series}[{window}]) and {series} offset {window}) or {series})"


def grown_bytes(matchers: str = "", by: str = "", window: str = RANGE) -> str:
    """Bytes both ways within a window."""
    return " + ".join(grown(way, matchers, by, window) for way in (SENT, RECEIVED))


def placed(expression: str, labels: str) -> str:
    """An expression by location, with labels of that location as one of the sensors knows it."""
    known = f"topk by (location) (1, {select('netmon_location_info')})"
    return f"({expression}) * on (location) group_left ({labels}) {known}"


def seen_in_range(metric: str, matchers: str = "") -> str:
    """Times of last sight that lie in the dashboard's time range."""
    return f"{select(metric, matchers)} > time() - $__range_s"


def findings(times: Callable[[str], str]) -> str:
    """Times of both kinds of finding, each with its verdict as a label."""
    both = (("unexpected", UNEXPECTED_SEEN), ("forbidden", FORBIDDEN_SEEN))
    return "\nor ".join(
        f'label_replace({times(metric)}, "verdict", "{verdict}", "", "")' for verdict, metric in both
    )


def last_finding() -> str:
    """When a finding was last seen in the time range, in milliseconds, as Grafana's units have it."""
    return f"max({findings(seen_in_range)}) * 1000"


def if_alive(expression: str) -> str:
    """An expression without labels; 0 where it has no result, but only while a sensor answers."""
    return f"{expression}\nor count({select('netmon_build_info')}) * 0"


def _by(labels: str) -> str:
    return f" by ({labels}) " if labels else " "
