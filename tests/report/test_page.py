"""The page: safe whatever packets contain, complete, and with the numbers of its JSON twin."""

import base64
import hashlib
import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import get_args

import pytest
from msgspec import structs

from netmon.language.language import NARROW, Language
from netmon.records import Verdict
from netmon.report.build import build
from netmon.report.gather import gather
from netmon.report.page import render
from netmon.report.view import Detail, ViewGrade
from netmon.store.queries import Scope
from netmon.verdict.table import REASONS
from tests.report.recorded import SIGNATURES, record, report_of, store_of
from tests.report.scenes import MOSCOW, SCENES, ask, see

VOID = {"meta", "br"}
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}'


class Reader(HTMLParser):
    """The elements of a page, its text, and whether it is well formed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], set(), [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        """An element begins."""
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """An element without contents."""
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        """An element ends: the one that began last."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Text."""
        if self.open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self):
        """All text, with plain spaces."""
        return " ".join(" ".join(self.texts).replace(NARROW, " ").split())


def page_of(report, language="en"):
    """The page of a report."""
    return render(report, Language(language), SIGNATURES.locations, dict.fromkeys(CHECKED, "netmon"))


CHECKED = ("findings", "map", "time", "rows", "view", "sensors", "second", "json")


@pytest.fixture(scope="module")
def moscow():
    return report_of("moscow")


@pytest.mark.parametrize("language", ["en", "de"])
def test_page_is_well_formed(moscow, language):
    """Every element is closed, and none of those is there that could run or load anything."""
    read = Reader(page_of(moscow, language))
    assert read.open == []
    assert read.tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "form", "base"})
    names = {name for name, _ in read.attributes}
    assert not any(name.startswith("on") for name in names)
    assert names.isdisjoint({"style", "src", "srcset"})
    assert all(value.startswith("#") for name, value in read.attributes if name == "href")


def test_the_policy_allows_the_style_only(moscow):
    """The page's own policy names the hash of its style, and nothing else."""
    page = page_of(moscow)
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")


POISONED = (
    *("client", "client_host", "client_mac", "name", "server", "path", "site", "sensor", "text", "city"),
    *("statement", "note", "flow", "who", "what", "source", "component", "title"),
)


def poisoned(value):
    """A value with hostile text in place of every text that is no closed word, time or number."""
    if is_dataclass(value):
        changed = {one.name: poisoned(getattr(value, one.name)) for one in fields(value)}
        for name in POISONED:
            if isinstance(getattr(value, name, None), str):
                changed[name] = HOSTILE
        return replace(value, **changed)
    return tuple(map(poisoned, value)) if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", ["moscow", "poor_view", "fifty"])
def test_hostile_text_stays_text(name):
    """Names from packets, of files and sensors, and texts of signatures never become elements."""
    read = Reader(page_of(poisoned(report_of(name))))
    assert "script" not in read.tags
    assert "img" not in read.tags
    assert "{{ 7 * 7 }}" in read.text


def test_headline_is_the_answer(moscow):
    """The first heading is one sentence that answers the question, with the numbers below it."""
    read = Reader(page_of(moscow)).text
    assert "Traffic to Kaspersky ended in Russia. 14 of 509 connections ended there" in read


@pytest.mark.parametrize(
    ("bounds", "english", "german"),
    [
        ((9, 9, True), "9 of your machines connected there.", "Dorthin verbanden sich 9 Ihrer Geräte."),
        ((1, 1, True), "One of your machines connected there.", "Dorthin verband sich eines Ihrer Geräte."),
        ((3, 9, False), "Between 3 and 9 of your machines conn", "verbanden sich zwischen 3 und 9 Ihrer"),
        ((3, None, False), "At least 3 of your machines connected", "verbanden sich mindestens 3 Ihrer"),
        ((1, None, False), "At least one of your machines connected", "sich mindestens eines Ihrer Geräte."),
        ((None, None, False), "servers. Of 87.3 MB in total", "einig. Von insgesamt 87,3 MB"),
    ],
)  # fmt: skip
def test_machines_that_connected_to_a_country(moscow, bounds, english, german):
    """Beside them stand all that had traffic to the vendor, which are more."""
    [answer] = moscow.answers
    [statement] = answer.statements
    assert (statement.clients, answer.clients) == (9, 23)
    names = ("clients", "clients_most", "clients_exact")
    changed = replace(statement, **dict(zip(names, bounds, strict=True)))
    report = replace(moscow, answers=(replace(answer, statements=(changed,)),))
    assert english in Reader(page_of(report)).text
    assert german in Reader(page_of(report, "de")).text
    assert "23 of your machines had traffic to Kaspersky." in Reader(page_of(report)).text
    assert "Datenverkehr zu Kaspersky hatten 23 Ihrer Geräte." in Reader(page_of(report, "de")).text


@pytest.mark.parametrize(
    ("name", "english", "german"),
    [
        ("promised", "No traffic to Kaspersky ended in Russia.", "Kein Datenverkehr zu Kaspersky endete"),
        ("undecided", "Whether traffic to Kaspersky ended in Russia cannot be", "nicht entscheiden."),
        ("poor_view", "is shown to have ended in Russia, but not", "endete nachweislich in"),
        ("nothing", "No traffic to Kaspersky was seen.", "Es wurde kein Datenverkehr zu Kaspersky"),
    ],
)  # fmt: skip
def test_headlines(name, english, german):
    """Each state has its own sentence, and none of them is an all-clear unless physics says so."""
    report = report_of(name)
    assert english in Reader(page_of(report)).text
    assert german in Reader(page_of(report, "de")).text


def conclude(report, conclusion):
    """The report with this conclusion about its country of concern; None: no country is of concern."""
    [answer] = report.answers
    statements = tuple(replace(one, conclusion=conclusion) for one in answer.statements if conclusion)
    changed = replace(answer, conclusion=conclusion or "no_concern", statements=statements)
    return replace(report, answers=(changed,))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "of what was read, without sieved packets: 1,000"),
        ("de", "des Gelesenen, ohne ausgesiebte Pakete: 1.000"),
    ],
)
def test_a_figure_that_the_sieve_leaves_unknown_in_part_says_so(language, text):
    """Below the name of the figure, in the language of the page, with the packets that were dropped."""
    report = report_of("poor_view")
    blinds = tuple(
        replace(one, details=(Detail("sieved_packets", 1000),)) if one.kind == "unseen" else one
        for one in report.view.blinds
    )
    assert text not in Reader(page_of(report, language)).text
    assert text in Reader(page_of(replace(report, view=replace(report.view, blinds=blinds)), language)).text


ALL_CLEAR = [
    ("excluded", "No traffic to Kaspersky ended in Russia.", "no traffic to Kaspersky ended in Russia."),
    ("no_data", "No data was exchanged with Kaspersky.", "no data was exchanged with Kaspersky."),
    (None, "100 % of the traffic to Kaspersky is", "100 % of the traffic to Kaspersky is shown"),
]
"""Conclusions, and how they begin with a good view and a poor one."""


@pytest.mark.parametrize(("conclusion", "plain", "qualified"), ALL_CLEAR)
@pytest.mark.parametrize("grade", get_args(ViewGrade))
def test_an_all_clear_of_a_poor_view_is_qualified(conclusion, plain, qualified, grade):
    """The headline is quoted alone: it must not say more than what stands below it."""
    report = conclude(report_of("promised"), conclusion)
    report = replace(report, view=replace(report.view, grade=grade))
    for one, is_poor in ((report, grade not in ("good", "limited", "empty")), (damaged(report), True)):
        said = heading(one)
        if grade == "unread":
            assert "it remains open what went to Kaspersky" in said
        elif is_poor:
            assert said.startswith(f"As far as the sensor could see, {qualified}")
            assert heading(one, "de").startswith("Soweit der Sensor sehen konnte, ")
        else:
            assert said.startswith(plain)
            assert "Soweit" not in heading(one, "de")


def damaged(report):
    """The report on a file that is not complete."""
    return replace(report, scope=replace(report.scope, problems=("office.pcap: cut short",)))


def heading(report, language="en"):
    """The first heading of the page."""
    page = page_of(report, language).replace(NARROW, " ")
    return page.partition("<h1>")[2].partition("</h1>")[0]


def test_unwatched_days_qualify_the_headline():
    """28 of 30 days, of which nothing is known."""
    [watch] = SCENES["promised"]()
    watch.gaps = [(24, 29 * 24)]
    report = build(gather(store_of(record([watch])), Scope()), SIGNATURES, ["kaspersky"], ["netmon"])
    assert heading(report) == "As far as the sensor could see, no traffic to Kaspersky ended in Russia."


def test_a_poor_view_is_said_on_the_first_page():
    """Before any number, so that "nothing was seen" is not read as "nothing happened"."""
    text = Reader(page_of(report_of("poor_view"))).text
    assert text.index("The sensor saw only part of the traffic.") < text.index("Where did the bytes go?")


@pytest.mark.parametrize("name", ["promised", "moscow", "undecided", "poor_view", "fifty"])
def test_the_page_has_the_numbers_of_the_report(name):
    """Every sum that the report has for shares, standings, rows and what was not seen is on the page."""
    report, english = report_of(name), Language("en")
    text = Reader(page_of(report)).text
    said = []
    for answer in report.answers:
        said += [english.bytes(one.sum.total_bytes) for one in answer.shares]
        said += [
            f"{english.number(one.sum.flows)} connection" for s in answer.statements for one in s.standings
        ]
        said += [english.percent(one.sum.share) for s in answer.statements for one in s.standings]
    said += [english.bytes(row.sum.total_bytes) for row in report.rows]
    said += [english.number(one.count) for one in report.view.blinds if one.kind not in ("gaps", "unseen")]
    assert [one for one in said if one.replace(NARROW, " ") not in text] == []


@pytest.mark.parametrize("name", ["moscow", "fifty"])
def test_findings_add_up(name):
    """Each has all of its connections, listed or not, and all together are those of the table."""
    report = report_of(name)
    in_table = sum(row.sum.flows for row in report.rows if row.severity)
    assert sum(one.sum.flows for one in report.findings) + report.findings_more.flows == in_table
    for one in report.findings:
        assert sum(each.sum.flows for each in one.contacts) + one.unlisted.flows == one.sum.flows
    located = [one.sum.flows for s in report.answers[0].statements for one in s.standings]
    assert report.findings[0].sum.flows == located[0]


def test_several_vendors():
    """Each has its answer, the worst comes first, and findings and rows say whose they are."""
    watches = SCENES["moscow"]()
    for watch in watches:
        watch.flows = [
            structs.replace(flow, vendor="globex")
            if number % 3 == 0 and flow.place not in (None, MOSCOW)
            else flow
            for number, flow in enumerate(watch.flows)
        ]
    facts = gather(store_of(record(watches)), Scope())
    report = build(facts, SIGNATURES, ["globex", "kaspersky"], ["netmon", "report"])
    assert [one.vendor for one in report.answers] == ["kaspersky", "globex"]
    text = Reader(page_of(report)).text
    assert text.index("Traffic to Kaspersky ended in") < text.index(
        "No traffic to globex is shown to have ended"
    )
    assert "Kaspersky: reputation → Moscow, Russia" in text
    assert "globex: reputation → Amsterdam, Netherlands" in text


def test_every_reason_has_words():
    """In both languages, so that no code is shown to a reader."""
    german = Language("de")
    assert all(german.say(text) != text for text in REASONS.values())


def test_sections_are_linked(moscow):
    """The contents on the first page lead to sections that are there."""
    read = Reader(page_of(moscow))
    ids = {value for name, value in read.attributes if name == "id"}
    links = {value[1:] for name, value in read.attributes if name == "href"}
    assert links
    assert links <= ids


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_seen_but_looked_up_is_no_all_clear(language):
    """Names of the vendor at public resolvers show its products, though no connection of theirs was seen."""
    [watch] = SCENES["nothing"]()
    ask(watch, range(310, 330, 4), "other")
    said = {}
    for question in ("other", "vendor"):
        ask(watch, range(12, 24, 4), question, "reputation" if question == "vendor" else None)
        facts = gather(store_of(record([watch])), Scope())
        said[question] = Reader(page_of(build(facts, SIGNATURES, ["kaspersky"], ["netmon"]), language)).text
    shown = {"en": "But names of this vendor were looked up", "de": "Namen dieses Anbieters wurden aber bei"}
    assert shown[language] not in said["other"]
    assert shown[language] in said["vendor"]


@pytest.mark.parametrize(
    ("name", "english", "german"),
    [
        ("undecided", "because no connection could be judged.", "weil sich keine Verbindung beurteilen"),
        ("nothing", "because no connection was seen that could be", "weil keine Verbindung zu sehen war"),
        ("promised", "no connection broke a promise", "widersprach keine Verbindung einer Zusage"),
    ],
)  # fmt: skip
def test_without_a_finding_it_is_said_whether_anything_could_be_judged(name, english, german):
    """That nothing was broken, as far as it could be judged, is a statement about what was judged."""
    report = report_of(name)
    assert f"There is no finding, {english}" in Reader(page_of(report)).text.replace("finding:", "finding,")
    assert german in Reader(page_of(report, "de")).text


def test_an_exception_of_the_policy_moves_no_connection():
    """What ended in the country of concern did so, whether the policy allows it or not."""
    [watch] = SCENES["promised"]()
    see(watch, range(300, 420, 9), "reputation", MOSCOW, Verdict("expected", "policy_exception"), 42, 18)
    report = build(gather(store_of(record([watch])), Scope()), SIGNATURES, ["kaspersky"], ["netmon"])
    assert report.findings == ()
    text = Reader(page_of(report)).text
    assert "Traffic to Kaspersky ended in Russia." in text
    assert "There is no finding: no connection broke a promise or your policy, as far as it could" in text
    german = Reader(page_of(report, "de")).text
    assert "widersprach keine Verbindung einer Zusage oder Ihrer Richtlinie." in german


def test_a_country_that_is_ruled_out_is_a_judgement():
    """Though no promise could be applied to any connection."""
    report = report_of("undecided")
    [answer] = report.answers
    [statement] = answer.statements
    excluded = replace(statement.standings[0], standing="excluded")
    changed = replace(answer, statements=(replace(statement, standings=(excluded,)),))
    assert "no connection could be judged" in Reader(page_of(report)).text
    text = Reader(page_of(replace(report, answers=(changed,)))).text
    assert "no connection could be judged" not in text
    assert "or ended in a country of concern, as far as it could be judged" in text
