"""The lines about new findings: what they say, that each comes once, and that they are not too many."""

import pytest
from msgspec.structs import replace

from netmon.outputs import new_findings
from netmon.outputs.new_findings import MAX_LINES, PERIOD_S, NewFindings
from netmon.privacy import ADDRESS, NETWORK, NOTHING, PSEUDONYM, Privacy
from netmon.records import Verdict, Vote
from tests.records import DISPUTED, MOSCOW, START_NS, UNEXPECTED, ZURICH, classified

CRITICAL = Verdict("unexpected", "country_of_concern", severity="critical")
NOTICE = Verdict("unexpected", "place_elsewhere", severity="notice")
FORBIDDEN = Verdict("forbidden", "policy_forbids_vendor", severity="critical")
DECLARED = replace(MOSCOW, confidence="single", votes=(Vote("declared", "RU", "Moscow"),))
KEY = ("192.0.2.17", "files.acme.example", "198.51.100.5", "unexpected", "warning")
DAY_NS = 86_400 * 10**9


class Lines:
    """New findings with a clock that a test sets; `printed` are the lines."""

    def __init__(self, level=ADDRESS, **options):
        self.printed = []
        self.now_s = 0.0
        self.findings = NewFindings(
            Privacy(level, bytes(32)), {}, self._say, clock=lambda: self.now_s, **options
        )

    def _say(self, text, severity, time_ns):
        self.printed.append((text, severity, time_ns))

    @property
    def texts(self):
        """The lines without severity and time."""
        return [text for text, _, _ in self.printed]

    def flow(self, place=MOSCOW, verdict=UNEXPECTED, **changes):
        """A flow with these changes."""
        one = classified(place, verdict)
        self.findings.flow(replace(one, flow=replace(one.flow, **changes)))


def test_the_line():
    """It has verdict, severity, client, name, address, place, what that rests on, and bytes sent so far."""
    lines = Lines()
    lines.flow(replace(MOSCOW, agreeing=3), CRITICAL, phase="open", sent_bytes=1_900, last_ns=START_NS)
    assert lines.printed == [
        (
            "unexpected, critical: 192.0.2.17 → files.acme.example (198.51.100.5) Moscow, RU: "
            "3 sources agree; 1.9 kB sent",
            "critical",
            START_NS,
        )
    ]


@pytest.mark.parametrize(
    ("level", "begin"),
    [
        (PSEUDONYM, "unexpected, warning: client-"),
        (NETWORK, "unexpected, warning: 192.0.2.0/24 → files.acme.example"),
        (NOTHING, "unexpected, warning: files.acme.example"),
    ],
)
def test_clients_as_privacy_allows(level, begin):
    """The client is shown as the privacy level says; at the highest level it is not mentioned."""
    lines = Lines(level)
    lines.flow()
    [text] = lines.texts
    assert text.startswith(begin)
    assert "192.0.2.17" not in text


def test_clients_that_are_not_shown_share_a_line():
    """Where clients cannot be told apart in the lines, a second one is nothing new."""
    lines = Lines(NOTHING)
    lines.flow()
    lines.flow(client="192.0.2.18")
    assert len(lines.printed) == 1


def test_a_flow_without_a_name():
    """Without a name, the line says as what the flow was recognised."""
    lines = Lines()
    lines.flow(name=None, matched=None)
    assert "→ 198.51.100.5 (acme, files) Moscow, RU: " in lines.texts[0]


@pytest.mark.parametrize(
    ("place", "verdict", "end"),
    [
        (MOSCOW, FORBIDDEN, "Moscow, RU: the policy forbids any contact with this vendor; 1.0 kB sent"),
        (
            replace(MOSCOW, confidence="unknown", country="unknown"),
            FORBIDDEN,
            "place unknown: the policy forbids any contact with this vendor; 1.0 kB sent",
        ),
        (DECLARED, UNEXPECTED, "Moscow, RU: declared by you; 1.0 kB sent"),
        (
            DISPUTED,
            Verdict("unexpected", "nowhere_promised", severity="warning"),
            "disputed: CH or RU: the sources name different countries, and none that was promised or "
            "allowed; 1.0 kB sent",
        ),
        (
            MOSCOW,
            Verdict("unexpected", "bypasses_relay", severity="warning"),
            "Moscow, RU: the policy names relays for this, and the client is none of them; 1.0 kB sent",
        ),
    ],
)
def test_what_a_finding_rests_on(place, verdict, end):
    """The line names the sources where the place decided, and the reason where it did not."""
    lines = Lines()
    lines.flow(place, verdict)
    [text] = lines.texts
    assert text.endswith(f"(198.51.100.5) {end}")


def test_flows_without_a_finding_print_nothing():
    """Neither an expected nor an undecided flow, nor one of no vendor, gives a line."""
    lines = Lines()
    for place, verdict in ((ZURICH, Verdict("expected", "place_as_promised")), (None, None)):
        lines.flow(place, verdict)
    lines.flow(DISPUTED, Verdict("undecided", "databases_disagree", lacks="place"))
    assert (lines.printed, lines.findings.count) == ([], 0)


def test_a_finding_is_printed_once():
    """Further reports on the flow, and further flows of the same client, name and address are old."""
    lines = Lines()
    for phase in ("open", "update", "end"):
        lines.flow(phase=phase)
    lines.flow(flow_id=8, client_port=50000)
    assert (len(lines.printed), lines.findings.count, lines.findings.alarms) == (1, 1, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"client": "192.0.2.18"},
        {"name": "other.acme.example"},
        {"server": "198.51.100.6"},
        {"verdict": CRITICAL},
        {"verdict": FORBIDDEN},
    ],
)
def test_another_client_name_address_or_verdict_is_new(changes):
    """Each of these makes a finding a new one."""
    lines = Lines()
    lines.flow()
    lines.flow(**changes)
    assert lines.findings.count == len(set(lines.texts)) == 2


def test_a_flow_that_becomes_a_finding_later():
    """It is printed when its verdict is a finding for the first time."""
    lines = Lines()
    lines.flow(verdict=Verdict("undecided", "no_contact", lacks="evidence"), phase="open")
    lines.flow(phase="update")
    assert len(lines.printed) == 1


def test_notices_are_findings_and_no_alarms():
    """A notice is printed, and does not count for the exit code."""
    lines = Lines()
    lines.flow(verdict=NOTICE)
    assert lines.texts[0].startswith("unexpected, notice: ")
    assert (lines.findings.count, lines.findings.alarms) == (1, 0)


def test_many_new_findings_are_held_back_and_counted():
    """Within a minute, further lines of a severity are held back; then a line says how many of which."""
    lines = Lines()
    for number in range(MAX_LINES + 7):
        lines.flow(server=f"198.51.100.{number}")
        lines.findings.flush()
    assert len(lines.printed) == MAX_LINES
    assert lines.findings.count == MAX_LINES + 7
    lines.now_s = PERIOD_S
    lines.findings.flush()
    text, severity, _ = lines.printed[-1]
    assert text.startswith("7 more new findings (7 warning) not printed, ")
    assert severity == "warning"
    lines.flow(server="203.0.113.1")
    assert "203.0.113.1" in lines.texts[-1]
    lines.now_s += PERIOD_S
    lines.findings.flush()
    assert len(lines.printed) == MAX_LINES + 2  # nothing more was held back


def test_notices_hide_no_critical_finding():
    """Each severity has lines of its own, and the line about the rest has the worst one's severity."""
    lines = Lines()
    for number in range(MAX_LINES + 1):
        lines.flow(verdict=NOTICE, server=f"198.51.100.{number}")
    for number in range(MAX_LINES + 2):
        lines.flow(verdict=CRITICAL, server=f"203.0.113.{number}")
    assert [severity for _, severity, _ in lines.printed] == ["notice"] * MAX_LINES + ["critical"] * MAX_LINES
    lines.findings.end_period()
    text, severity, _ = lines.printed[-1]
    assert (text.partition(" not ")[0], severity) == (
        "3 more new findings (2 critical, 1 notice)",
        "critical",
    )


def test_memory_is_bounded(monkeypatch):
    """The finding that was not seen for longest is forgotten, counted as such, and new again."""
    monkeypatch.setattr(new_findings, "MAX_REMEMBERED", 3)
    lines = Lines()
    for last in (1, 2, 3, 1, 4):
        lines.flow(server=f"198.51.100.{last}")
    assert (len(lines.printed), lines.findings.forgotten) == (4, 1)
    lines.flow(server="198.51.100.1")
    assert len(lines.printed) == 4
    lines.flow(server="198.51.100.2")
    assert (len(lines.printed), lines.findings.forgotten) == (5, 2)


def test_a_pseudonym_of_the_next_day_is_new():
    """The line of the next day has another pseudonym, like one about another client."""
    lines = Lines(PSEUDONYM)
    lines.flow()
    lines.flow(start_ns=START_NS + DAY_NS, last_ns=START_NS + DAY_NS)
    assert len(set(lines.texts)) == 2


def test_findings_of_earlier_runs():
    """They are not printed and not counted as new, but they are alarms of this run, and are noted once."""
    noted = []
    lines = Lines(earlier=[KEY, ("192.0.2.99", *KEY[1:])], note=lambda: noted.append(len(lines.printed)))
    lines.flow()
    lines.flow(client="192.0.2.1")
    lines.flow(client="192.0.2.99")
    lines.flow()
    assert [text.split(" → ")[0] for text in lines.texts] == ["unexpected, warning: 192.0.2.1"]
    assert (lines.findings.count, lines.findings.alarms, noted) == (1, 3, [0])


def test_a_worse_finding_is_new():
    """An earlier finding that is judged otherwise now is another one."""
    lines = Lines(earlier=[KEY])
    lines.flow(verdict=CRITICAL)
    assert len(lines.texts) == 1
