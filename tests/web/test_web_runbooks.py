"""Runbooks as pages: readable in a browser, and part of the package."""

import re

import pytest

from netmon.web.pages import RUNBOOKS, runbook_page
from tests.web.clients import request

NAMES = sorted(file.stem for file in RUNBOOKS.glob("*.md"))


@pytest.mark.parametrize("name", NAMES)
def test_each_runbook_is_a_page(server, name):
    """The page has the headings of the runbook, and none of its marks."""
    status, headers, body = request(server.address, f"/runbooks/{name}")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    text = body.decode()
    assert f"<h1>{name}</h1>" in text
    assert re.findall("<h2>(.*)</h2>", text) == ["What to check", "What to do", "False alarms"]
    assert not re.search(r"\*\*|\]\(|^#|<p>\|", text, re.MULTILINE)


def test_index_lists_all_runbooks(server):
    """The index has a link to each runbook, with a sentence about it."""
    body = request(server.address, "/runbooks/")[2].decode()
    rows = re.findall(r'<li><a href="(\w+)">\1</a>: (.+)</li>', body)
    assert [name for name, _ in rows] == NAMES
    assert all(len(sentence) > 20 and sentence.endswith(".") for _, sentence in rows)


def test_old_links_work(server):
    """Links with the ending of the file lead to the same page."""
    assert (
        request(server.address, "/runbooks/SensorDown.md")[2]
        == request(server.address, "/runbooks/SensorDown")[2]
    )


@pytest.mark.parametrize(
    "path", ["/runbooks/x", "/runbooks/../netmon", "/runbooks/%2e%2e%2fREADME", "/runbooks/a/b"]
)
def test_there_is_no_other_runbook(server, path):
    """Any other name is not found, and no path leads out of the folder."""
    status, _, body = request(server.address, path)
    assert (status, body) == (404, b"not found; try /runbooks/\n")


def test_index_without_a_slash(server):
    """The index is found without the slash at its end."""
    status, headers, _ = request(server.address, "/runbooks")
    assert (status, headers["Location"]) == (302, "runbooks/")


@pytest.mark.parametrize(
    ("text", "expected", "unexpected"),
    [
        ("[a](NoPackets.md)", '<a href="NoPackets">a</a>', ".md"),
        ("[a](NoPackets.md#what-to-do)", '<a href="NoPackets#what-to-do">a</a>', ".md"),
        ("[a](../../../docs/x.md#y)", '<span title="docs/x.md in netmon\'s repository">a</span>', "href"),
        ("[a](https://b.example/c.md)", '<a href="https://b.example/c.md">a</a>', "span"),
        ("<script>x</script>", "&lt;script&gt;", "<script"),
        ("| a | b |\n|---|---|\n| c | d |", "<td>c</td>", "|"),
    ],
)
def test_markdown(monkeypatch, text, expected, unexpected):
    """Links to runbooks are adjusted, those to the repository are named only, and there is no raw HTML."""
    monkeypatch.setattr("netmon.web.pages._runbooks", lambda: {"A": f"# A\n\n{text}\n"})
    body = runbook_page("A").partition("<h1>")[2]
    assert expected in body
    assert unexpected not in body


GERMAN = sorted(file.stem for file in (RUNBOOKS / "de").glob("*.md"))


@pytest.mark.parametrize("name", GERMAN)
def test_german_runbooks_say_the_same(name):
    """A German runbook has the parts, steps and code of the English one, and a page."""
    english = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    german = (RUNBOOKS / "de" / f"{name}.md").read_text(encoding="utf-8")
    assert re.findall("^# (.+)$", german, re.MULTILINE) == [name]
    headings = re.findall("^## (.+)$", german, re.MULTILINE)
    assert headings == ["Was zu prüfen ist", "Was zu tun ist", "Fehlalarme"]
    for mark in (re.compile(r"^- ", re.MULTILINE), re.compile(r"^\d\. ", re.MULTILINE), re.compile(r"\]\(")):
        assert len(mark.findall(german)) == len(mark.findall(english)), mark.pattern
    assert sorted(re.findall("`([^`]+)`", german)) == sorted(re.findall("`([^`]+)`", english))
    assert f"<h1>{name}</h1>" in runbook_page(f"de/{name}")


def test_german_runbooks_are_served(server):
    """The index lists all alerts and leads to the other language; links are relative."""
    body = request(server.address, "/runbooks/de/")[2].decode()
    assert '<html lang="de">' in body
    assert re.findall(r'<li><a href="(\w+)">', body) == NAMES
    assert '<a href="../">English</a>' in body
    assert '<a href="de/">Deutsch</a>' in request(server.address, "/runbooks/")[2].decode()
    page = request(server.address, "/runbooks/de/SensorDown")[2].decode()
    assert '<a href="../../">netmon</a> / <a href="./">Runbooks</a>' in page
    assert "Fehlalarme" in page
    status, headers, _ = request(server.address, "/runbooks/de")
    assert (status, headers["Location"]) == (302, "de/")


def test_a_runbook_without_german_is_shown_in_english(monkeypatch):
    """A new runbook has a page before it is translated; other languages have none."""
    monkeypatch.setattr("netmon.web.pages._runbooks", lambda: {"A": "# A\n\nEnglish.\n"})
    assert "<p>English.</p>" in runbook_page("de/A")
    assert '<html lang="en">' in runbook_page("de/A")
    assert runbook_page("fr/A") is None
    assert runbook_page("de/de/A") is None
