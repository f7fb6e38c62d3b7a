"""The summary of `netmon read` as people use it: options, languages and the commands that it gives."""

import json
import re
import shlex

import pytest

FINDING = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")


def findings(text):
    return [line for line in text.splitlines() if FINDING.match(line)]


def test_the_verdict_comes_first(netmon, demo):
    """Then the statement on countries of concern, the findings, and the tables."""
    text = netmon("read", "--country", "DE", demo).stdout
    parts = [
        "│ UNEXPECTED, critical: kaspersky",
        "Russia: 37 flows of kaspersky: 4 located there",
        "2026-09-15 08:30:21 unexpected, critical: 192.0.2.14 → ksn-stat-geo.kaspersky-labs.com "
        "(77.74.176.12)",
        "  Moscow, RU: 2 sources agree (dbip RU Moscow, geo_whois_asn RU)",
        "kaspersky           where ",
        "What was seen in 9.5 min",
        "Critical findings: 4 flows of kaspersky (reputation) to Moscow, RU.",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_the_command_for_more_findings_shows_them(netmon, demo):
    """As it stands in the summary, with the options that were given."""
    text = netmon("read", "--findings", "1", "--country", "DE", "--privacy", "3", demo).stdout
    [line] = [line for line in text.splitlines() if line.startswith("… and ")]
    assert len(findings(text)) == 1
    words = shlex.split(line.partition(": ")[2])
    assert words[0] == "netmon"
    more = netmon(*words[1:]).stdout
    assert len(findings(more)) == 2 == int(re.search(r"and (\d+) more", line)[1]) + 1
    assert "… and " not in more
    assert "a client that is not shown" in more


def test_clients_of_findings_are_shown_as_privacy_says(netmon, demo):
    """Pseudonyms at level 1; no address of a client anywhere in the summary above level 0."""
    events = [json.loads(line) for line in netmon("read", "--json", demo).stdout.splitlines()]
    clients = {event["source"]["ip"] for event in events}
    for level in (1, 2, 3):
        text = netmon("read", "--country", "DE", "--privacy", level, demo).stdout
        assert not clients & set(re.findall(r"[0-9a-f.:]{7,}", text))
    assert "client-" in netmon("read", "--country", "DE", "--privacy", "1", demo).stdout


@pytest.mark.parametrize(
    ("words", "locale", "is_german"),
    [
        ((), "de_DE.UTF-8", True),
        ((), "C.UTF-8", False),
        (("--language", "en"), "de_DE.UTF-8", False),
        (("--language", "de"), "C.UTF-8", True),
    ],
)
def test_language(netmon, environment, demo, words, locale, is_german):
    """That of the locale, unless the option says otherwise; verdict, findings, tables, sentences."""
    environment["LANG"] = locale
    text = netmon("read", "--country", "DE", *words, demo).stdout
    german = (
        "UNERWARTET, kritisch: kaspersky",
        "Befunde, die schwersten zuerst",
        "Von zwei Quellen in Russland verortet.",
        "Servername im TLS-Hello",
        "345,1 kB",
        "Kritische Befunde: 4 Verbindungen von kaspersky (reputation), Ziel: Moskau, RU.",
    )
    assert [part in text for part in german] == [is_german] * len(german)
    left = re.search(r"\b(?:the|flows?|sent|received|unexpected|undecided|packets)\b", text)
    assert (left is None) == is_german


def test_machines_read_english(netmon, environment, demo):
    """JSON and CSV are the same in every language."""
    kinds = (("--json",), ("--by", "client", "--csv"), ("--json", "--all"))
    plain = [netmon("read", "--country", "DE", *kind, demo).stdout for kind in kinds]
    environment["LANG"] = "de_DE.UTF-8"
    assert [netmon("read", "--country", "DE", *kind, demo).stdout for kind in kinds] == plain


def test_views_are_in_the_language(netmon, environment, demo):
    """Their headings and sums."""
    environment["LANG"] = "de_DE.UTF-8"
    lines = netmon("read", "--by", "place", demo).stdout.splitlines()
    assert lines[0].split() == ["Ort", "Verbindungen", "gesendet", "empfangen", "Befunde", "unentschieden"]
    assert lines[-2:] == [
        "37 Verbindungen: 92,6 kB gesendet, 153,6 kB empfangen.",
        "Geräte von kaspersky: 10.",
    ]


def test_advice_is_in_the_language(netmon, environment, demo):
    """Also what the configuration lacks."""
    environment["LANG"] = "de_DE.UTF-8"
    assert "Geben Sie das Land der Nutzer an" in netmon("read", demo).stdout.splitlines()[-1]
