"""Severities from a capture and a configuration to the exit code, the event and the summary."""

import json

import pytest

from tests.craft.scene import connection, ethernet_file, flight
from tests.craft.talk import tls_session
from tests.places.mmdb import nested, write_database

SERVER = "198.51.100.20"
UPLOAD, UPDATES, WEB = "dc1-file.ksn.kaspersky-labs.com", "s00.upd.kaspersky.com", "www.kaspersky.ru"


@pytest.fixture
def judged(netmon, tmp_path):
    """A connection with this name, where two providers place its server: event, exit codes and summary."""

    def judged(name, places, policy="", country="DE"):
        file = tmp_path / "one.pcap"
        file.write_bytes(ethernet_file(tls_session(connection(SERVER, at_s=0), flight(name))))
        for provider, place in zip(("DBIP-City-Lite", "GeoLite2-City"), places, strict=True):
            records = {"198.51.100.0/24": nested(*place.split("/"))}
            write_database(tmp_path / "mmdb" / f"{provider}.mmdb", records, provider)
        text = f"subject: {{country: {country}}}\nplaces: {{databases: [mmdb]}}\npolicy: {{{policy}}}\n"
        (tmp_path / "netmon.yaml").write_text(text)
        words = ("read", "--config", "netmon.yaml", file)
        found = [netmon(*words[:1], *more, *words[1:]) for more in (["--json"], ["--json", "--all"], [])]
        assert len({one.returncode for one in found}) == 1, found[-1].stderr
        [event] = map(json.loads, found[0].stdout.splitlines())
        return event, found[0].returncode, found[-1].stdout

    return judged


RU, DE, CA, CH = (("RU/Moscow",) * 2, ("DE/Berlin",) * 2, ("CA/Toronto",) * 2, ("CH/Zurich",) * 2)
EEA = "tolerated: {'*': [EEA]}"
FORBID = "forbidden_vendors: [kaspersky]"


@pytest.mark.parametrize(
    ("name", "places", "policy", "verdict", "severity"),
    [
        (UPLOAD, DE, "", ("unexpected", "place_elsewhere"), "warning"),
        (UPLOAD, DE, EEA, ("unexpected", "place_elsewhere"), "notice"),
        (UPLOAD, CA, EEA, ("unexpected", "place_elsewhere"), "warning"),
        (UPLOAD, CA, "tolerated: {'*': [EEA, ADEQUACY]}", ("unexpected", "place_elsewhere"), "notice"),
        (UPLOAD, CA, "tolerated: {kaspersky: [CA]}", ("unexpected", "place_elsewhere"), "notice"),
        (UPLOAD, RU, "", ("unexpected", "country_of_concern"), "critical"),
        (UPLOAD, RU, "tolerated: {'*': [RU]}", ("unexpected", "country_of_concern"), "critical"),
        (UPDATES, RU, "", ("unexpected", "country_of_concern"), "critical"),
        (UPDATES, RU, "allowed: {kaspersky: {updates: [RU]}}", ("undecided", "holder_unproven"), None),
        (UPDATES, CA, "", ("undecided", "no_promise"), None),
        (WEB, RU, "", ("unexpected", "country_of_concern"), "notice"),
        (WEB, RU, FORBID, ("forbidden", "policy_forbids_vendor"), "notice"),
        (UPLOAD, CH, FORBID, ("forbidden", "policy_forbids_vendor"), "warning"),
        (
            UPLOAD,
            CH,
            f"{FORBID}, forbidden_severity: notice",
            ("forbidden", "policy_forbids_vendor"),
            "notice",
        ),
        (
            UPLOAD,
            RU,
            f"{FORBID}, forbidden_severity: notice",
            ("forbidden", "policy_forbids_vendor"),
            "critical",
        ),
        (
            UPLOAD,
            CH,
            "forbidden_components: {kaspersky: [reputation]}",
            ("forbidden", "policy_forbids_component"),
            "warning",
        ),
        (
            UPLOAD,
            ("CH/Zurich", "RU/Moscow"),
            "allowed: {kaspersky: {reputation: []}}",
            ("forbidden", "policy_forbids_component"),
            "warning",
        ),
        (
            UPDATES,
            CA,
            "forbidden_components: {kaspersky: [reputation]}",
            ("undecided", "no_promise"),
            None,
        ),
        (UPLOAD, ("RU/Moscow", "NL/Amsterdam"), "", ("unexpected", "nowhere_promised"), "warning"),
        (UPLOAD, ("DE/Berlin", "NL/Amsterdam"), EEA, ("unexpected", "nowhere_promised"), "notice"),
        (UPLOAD, ("RU/Moscow", "CH/Zurich"), "", ("undecided", "databases_disagree"), None),
        (UPDATES, ("RU/Moscow", "NL/Amsterdam"), "", ("undecided", "no_promise"), None),
    ],
)
def test_severity_and_exit_code(judged, name, places, policy, verdict, severity):
    """Exit code 3 and an alert from a warning up; a notice is shown, and is none."""
    event, code, text = judged(name, places, policy)
    found = event["netmon"]
    assert (found["verdict"], found["reason"]) == verdict
    assert found.get("severity") == severity
    is_alarm = severity in ("warning", "critical")
    assert code == (3 if is_alarm else 0)
    assert event["event"]["kind"] == ("alert" if is_alarm else "event")
    heading = next(line for line in text.splitlines() if line.startswith(f"{verdict[0]}, "))
    assert severity is None or heading.startswith(f"{verdict[0]}, {severity}: ")
    assert ("No alarm. Notices: 1 flow" in text) == (severity == "notice")


def test_a_notice_in_a_group_depends_on_the_day(judged):
    """In 2026 the United Kingdom is no member of the EU, and has an adequacy decision."""
    places = ("GB/London",) * 2
    assert judged(UPLOAD, places, "tolerated: {'*': [EU]}")[1] == 3
    assert judged(UPLOAD, places, "tolerated: {'*': [ADEQUACY]}")[1] == 0


def test_a_place_elsewhere_is_worded(judged):
    """In event and summary: elsewhere, what the sources name, and what is not known."""
    event, _, text = judged(UPLOAD, ("RU/Moscow", "NL/Amsterdam"))
    words = event["netmon"]["explanation"]
    assert words.startswith(
        "The sources disagree on the first hop: the Netherlands or Russia. None of them names"
    )
    assert "Warnings: 1 flow of kaspersky (reputation) to elsewhere, disputed: NL or RU." in text
