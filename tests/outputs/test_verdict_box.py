"""The box that a summary begins with: the result for each vendor, the worst first, and why."""

import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from netmon.cli.terminal import prepare
from netmon.language.language import ENGLISH, Language
from netmon.outputs.summary import Summary
from netmon.privacy import ADDRESS, Privacy
from netmon.records import Verdict
from tests.outputs.test_seen import STATS, VIEW
from tests.records import DISPUTED, EXPECTED, MOSCOW, ZURICH, classified

CRITICAL = Verdict("unexpected", "country_of_concern", severity="critical")
WARNING = Verdict("unexpected", "place_elsewhere", severity="warning")
NOTICE = Verdict("unexpected", "place_elsewhere", severity="notice")
FORBIDDEN = Verdict("forbidden", "policy_forbids_vendor", severity="warning")
ALLOWED = Verdict("expected", "policy_allows")
EXCEPTED = Verdict("expected", "policy_exception")
NO_PROMISE = Verdict("undecided", "no_promise", lacks="promise")
ENDED = Verdict("undecided", "service_ended", lacks="promise")
NO_COUNTRY = Verdict("undecided", "subject_unknown", lacks="promise")
NO_PLACE = Verdict("undecided", "single_source", lacks="place")
UNREAD = STATS | {
    "view": {"": VIEW | {"packets": 641, "flow_packets": 1, "undecoded_packets": 640}},
    "undecoded": {"": {("ethertype", 0x88E5): 640}},
}


def box(*flows, stats=STATS, width=100, language=ENGLISH, encoding="utf-8"):
    """The text in the box, a line for each paragraph that it begins."""
    summary = Summary({}, Privacy(ADDRESS, bytes(32)), language=language)
    for one in flows:
        summary.flow(one)
    prepare()  # a sign that an encoding lacks is replaced
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="plain")
    console = Console(file=file, width=width, color_system=None)
    summary.show(console, {"view": {}} | stats)
    file.flush()
    lines = file.buffer.getvalue().decode(encoding).splitlines()
    edge = lines[0]
    end = next(number for number, line in enumerate(lines) if number and line[0] in "└+")
    assert {len(line) for line in lines[: end + 1]} == {len(edge)}, "the box has a straight edge"
    return [line[1:-1].strip() for line in lines[1:end]]


@pytest.mark.parametrize(
    ("flows", "title"),
    [
        ([classified(MOSCOW, CRITICAL), classified()], "UNEXPECTED, critical: acme"),
        ([classified(MOSCOW, WARNING), classified(MOSCOW, NOTICE)], "UNEXPECTED, warning: acme"),
        ([classified(MOSCOW, NOTICE)], "UNEXPECTED, notice: acme"),
        ([classified(ZURICH, FORBIDDEN), classified(MOSCOW, WARNING)], "FORBIDDEN, warning: acme"),
        ([classified(ZURICH, FORBIDDEN), classified(MOSCOW, CRITICAL)], "UNEXPECTED, critical: acme"),
        ([classified(MOSCOW, NO_PROMISE)], "ELSEWHERE, NOTHING PROMISED: acme"),
        ([classified(MOSCOW, ENDED), classified(), classified()], "ELSEWHERE, NOTHING PROMISED: acme"),
        ([classified(DISPUTED, replace(NO_PROMISE, lacks="place"))], "NOT JUDGED: acme"),
        ([classified(MOSCOW, NO_COUNTRY)], "NOT JUDGED: acme"),
        ([classified(DISPUTED, NO_PLACE)] * 3, "NOT JUDGED: acme"),
        (
            [classified(MOSCOW, NO_PROMISE), classified(DISPUTED, NO_PLACE)],
            "ELSEWHERE, NOTHING PROMISED: acme",
        ),
        ([classified(MOSCOW, NO_PROMISE)] + [classified(DISPUTED, NO_PLACE)] * 2, "NOT JUDGED: acme"),
        ([classified()] * 3, "AS PROMISED: acme"),
        ([classified(), classified(ZURICH, ALLOWED)], "AS PROMISED OR ALLOWED: acme"),
        ([classified(), *[classified(MOSCOW, EXCEPTED)] * 9], "AS PROMISED OR ALLOWED: acme"),
        ([*[classified()] * 9, classified(MOSCOW, EXCEPTED)], "AS PROMISED OR ALLOWED: acme"),
        ([classified(MOSCOW, EXCEPTED)], "AS ALLOWED BY THE POLICY: acme"),
        ([classified(ZURICH, ALLOWED), classified(ZURICH, EXCEPTED)], "AS ALLOWED BY THE POLICY: acme"),
        ([classified()] * 9 + [classified(DISPUTED, NO_PLACE)], "AS PROMISED OR ALLOWED, IN PART: acme"),
        ([], "NOTHING SEEN"),
    ],
)
def test_the_worst_decides_the_title(flows, title):
    """One undecided flow is enough for it to be no all-clear."""
    assert box(*flows)[0] == title


@pytest.mark.parametrize(
    ("counters", "is_poor"),
    [
        ({"unseen_tcp_bytes": 2_000_000, "tcp_bytes": 9_000_000}, True),
        ({"duplicate_packets": 400, "packets": 1000}, False),
        ({"unseen_tcp_bytes": 10_000, "tcp_bytes": 9_000_000}, False),
    ],
)
@pytest.mark.parametrize(
    ("verdict", "english", "german"),
    [
        (EXPECTED, "AS PROMISED", "WIE ZUGESAGT"),
        (ALLOWED, "AS ALLOWED BY THE POLICY", "WIE VON DER RICHTLINIE ERLAUBT"),
    ],
)
def test_an_all_clear_of_a_poor_view_is_qualified(counters, is_poor, verdict, english, german):
    """What hides connections makes it a statement about those that were seen; duplicates hide none."""
    stats = STATS | {"view": {"eth1": VIEW | counters}}
    one = classified(ZURICH, verdict)
    more = (", as far as could be seen", ", soweit zu sehen war") if is_poor else ("", "")
    assert box(one, stats=stats)[0] == f"{english}{more[0]}: acme"
    assert box(one, stats=stats, language=Language("de"))[0] == f"{german}{more[1]}: acme"


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "AS PROMISED OR ALLOWED, as far as could be seen: acme"),
        ("de", "WIE ZUGESAGT ODER ERLAUBT, soweit zu sehen war: acme"),
    ],
)
def test_the_longest_all_clear_has_room_in_one_line(width, language, title):
    """On usual terminals, in every language."""
    flows = [classified(), classified(ZURICH, ALLOWED)]
    stats = STATS | {"view": {"eth1": VIEW | {"unseen_tcp_bytes": 2_000_000, "tcp_bytes": 9_000_000}}}
    assert box(*flows, stats=stats, width=width, language=Language(language))[0] == title


def test_a_poor_view_changes_no_other_title():
    """None of them is an all-clear."""
    stats = STATS | {"view": {"eth1": VIEW | {"unseen_tcp_bytes": 2_000_000, "tcp_bytes": 9_000_000}}}
    assert box(classified(MOSCOW, CRITICAL), stats=stats)[0] == "UNEXPECTED, critical: acme"
    assert box(classified(DISPUTED, NO_PLACE), stats=stats)[0] == "NOT JUDGED: acme"
    assert box(stats=stats)[0] == "NOTHING SEEN"


@pytest.mark.parametrize(
    ("flows", "why"),
    [
        (
            [classified(MOSCOW, CRITICAL), classified()],
            "1 of 2 flows, with 1.0 kB sent, went to Moscow, RU: the place is in a country of concern, which "
            "neither policy nor a promise allows.",
        ),
        (
            [classified(MOSCOW, WARNING), classified(MOSCOW, NOTICE), classified(MOSCOW, NOTICE)],
            "1 of 3 flows, with 1.0 kB sent, went to Moscow, RU: the sources agree on a country other than "
            "the promised one. Further findings: UNEXPECTED, notice: 2 flows.",
        ),
        (
            [classified(MOSCOW, NO_PROMISE), classified()],
            "For 1 of 2 flows, the place is known, but nothing was promised with which it could be compared: "
            "1 flow with 3.0 kB in Russia. That is no finding.",
        ),
        (
            [classified(MOSCOW, NO_PROMISE)],
            "The place of the only flow is known, but nothing was promised with which it could be compared: "
            "1 flow with 3.0 kB in Russia. That is no finding.",
        ),
        ([classified()], "The only flow ended as expected."),
        (
            [classified(ZURICH, EXCEPTED)] * 2,
            "All 2 flows ended as expected, 2 of them by an exception of the policy.",
        ),
        ([], "No flow to a known vendor was seen in 1,000 packets."),
    ],
)
def test_a_sentence_says_why(flows, why):
    """With numbers, places and the reason."""
    assert " ".join(box(*flows)[1:]) == why


def test_every_vendor_is_in_the_box_the_worst_first():
    """None is hidden behind another one."""
    flows = [
        classified(),
        replace(classified(MOSCOW, NO_PROMISE), vendor="beta"),
        replace(classified(DISPUTED, NO_PLACE), vendor="gamma"),
        replace(classified(MOSCOW, NOTICE), vendor="delta"),
        replace(classified(MOSCOW, CRITICAL), vendor="zeta"),
    ]
    titles = [line for line in box(*flows) if ": " in line and line.split(":")[0].split(",")[0].isupper()]
    assert titles == [
        "UNEXPECTED, critical: zeta",
        "UNEXPECTED, notice: delta",
        "ELSEWHERE, NOTHING PROMISED: beta",
        "NOT JUDGED: gamma",
        "AS PROMISED: acme",
    ]


def test_unread_packets_lead_and_forbid_an_all_clear():
    """What could be decoded is no result for the vendor then."""
    text = box(classified(), stats=UNREAD)
    assert text[0] == "NOT READ"
    words = " ".join(text)
    assert "640 of 641 packets could not be decoded: EtherType 0x88e5 (MACsec)" in words
    assert "1 flow of known vendors was seen; whether there were more cannot be said." in words
    assert "AS PROMISED" not in words


def test_a_finding_is_shown_beside_unread_packets():
    """It was seen all the same."""
    text = box(classified(MOSCOW, CRITICAL), classified(), stats=UNREAD)
    assert text[0] == "NOT READ"
    assert "UNEXPECTED, critical: acme" in text
    assert "whether there were more" not in " ".join(text)


def test_remarks_about_the_run_come_first():
    """Such as that it was interrupted: above the box."""
    console = Console(width=60, color_system=None)
    with console.capture() as capture:
        Summary({}, Privacy(ADDRESS, bytes(32))).show(console, STATS | {"view": {}}, remarks=("INTERRUPTED",))
    first, second, *_ = capture.get().splitlines()
    assert (first, second[0]) == ("INTERRUPTED", "┌")


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 300])
def test_the_box_fits_the_terminal(width):
    """And is never wider than is good to read."""
    box(classified(MOSCOW, CRITICAL), width=width)  # which looks at its edge
    summary_width = len(box(classified(), width=width)[0])
    assert summary_width <= min(width, 100)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_lines_has_an_ascii_box(encoding):
    """With the same text."""
    assert box(classified(), encoding=encoding) == box(classified())


@pytest.mark.parametrize(
    ("flows", "title", "why"),
    [
        (
            [classified(MOSCOW, CRITICAL), classified()],
            "UNERWARTET, kritisch: acme",
            "1 von 2 Verbindungen endete hier: Moscow, RU; gesendet: 1,0 kB. Grund: der Ort liegt in einem "
            "bedenklichen Land, das weder die Richtlinie noch eine Zusage erlaubt.",
        ),
        ([classified()], "WIE ZUGESAGT: acme", "Die einzige Verbindung endete wie erwartet."),
        (
            [classified(), classified(MOSCOW, EXCEPTED), classified(MOSCOW, EXCEPTED)],
            "WIE ZUGESAGT ODER ERLAUBT: acme",
            "Alle 3 Verbindungen endeten wie erwartet, 2 davon durch eine Ausnahme der Richtlinie.",
        ),
        ([], "NICHTS GESEHEN", "In 1.000 Paketen war keine Verbindung zu einem bekannten Anbieter zu sehen."),
        (
            [classified(DISPUTED, NO_PLACE), classified(), classified()],
            "TEILWEISE WIE ZUGESAGT ODER ERLAUBT: acme",
            "2 von 3 Verbindungen endeten wie erwartet; 1 ließ sich nicht beurteilen (1 ohne gesicherten "
            "Ort): 1 Verbindung mit 3,0 kB an einem Ort, über den die Quellen einander widersprechen.",
        ),
    ],
)
def test_german(flows, title, why):
    """Titles and sentences in German; one flow takes the singular."""
    first, *others = box(*flows, language=Language("de"))
    assert (first, " ".join(others)) == (title, why)


def test_expected_means_expected():
    """The plain verdict of these tests is that of a promise."""
    assert classified().verdict == EXPECTED
