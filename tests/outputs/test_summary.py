"""The summary of large numbers: every digit, in 80 columns."""

import pytest
from msgspec.structs import replace
from rich.console import Console

from netmon.language.language import Language
from netmon.language.sentences import Sentence
from netmon.outputs import summary as summary_module
from netmon.outputs.summary import Summary
from netmon.privacy import ADDRESS, Privacy
from netmon.records import Verdict
from tests.outputs.test_seen import STATS, VIEW
from tests.records import DISPUTED, MOSCOW, ZURICH, classified


def test_large_numbers_lose_no_digit():
    """Tens of millions of flows and terabytes are shown in full, without an ellipsis."""
    summary = Summary({}, Privacy(ADDRESS, bytes(32)))
    seen = classified()
    summary.flow(
        replace(seen, flow=replace(seen.flow, phase="end", sent_bytes=10**15, received_bytes=10**14))
    )
    for total in summary._sums.values():
        total.flows *= 12_345_678
    many = dict.fromkeys(VIEW, 1_234_567_890) | {"one_way_connections": 1_234_567_889}
    console = Console(width=80)
    with console.capture() as capture:
        summary.show(console, STATS | {"packets": 12_345_678_901, "view": {"": many}})
    text = capture.get()
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    for number in ("12,345,678 ", "1,000.0 TB", "12,345,678,901", "1,234,567,889", "of 1,234,567,890"):
        assert number in text


@pytest.mark.parametrize("width", [80, 100])
def test_a_long_heading_stays_in_its_line_and_over_its_numbers(width):
    """That of flows in German is longer than their numbers."""
    summary = Summary({}, Privacy(ADDRESS, bytes(32)), language=Language("de"))
    summary.flow(classified())
    console = Console(width=width)
    with console.capture() as capture:
        summary.show(console, STATS | {"view": {}})
    lines = [line.rstrip() for line in capture.get().splitlines()]
    [at] = [number for number, line in enumerate(lines) if line.startswith("acme  ")]
    heading, row = lines[at], next(line for line in lines if line.startswith("  files"))
    assert heading.endswith("Verbindungen   gesendet  empfangen")
    assert len(row) == len(heading)
    assert row[: heading.index("Verbindungen") + len("Verbindungen")].endswith(" 1")


def test_unknown_place_is_kept_apart_from_nothing_promised():
    """Undecided flows are grouped, and summed up at the end, by what is missing."""
    summary = Summary({}, Privacy(ADDRESS, bytes(32)))
    summary.flow(classified())
    summary.flow(classified(DISPUTED, Verdict("undecided", "databases_disagree", lacks="place")))
    summary.flow(classified(DISPUTED, Verdict("undecided", "no_promise", lacks="place")))
    summary.flow(classified(MOSCOW, Verdict("undecided", "no_promise", lacks="promise")))
    summary.flow(classified(ZURICH, Verdict("undecided", "holder_unproven", lacks="evidence")))
    console = Console(width=200)
    with console.capture() as capture:
        summary.show(console, STATS | {"view": {}})
    text = capture.get()
    headings = [line.partition(":")[0] for line in text.splitlines() if line.startswith("undecided")]
    assert headings == [
        "undecided, place not established",
        "undecided, place not established",
        "undecided, place known, nothing promised",
        "undecided, evidence incomplete",
    ]
    assert str(summary.sentence()) == (
        "1 of 5 flows ended as expected; 4 could not be judged (2 whose place is not established, 1 of known "
        "place, for which nothing was promised, 1 with incomplete evidence): 2 flows with 6.0 kB where the "
        "sources contradict each other; 1 flow with 3.0 kB in Switzerland; 1 flow with 3.0 kB in Russia."
    )


def test_a_concern_is_explained_below_its_table():
    """The words that say what it means are printed once, however many flows there are."""
    summary = Summary({}, Privacy(ADDRESS, bytes(32)))
    verdict = Verdict(
        "unexpected", "country_of_concern", meaning=(Sentence("Located in Russia by two sources."),)
    )
    for _ in range(3):
        summary.flow(classified(MOSCOW, verdict))
    console = Console(width=200)
    with console.capture() as capture:
        summary.show(console, STATS | {"view": {}})
    assert capture.get().count("Located in Russia by two sources.\n") == 1


def test_nothing_judged_is_no_all_clear():
    """All flows undecided: the box says NOT JUDGED, why, and where the bytes went."""
    summary = Summary({}, Privacy(ADDRESS, bytes(32)))
    summary.flow(classified(MOSCOW, Verdict("undecided", "subject_unknown", lacks="promise")))
    console = Console(width=400)
    with console.capture() as capture:
        summary.show(console, STATS | {"view": {}})
    lines = [line.strip("│┌─┐└┘ ") for line in capture.get().splitlines()]
    assert lines[1] == "NOT JUDGED: acme"
    assert " ".join(lines[2:4]) == (
        "The only flow could not be judged: promises apply to certain countries, and the client's is not "
        "known (1). As located, without a judgement: 1 flow with 3.0 kB in Russia."
    )
    assert lines[-1] == "NOT JUDGED: the only flow, as said above."


def shown(*flows):
    """The lines of a summary, and its closing sentence."""
    summary = Summary({}, Privacy(ADDRESS, bytes(32)))
    for one in flows:
        summary.flow(one)
    console = Console(width=200)
    with console.capture() as capture:
        summary.show(console, STATS | {"view": {}})
    return capture.get().splitlines(), str(summary.sentence()), summary


def finding(severity, reason="place_elsewhere", place=MOSCOW):
    outcome = "forbidden" if reason.startswith("policy_forbids_") else "unexpected"
    return classified(place, Verdict(outcome, reason, severity=severity))


def test_the_worst_findings_come_first():
    """By severity, whatever the verdict and the vendor, each in its heading and in the closing sentence."""
    lines, sentence, summary = shown(
        classified(),
        finding("notice"),
        finding("warning", "policy_forbids_vendor"),
        finding("warning"),
        replace(finding("critical", "country_of_concern"), vendor="zeta"),
    )
    headings = [line.partition(":")[0] for line in lines if line.startswith(("expec", "unexp", "forb"))]
    assert headings == [
        "unexpected, critical",
        "forbidden, warning",
        "unexpected, warning",
        "unexpected, notice",
        "expected",
    ]
    vendors = [line.split()[0] for line in lines if line.endswith("received") and "where" in line]
    assert vendors == ["zeta", "acme"]
    assert sentence == (
        "Critical findings: 1 flow of zeta (files) to Moscow, RU. "
        "Warnings: 2 flows of acme (files) to Moscow, RU. "
        "Notices: 1 flow of acme (files) to Moscow, RU."
    )
    assert summary.alarms == 3


def test_notices_alone_are_no_alarm_and_no_all_clear():
    """They are said, and so is how the other flows ended."""
    undecided = classified(DISPUTED, Verdict("undecided", "databases_disagree", lacks="place"))
    _, sentence, summary = shown(finding("notice"), classified(), undecided)
    assert summary.alarms == 0
    assert sentence == (
        "No alarm. Notices: 1 flow of acme (files) to Moscow, RU. 1 of 3 flows ended as expected; 1 could "
        "not be judged (1 whose place is not established): 1 flow with 3.0 kB where the sources contradict "
        "each other."
    )


def test_a_place_elsewhere_is_shown_as_such():
    """What is known of a disputed place is that it is none of the promised ones."""
    place = replace(DISPUTED, claims=("NL", "RU"))
    lines, _, _ = shown(finding("warning", "nowhere_promised", place))
    assert any(
        "elsewhere, disputed: NL or RU" in " ".join(line.split()) for line in " ".join(lines).split("  ")
    )


def test_explanations_are_bounded(monkeypatch):
    """Many places under one verdict are explained by a few of their explanations."""
    monkeypatch.setattr(summary_module, "MAX_MEANINGS", 2)
    verdicts = [
        Verdict("unexpected", "nowhere_promised", severity="warning", meaning=(Sentence(f"Place {number}."),))
        for number in range(5)
    ]
    lines, _, _ = shown(*(classified(MOSCOW, one) for one in verdicts))
    assert [line for line in lines if line.startswith("Place ")] == ["Place 0.", "Place 1."]


def test_lines_are_bounded(monkeypatch):
    """Further places share a line, and no flow is lost."""
    monkeypatch.setattr(summary_module, "MAX_LINES", 2)
    places = [replace(MOSCOW, city=f"City {number}", location=f"c{number}") for number in range(5)]
    lines, _, summary = shown(*(finding("warning", place=place) for place in places))
    assert summary.flows == 5
    assert any("other places" in line and " 3 " in line for line in lines)
