"""The verdict on everything at a glance: one value, and one sentence that says what it rests on."""

from collections.abc import Mapping

from grafana.src import fields
from grafana.src.names import with_city
from grafana.src.promql import (
    BUILD,
    FINDING,
    FLOWS,
    FORBIDDEN_SEEN,
    LOOKED_UP,
    RANGE,
    SENT,
    UNEXPECTED_SEEN,
    alive,
    findings,
    increase,
    replace,
    seen_in_range,
    select,
    sensors,
)

FORBIDDEN, UNEXPECTED, NOTICE, UNDECIDED, PARTLY, EXPECTED, ONLY_NAMES, NOTHING, DEAD, BLIND = (
    "4", "3", "3.1", "2", "1.5", "1", "0.5", "0", "-1", "-2",
)  # fmt: skip
SENTENCES = {
    FORBIDDEN: ("Forbidden: a vendor was contacted against the policy", fields.WORST),
    UNEXPECTED: ("Unexpected: data went where it should not", fields.BAD),
    NOTICE: ("Notice: data went to a place that is tolerated", fields.WATCH),
    UNDECIDED: ("Undecided: none of the traffic could be judged", fields.WATCH),
    PARTLY: ("Nothing unexpected, but not everything could be judged", fields.WATCH),
    EXPECTED: ("As promised", fields.GOOD),
    ONLY_NAMES: (
        "No flow to a known vendor, but DNS queries for its names: see Sensor health",
        fields.NEUTRAL,
    ),
    NOTHING: ("No traffic of a known vendor: check the mirror port if you expect some", fields.NEUTRAL),
    DEAD: ("No sensor answers", fields.BAD),
    BLIND: ("Blind: no traffic reaches the sensors; see the runbook NoPackets", fields.BAD),
}
"""The text of each value, and its colour. From 3 up there were findings; below 0 nothing can be said."""

BASES = {
    EXPECTED: ("Good basis", fields.GOOD),
    ONLY_NAMES: SENTENCES[ONLY_NAMES],
    NOTHING: SENTENCES[NOTHING],
    PARTLY: ("Poor basis", fields.WATCH),
    DEAD: SENTENCES[DEAD],
    BLIND: SENTENCES[BLIND],
}
"""The same for what a verdict rests on."""

SEEN = "netmon_view_last_flow_packet_timestamp_seconds"
SILENT_S, LEAST_JUDGED = "[[silence_seconds]]", "[[least_judged]]"  # settings
POOR_SHARE = 0.05
"""Share of the time range in which a view may be degraded and still counts as good."""
VIEWS = {
    r"(.+)\\|.*": "no traffic on ${1} interfaces, see the runbook NoPackets",
    r"1\\|.*": "no traffic on 1 interface, see the runbook NoPackets",
    r"0\\|(.+)": "view poor on ${1} interfaces, see Sensor health",
    r"0\\|1": "view poor on 1 interface, see Sensor health",
    r"0\\|0": "view good",
}
"""What is said about interfaces without traffic, and about those with a poor view; the last match counts."""
SERIOUS = 'severity!="notice"'
WHERE = "vendor, location, country"


def query() -> str:
    """The value, with the labels `text` and `sentence`."""
    return f"{_found()}\nor on () {_nothing_found()}"


def basis_query() -> str:
    """Whether sensors report, see well and could judge flows, with the labels `text` and `sentence`."""
    levels = _levels()
    del levels[UNDECIDED]
    return _first_of(levels, _basis_sentence(), BASES)


def silent() -> str:
    """Interfaces that show no traffic now, and for how many seconds."""
    return f"(time() - max by (job, instance, interface) ({select(SEEN)}) > {SILENT_S})"


def _found() -> str:
    """The value if there were findings, with their place, vendor and count."""
    levels = {
        FORBIDDEN: f"count({seen_in_range(FORBIDDEN_SEEN)})",
        UNEXPECTED: f"count({seen_in_range(UNEXPECTED_SEEN, SERIOUS)})",
        NOTICE: f"count({seen_in_range(UNEXPECTED_SEEN)})",
    }
    return _first_of(levels, _finding_sentence())


def _nothing_found() -> str:
    """The value if there were none, with what it rests on."""
    return _first_of(_levels(), _basis_sentence())


def _levels() -> dict[str, str]:
    """What can be said without a finding, and when. Nothing is calm only if all sensors report and see."""
    sees = f"{alive()} >= {sensors()} and {_poor()} == 0"
    return {
        DEAD: _dead(),
        BLIND: _blind(),
        EXPECTED: f"({_judged()} / {_flows()} >= {LEAST_JUDGED} and {sees} and {_judged()} > 0)",
        ONLY_NAMES: f"({_flows()} == 0 and {sees} and {_round(increase(LOOKED_UP))} > 0)",
        NOTHING: f"({_flows()} == 0 and {sees})",
        UNDECIDED: f"({_judged()} == 0 and {_flows()} > 0)",
        PARTLY: f"count({select(BUILD)})",
    }


def _judged() -> str:
    return _round(increase(FLOWS, 'verdict!="undecided"'))


def _flows() -> str:
    return _round(increase(FLOWS))


def _dead() -> str:
    return f"absent({select(BUILD)})"


def _blind() -> str:
    return f"(time() - max({select(SEEN)}) > {SILENT_S})"


def _first_of(
    levels: Mapping[str, str], sentence: str, texts: Mapping[str, tuple[str, str]] = SENTENCES
) -> str:
    """The first value whose condition has a result, with its text and the sentence."""
    values = [
        replace(f"{condition} * 0 + {value}", "text", _text(texts[value][0]), "", "")
        for value, condition in levels.items()
    ]
    value = "\nor on () ".join(values)
    return f"({value})\n* on () group_left (sentence) {sentence}"


def _text(text: str) -> str:
    """The text that precedes the sentence."""
    return f"{text} –" if ":" in text else f"{text}:"


def _basis_sentence() -> str:
    """For example "412 of 430 flows judged, 27 of 30 sensors report, view good"."""
    numbers = {
        "judged": _judged(),
        "flows": _flows(),
        "alive": alive(),
        "sensors": sensors(),
        "poor": _poor(),
        "silent": f"(count({silent()}) or vector(0))",
    }
    labelled = [f'count_values("{name}", {number})' for name, number in numbers.items()]
    joined = labelled[0]
    for name, one in zip(list(numbers)[1:], labelled[1:], strict=True):
        joined += f" * on () group_left ({name}) {one}"
    view = f'label_join({joined}, "seen", "|", "silent", "poor")'
    for pattern, words in VIEWS.items():
        view = replace(view, "view", words, "seen", pattern)
    every = f'label_join({view}, "all", "|", "judged", "flows", "alive", "sensors", "view")'
    text = "${1} of ${2} flows judged, ${3} of ${4} sensors report, ${5}"
    said = replace(every, "sentence", text, "all", _parts(5))
    hint = "check the service, the network and the targets of Prometheus; see the runbook SensorDown"
    return replace(said, "sentence", hint, "alive", "0")


def _finding_sentence() -> str:
    """For example "4 flows, 7.9 kB, acme → Moscow": critical findings first, then the most frequent."""
    ranks = ('severity="critical"', f"{FINDING}, {SERIOUS}", FINDING)
    worst = " or on () ".join(f"topk(1, {_round(increase(FLOWS, one, WHERE), '')} > 0)" for one in ranks)
    sent = increase(SENT, FINDING, WHERE)
    sizes = [
        replace(f'count_values by ({WHERE}) ("number", {number})', "sent", f"${{1}} {unit}", "number", "(.+)")
        for number, unit in (
            (f"round({sent} / 1e3, 0.1) < 1000", "kB"),
            (f"round({sent} / 1e6, 0.1) >= 1", "MB"),
        )
    ]
    counted = f'count_values by ({WHERE}) ("flows", {worst})'
    sized = f"{counted} * on ({WHERE}) group_left (sent) ({' or '.join(sizes)})"
    named = with_city(sized, WHERE)
    every = f'label_join({named}, "all", "|", "flows", "sent", "vendor", "city")'
    said = replace(every, "sentence", "${1} flows, ${2}, ${3} → ${4}", "all", _parts(4))
    said = replace(said, "sentence", "1 flow,${1}", "sentence", "1 flows,(.*)")
    # Counters show a new series as 0 for a minute: until then, the last-seen time says where.
    newest = with_city(f"topk(1, {findings(seen_in_range)}) * 0 + 1", WHERE)
    first = f'label_join({newest}, "sentence", " → ", "vendor", "city")'
    return f"(sum by (sentence) ({said})\nor on () sum by (sentence) ({first}))"


def _poor() -> str:
    """Interfaces whose view was poor for some time, or that show no traffic now."""
    degraded = f"avg_over_time({select('netmon_view_quality_degraded')}[{RANGE}])"
    poor = f"max by (job, instance, interface) ({degraded}) > {POOR_SHARE}"
    return f"(count({poor} or {silent()}) or vector(0))"


def _round(expression: str, empty: str = " or vector(0)") -> str:
    return f"(round({expression}){empty})"


def _parts(number: int) -> str:
    """A pattern for that many parts with a bar between them."""
    return "\\\\|".join(["(.*)"] * number)
