"""Names instead of ids: of sensors instead of address and port, of cities instead of locations.

An expression keeps every series, also of a sensor or a location whose name is not known.
"""

from grafana.src.promql import BUILD, RANGE, replace, select

SENSOR_INFO, LOCATION_INFO = "netmon_sensor_info", "netmon_location_info"


def with_sensor(expression: str, labels: str = "sensor") -> str:
    """An expression by job and instance, with the sensor's name, or other labels of `netmon_sensor_info`.

    A sensor without a name of its own is shown by its address and port. The name is that of today, or the
    last one of a sensor that does not answer, so that a restart neither changes nor doubles a series.
    """
    return f"({expression}) * on (job, instance) group_left ({labels}) {_sensors()}"


def placed(expression: str, labels: str) -> str:
    """An expression by location, with labels of that location; without places that have no coordinates."""
    known = f"topk by (location) (1, last_over_time({select(LOCATION_INFO)}[{RANGE}]))"
    return f"({expression}) * on (location) group_left ({labels}) {known}"


def with_city(expression: str, by: str) -> str:
    """An expression by these labels, one of them `location`, with the city, or else with the location."""
    city = placed(expression, "city")
    return f"({city}\nor on ({by}) {replace(expression, 'city', '${1}', 'location', '(.*)')})"


def _sensors() -> str:
    """Each sensor once, with job, instance, sensor and site."""
    by = "job, instance, sensor, site"
    named = select(SENSOR_INFO, 'sensor!=""')
    last = f"topk by (job, instance) (1, last_over_time({named}[{RANGE}]))"
    known = f"(max by ({by}) ({named}) or on (job, instance) max by ({by}) ({last}))"
    own = f"{known} unless on (sensor) (count by (sensor) ({known}) > 1)"
    seen = f"group by (job, instance) (last_over_time({select(BUILD)}[{RANGE}]))"
    return f"({own} or on (job, instance) {replace(seen, 'sensor', '${1}', 'instance', '(.+)')})"
