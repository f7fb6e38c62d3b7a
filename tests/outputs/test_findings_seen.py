"""The findings of a summary: time, client, name, address, place and votes; bounded, the worst first."""

import pytest
from msgspec.structs import replace
from rich.console import Console

from netmon.language.language import ENGLISH, Language
from netmon.outputs import findings_seen
from netmon.outputs.blocks import Unwrapped
from netmon.outputs.findings_seen import FindingsSeen
from netmon.privacy import ADDRESS, NETWORK, NOTHING, PSEUDONYM, Privacy
from netmon.records import Verdict, Vote
from tests.records import DISPUTED, MOSCOW, START_NS, classified

AGREED = replace(MOSCOW, agreeing=2)


def finding(severity="warning", outcome="unexpected", place=AGREED, **changes):
    return classified(place, Verdict(outcome, "place_elsewhere", severity=severity), **changes)


def collected(*flows, level=ADDRESS, language=ENGLISH):
    seen = FindingsSeen(Privacy(level, bytes(32)), {}, language)
    for one in flows:
        seen.flow(one, one.verdict, one.place)
    return seen


def lines(*flows, width=120, shown=10, more=None, **options):
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        for part in collected(*flows, **options).show(shown, more):
            console.print(part, soft_wrap=isinstance(part, Unwrapped))  # as a summary does
    return capture.get().splitlines()


def test_an_entry_has_who_whom_where_why_and_how_much():
    """And what each source says."""
    assert lines(finding()) == [
        "Findings, the worst first (times in UTC)",
        "2023-11-14 22:13:20 unexpected, warning: 192.0.2.17 → files.acme.example (198.51.100.5)",
        "  Moscow, RU: 2 sources agree (db_one RU Moscow, db_two RU); acme (files): 1 flow, 1.0 kB sent, "
        "2.0 kB received",
        "",
    ]


def test_below_80_columns_the_parts_stand_below_each_other():
    """Each in a line of its own."""
    assert lines(finding(), width=60)[1:-1] == [
        "2023-11-14 22:13:20 unexpected, warning",
        "  192.0.2.17 → files.acme.example (198.51.100.5)",
        "  Moscow, RU: 2 sources agree (db_one RU Moscow, db_two RU)",
        "  acme (files): 1 flow, 1.0 kB sent, 2.0 kB received",
    ]


def test_flows_of_one_client_to_one_server_are_one_entry():
    """With their sum, and the time of the first, in whatever order they ended."""
    text = "\n".join(lines(finding(), finding(start_ns=START_NS - 10**9, flow_id=8), width=200))
    assert text.count("→") == 1
    assert "2 flows, 2.0 kB sent, 4.0 kB received" in text
    assert "22:13:19" in text


def test_the_worst_come_first_then_those_that_sent_most():
    """By severity, then forbidden contacts, then bytes."""
    text = lines(
        finding("notice", client="192.0.2.1"),
        finding("warning", client="192.0.2.2"),
        finding("warning", client="192.0.2.3", sent_bytes=5000),
        finding("warning", "forbidden", client="192.0.2.4"),
        finding("critical", client="192.0.2.5"),
    )
    assert [line.split()[4] for line in text if "→" in line] == [f"192.0.2.{n}" for n in (5, 4, 3, 2, 1)]


def test_further_findings_are_counted_with_the_command_that_shows_them():
    """The command is in one line, so that it can be copied."""
    flows = [finding(client=f"192.0.2.{number}") for number in range(15)]
    text = lines(*flows, width=40, shown=3, more=lambda count: f"netmon read --findings {count} {'x' * 60}")
    assert sum("→" in line for line in text) == 3
    assert f"… and 12 more: netmon read --findings 15 {'x' * 60}" in text
    assert "… and 12 more" in lines(*flows, shown=3)


def test_what_is_kept_is_bounded_by_severity(monkeypatch):
    """Many notices hide no critical finding, and what is not kept is counted."""
    monkeypatch.setattr(findings_seen, "MAX_KEPT", 2)
    many = [finding("notice", client=f"192.0.2.{number}") for number in range(9)]
    text = "\n".join(lines(*many, finding("critical")))
    assert text.count("→") == 3
    assert "unexpected, critical" in text
    assert "… and 7 flows with further findings, of which only the sums were kept" in text


@pytest.mark.parametrize("level", [PSEUDONYM, NETWORK, NOTHING])
def test_clients_are_shown_as_privacy_allows(level):
    """Not by their address above level 0."""
    text = "\n".join(lines(finding(), level=level))
    assert "192.0.2.17" not in text
    assert ("a client that is not shown →" in text) == (level == NOTHING)


def test_no_finding_no_heading():
    """Nothing is shown for flows that are none."""
    assert lines(classified()) == []


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (replace(DISPUTED, claims=("CH", "RU")), "the sources differ (db_one RU, db_two CH)"),
        (replace(AGREED, confidence="single", votes=AGREED.votes[:1]), "one source alone (db_one RU Moscow)"),
        (replace(AGREED, votes=(*AGREED.votes, Vote("db_reg", "CH", None, "registration"))), "db_two RU)"),
        (
            replace(AGREED, votes=tuple(Vote(f"db{number}", "RU", None) for number in range(8))),
            "db4 RU, … and 3 more)",
        ),
        (replace(DISPUTED, votes=(Vote("db_one", None, None, contradicts=True),)), "(db_one another)"),
        (
            replace(DISPUTED, votes=(Vote("db_one", "CH", None), Vote("merged", "RU", None, "unclear"))),
            "the sources differ (db_one CH, merged RU)",
        ),
        (replace(AGREED, votes=(*AGREED.votes, Vote("merged", "RU", None, "unclear"))), "db_two RU)"),
    ],
)
def test_votes(place, text):
    """What locates the address, a few of many, and each side of a dispute; a registration locates nothing."""
    assert text in " ".join(" ".join(lines(finding(place=place), width=300)).split())


def test_german():
    """In German, with its date and decimal sign."""
    text = "\n".join(lines(finding(), width=200, language=Language("de")))
    assert "14.11.2023 22:13:20 unerwartet, Warnung: 192.0.2.17 → files.acme.example" in text
    assert "2 Quellen sind sich einig (db_one RU Moscow, db_two RU)" in text
    assert "1 Verbindung, 1,0 kB gesendet, 2,0 kB empfangen" in text
