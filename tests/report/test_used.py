"""What decided: netmon, configurations, signatures and databases of a period, and sources that are quoted."""

import pytest
from msgspec.structs import replace

from netmon.outputs.observer import Observer
from netmon.outputs.run_events import RunEvents
from netmon.places.decision import DECLARED, VENDOR
from netmon.records import Vote
from netmon.report.scope import used_by
from tests.records import ZURICH
from tests.report.recorded import CONDITIONS, Lines
from tests.report.recorded import SIGNATURES as SIGNATURES_OF
from tests.report.scenes import HOUR_NS, START_NS
from tests.report.test_gather import facts_of, flow, run

NETMON, SETTINGS, SIGNATURES = "a1" * 32, "c0" * 32, CONDITIONS["signatures"]["sha256"]
QUOTED = {"dbip": SIGNATURES_OF.vendors["kaspersky"].databases["dbip"]}
NEWER = {"name": "DB-IP City Lite", "provider": "dbip", "date": "2026-09-05", "sha256": "6f" * 32}


def used(lines, **limits):
    """What decided in a period: kind, name, version, the beginning of its hash, and runs."""
    found = used_by(facts_of(lines, **limits), QUOTED)
    return [(one.kind, one.name, one.version, (one.sha256 or "")[:2], one.runs) for one in found]


def changed(hour, **conditions):
    """The event that the run of `run` judges under other conditions from an hour on."""
    lines = Lines()
    about = RunEvents([lines], Observer("s", "", "run of s"), is_live=True)
    about.run("start", START_NS, conditions=CONDITIONS)
    about.run("change", START_NS + hour * HOUR_NS, conditions=CONDITIONS | conditions)
    return lines[1:]


def voted(*votes):
    """A run with a flow on whose place these sources have voted."""
    return run(flow(place=replace(ZURICH, votes=votes)))


def test_everything_has_its_hash():
    """netmon with its engine, the configuration, the signatures and each database."""
    assert used(voted()) == [
        ("netmon", "netmon", "1.2.3", "a1", 1),
        ("configuration", "configuration", None, "c0", 1),
        ("signatures", "signatures", None, SIGNATURES[:2], 1),
        ("database", "DB-IP City Lite", "2026-08-05", "5e", 1),
    ]


def test_an_older_record_has_no_hash_of_netmon():
    """One that an earlier netmon wrote is reported all the same."""
    lines = [
        line.replace(f'"program_sha256":"{NETMON}",', "").replace(f'"configuration_sha256":"{SETTINGS}",', "")
        for line in voted()
    ]
    assert used(lines)[:2] == [
        ("netmon", "netmon", "1.2.3", "", 1),
        ("signatures", "signatures", None, SIGNATURES[:2], 1),
    ]


def test_sources_that_are_quoted_have_the_hash_of_what_quotes_them():
    """Each with its day: those of the signatures, and the organisation's declarations."""
    votes = (
        Vote("dbip", "CH", "Zürich", date="2026-06-05"),
        Vote("iptoasn", "CH", None, "registration", date="2026-06-17"),
        Vote(VENDOR, "CH", None),
        Vote(DECLARED, "CH", None, date="2026-01-02"),
        Vote("DB-IP City Lite", "CH", None, date="2026-08-05"),
    )
    assert [one[1:] for one in used(voted(*votes)) if one[0] == "source"] == [
        ("dbip", "2026-06-05", SIGNATURES[:2], None),
        (DECLARED, "2026-01-02", "c0", None),
        ("iptoasn", "2026-06-17", SIGNATURES[:2], None),
        (VENDOR, None, SIGNATURES[:2], None),
    ]


def test_a_quoted_database_has_its_title_and_the_notice_of_its_licence():
    """DB-IP's licence requires it wherever its data is shown."""
    [one] = [
        one for one in used_by(facts_of(voted(Vote("dbip", "CH", None))), QUOTED) if one.kind == "source"
    ]
    assert one.title == "DB-IP City Lite"
    assert "CC BY 4.0" in one.attribution


def test_with_several_signatures_a_source_has_no_hash():
    """It is not known which of them quoted it."""
    lines = [*voted(Vote("dbip", "CH", None)), *changed(50, signatures={"sha256": "f7" * 32})]
    assert [one[3] for one in used(lines) if one[0] == "signatures"] == sorted((SIGNATURES[:2], "f7"))
    assert [one[3] for one in used(lines) if one[0] == "source"] == [""]


@pytest.mark.parametrize(
    ("since", "until", "databases"),
    [(0, 30, ["5e", "6f"]), (0, 2, ["5e"]), (2, 3, ["5e", "6f"]), (4, 30, ["6f"])],
)
def test_what_was_replaced_during_a_run_is_there(since, until, databases):
    """As far as it decided in the period: a database that was replaced on the third day."""
    lines = [*run(flow()), *changed(2 * 24 + 5, databases=[NEWER])]
    found = used(lines, since_day=since, until_day=until)
    assert [one[3] for one in found if one[0] == "database"] == databases
