"""PromQL that the dashboards share. The variables `$job` and `$instance` select the sensors.

The sensor shows a new series as 0 before it takes its value, and its series again after a restart, so growth
is right over births, gaps and restarts.
"""

from collections.abc import Callable

SENSOR = 'job=~"$job", instance=~"$instance"'
RANGE = "$__range"
STEP = "${__interval_ms}ms"  # exact, where "$__interval" is rounded
RATE = "$__rate_interval"
NO_COUNTRY = "disputed|unknown|other"  # values of `country` that are not a country
SENT, RECEIVED, FLOWS = "netmon_sent_bytes_total", "netmon_received_bytes_total", "netmon_flows_total"
LOOKED_UP = "netmon_vendor_dns_queries_total"
UNEXPECTED_SEEN = "netmon_unexpected_last_seen_timestamp_seconds"
FORBIDDEN_SEEN = "netmon_forbidden_last_seen_timestamp_seconds"
BUILD = "netmon_build_info"
FINDING = 'verdict=~"unexpected|forbidden"'


def select(metric: str, matchers: str = "") -> str:
    """The series of a metric from the selected sensors."""
    return f"{metric}{{{SENSOR}{', ' if matchers else ''}{matchers}}}"


def matcher(label: str, value: str) -> str:
    """One matcher of a selector."""
    return f'{label}="{value}"'


def rate(metric: str, matchers: str = "", by: str = "") -> str:
    """Growth per second."""
    return f"sum{_by(by)}(rate({select(metric, matchers)}[{RATE}]))"


def increase(metric: str, matchers: str = "", by: str = "") -> str:
    """Growth within the time range of the dashboard: the sum of its steps."""
    series = select(metric, matchers)
    return f"sum{_by(by)}({_growth(series, RANGE, f'increase({series}[{RANGE}])')})"


def step(metric: str, matchers: str = "", by: str = "") -> str:
    """Growth within each step of a graph; the steps add up to the growth within the time range."""
    series = select(metric, matchers)
    estimate = f"rate({series}[{RATE}]) * $__interval_ms / 1000"
    return f"sum{_by(by)}({_growth(series, STEP, estimate)})"


def _growth(series: str, window: str, estimate: str) -> str:
    """Growth within a window, which the functions of PromQL only estimate from the samples in it.

    That is too little where a series begins, and too much in its first minutes. So this subtracts the last
    value before the window (or the first one, of a series that begins in it) from the last one in it. A
    counter that was reset in the window begins again at 0: its greatest value is the one before the reset,
    unless it has grown beyond it since, or was reset several times; what it grew is then the estimate, and is
    not less than its value.
    """
    last, first, most = (f"{name}_over_time({series}[{window}])" for name in ("last", "min", "max"))
    before = f"last_over_time({series}[{RANGE}] offset {window})"
    resets = f"resets({series}[{window}])"
    steady = f"{last} - ({before} <= {first} or {first}) unless {resets} > 0"
    reset = f"({most} > {last}) - ({before} <= {most} or {first}) + {last} and {resets} == 1"
    unclear = f"({estimate} > {last} or {last}) and {resets} > 0"
    return f"{steady}\nor {reset}\nor {unclear}"


def both_ways(growth: Callable[[str, str, str], str], matchers: str = "", by: str = "") -> str:
    """Bytes in both directions, by `increase` or by `step`."""
    return " + ".join(growth(way, matchers, by) for way in (SENT, RECEIVED))


def replace(expression: str, target: str, text: str, source: str, pattern: str) -> str:
    """An expression whose label `target` is made from the label `source`, where that matches the pattern."""
    return f'label_replace({expression}, "{target}", "{text}", "{source}", "{pattern}")'


def seen_in_range(metric: str, matchers: str = "") -> str:
    """Last-seen timestamps within the time range of the dashboard, also of sensors that no longer answer."""
    return f"max_over_time({select(metric, matchers)}[{RANGE}]) > time() - $__range_s"


def findings(times: Callable[[str], str]) -> str:
    """Timestamps of both kinds of findings, with the verdict as a label."""
    both = (("unexpected", UNEXPECTED_SEEN), ("forbidden", FORBIDDEN_SEEN))
    return "\nor ".join(replace(times(metric), "verdict", verdict, "", "") for verdict, metric in both)


def last_finding() -> str:
    """Time of the last finding in the time range, in milliseconds as Grafana expects; 0 if there was none."""
    return if_alive(f"max({findings(seen_in_range)}) * 1000")


def if_alive(expression: str) -> str:
    """An expression without labels; 0 if it has no result while at least one sensor answers."""
    return f"{expression}\nor count({select(BUILD)}) * 0"


def alive() -> str:
    """The number of sensors that answer now."""
    return f"(count(max by (job, instance) ({select(BUILD)})) or vector(0))"


def sensors() -> str:
    """The number of sensors that answered at any time in the range."""
    return f"(count(max by (job, instance) (last_over_time({select(BUILD)}[{RANGE}]))) or vector(0))"


def _by(labels: str) -> str:
    return f" by ({labels}) " if labels else " "
