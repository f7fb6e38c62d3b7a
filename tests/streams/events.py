"""Events for a spool, as the sensor writes them."""

import json

from netmon.outputs.lines import Lines
from netmon.outputs.spool import Spool


def event(number, severity=None, text=""):
    """An event whose id is its number."""
    about = {"id": f"id-{number}", "dataset": "netmon.flow", "severity": severity}
    return {
        "@timestamp": "2026-11-28T08:31:07.000000Z",
        "event": {key: value for key, value in about.items() if value is not None},
        "observer": {"name": "sensor-1"},
        "netmon": {"text": text},
    }


def write(folder, numbers, max_bytes=1 << 30, text=""):
    """Appends the events of these numbers to a spool, as a sensor that starts and ends."""
    spool = Spool(folder, max_bytes)
    lines = Lines(spool, str(folder), lambda line: None)
    for number in numbers:
        lines.write(json.dumps(event(number, text=text)) + "\n")
        lines.flush()
    spool.close()


def ids(lines):
    """The ids of events, in order."""
    return [json.loads(line)["event"]["id"] for line in lines]
