"""Every command of a page is run as it is written, and gives the numbers of its table, cell by cell."""

import csv
import html
import io
import json
import re
import shlex
from dataclasses import replace

import pytest

from netmon.language.language import ENGLISH, NARROW
from netmon.report.tabular import TableName
from netmon.store.intake import Intake
from netmon.store.sqlite import SqliteStore
from tests.evidence.test_findings import netmon
from tests.machine import ROOT, need
from tests.report.quantities import Tree, forms, quantities
from tests.report.recorded import record
from tests.report.scenes import SCENES

DEMO = str(ROOT / "netmon" / "data" / "demo.pcap")
ROW = re.compile(r"^(.*\S) {2,}([\d,]+) +(\S+ [kMG]?B) +(\S+ [kMG]?B)(?: +([\d,]+) +([\d,]+))?$")
WHOLE_DAY = ["--since", "2026-09-15", "--until", "2026-09-15"]


def month(path):
    """A store of seven sensors with findings, lookups outside the own DNS, interruptions and a poor view."""
    watches = [*SCENES["moscow"](), *SCENES["poor_view"](), *(SCENES["nothing"]()[0] for _ in range(5))]
    watches = [replace(watch, sensor=f"sensor-{number}") for number, watch in enumerate(watches)]
    store = SqliteStore(path)
    intake = Intake(store, str(path))
    for line in record(watches):
        intake.write(line)
    intake.flush()
    store.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two stores: one with the demo, one with a month."""
    folder = tmp_path_factory.mktemp("stores")
    netmon("read", "--country", "DE", "--store", folder / "demo.db", DEMO)
    month(folder / "month.db")
    return folder


@pytest.fixture(scope="module", params=["store", "month", "files"])
def page(request, folder):
    """A page and its twin: from a store, and from a file."""
    words = {
        "store": ["--store", folder / "demo.db", *WHOLE_DAY],
        "month": ["--store", folder / "month.db", "--since", "2026-09-01", "--until", "2026-09-30"],
        "files": ["--country", "DE", "--privacy", 0, DEMO],
    }[request.param]
    made = [
        netmon("report", *words, "--format", kind, "--language", "en", "-o", "-")[1]
        for kind in ("html", "json")
    ]
    return made[0], json.loads(made[1])


@pytest.fixture(scope="module")
def results(page):
    """What each command for a table writes: its lines, by the name of the table."""
    return {
        words[words.index("--table") + 1]: lines(words) for words in commands(page[0]) if "--table" in words
    }


def commands(page):
    """The commands of a page, each once, as words."""
    found = dict.fromkeys(re.findall(r"<code>(netmon [^<]*)</code>", page))
    return [shlex.split(html.unescape(text)) for text in found]


def run(words):
    """What a command writes; it must not fail."""
    code, output, problems = netmon(*words[1:])
    assert (code, problems) == (0, ""), words
    return output


def lines(words):
    """The lines of CSV that a command writes, by the paths of their objects."""
    return {line.pop("where"): line for line in csv.DictReader(io.StringIO(run(words)))}


def told(line):
    """All numbers of a line, in every form in which the page may write them."""
    found = set()
    for key, text in line.items():
        for form in forms(key, number(text)):
            found |= quantities(form)
    return found


def number(text):
    """The number that a cell is, or its text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def assert_told(text, result, *paths, more=()):
    """Every number of a text is in these lines of a result."""
    found = set().union(*(told(result[path]) for path in paths), more)
    assert quantities(text) - found == set(), (paths, text)


def section(page, name):
    """The section of a page."""
    return next(one for one in Tree(page[0]).root.all("section") if one.attributes.get("id") == name)


def bodies(element):
    """The rows of each table in it."""
    return [list(next(table.all("tbody")).all("tr")) for table in element.all("table")]


def test_every_table_and_figure_has_a_command(page):
    """In each section with numbers, one for each table or figure of it."""
    found = {words[words.index("--table") + 1] for words in commands(page[0]) if "--table" in words}
    assert found >= set(TableName) - {"sensors"}
    assert ("sensors" in found) == (len(page[1]["scope"]["sensors"]) > 4)
    sections = [one for one in Tree(page[0]).root.all("section") if "id" in one.attributes]
    for part in [*Tree(page[0]).root.all("div", "first"), *sections]:
        figures = [*part.all("tbody"), *part.all("figure")]
        if figures:
            assert list(part.all("p", "check")), part.text


def test_answers(page, results):
    """The bars of the first page: each part of them, and the sentence above."""
    [answer] = Tree(page[0]).root.all("section", "answer")
    legends = [list(one.all("li")) for one in answer.all("ul", "legend")]
    paths = [
        [f"answers[0].statements[0].standings[{at}]" for at in range(len(legends[0]))],
        [f"answers[0].shares[{at}]" for at in range(len(legends[1]))],
    ]
    for items, wanted in zip(legends, paths, strict=True):
        assert quantities(items[0].text)
        for item, path in zip(items, wanted, strict=True):
            assert_told(item.text, results["first"], path)
    [lead] = answer.all("p", "lead")
    nothing = {"0", ENGLISH.percent(0)}
    assert_told(lead.text, results["first"], *results["first"], more=nothing)


def test_scope(page, results):
    """What the report covers: the period, interruptions and files."""
    covered = next(one for one in Tree(page[0]).root.all("dl", "facts"))
    words = {
        "256",
        *quantities(" ".join(f"{one['name']} {one['site']}" for one in page[1]["scope"]["sensors"])),
    }
    assert_told(covered.text, results["first"], *results["first"], more=words)


def test_findings(page, results):
    """Each finding, each of its pairs of machine and server, and how many there are in all."""
    part = section(page, "findings")
    result = results["findings"]
    assert_told(next(part.all("p")).text, result, "findings_total")
    for at, one in enumerate(part.all("article")):
        votes = [path for path in result if path.startswith(f"findings[{at}].votes")]
        assert_told(next(one.all("header")).text, result, f"findings[{at}]", *votes)
        [rows] = bodies(one)
        for number, row in enumerate(rows):
            assert_told(row.text, result, f"findings[{at}].contacts[{number}]")
        for more in one.all("p", "more"):
            assert_told(more.text, result, f"findings[{at}]")


def test_resolvers(page, results):
    """Each use of a resolver outside the own DNS."""
    rows = bodies(section(page, "findings"))[-1]
    assert rows
    for at, row in enumerate(rows):
        assert_told(row.text, results["resolvers"], f"resolvers[{at}]")


def test_map(page, results):
    """The bytes of each place that has a label, and of what is not on the map."""
    part = section(page, "map")
    drawn = [path for path in results["map"] if path.startswith("destinations")]
    sensors = " ".join(one["name"] for one in page[1]["scope"]["sensors"])
    for text in part.all("text"):
        assert_told(text.text, results["map"], *drawn, more=quantities(sensors))
    for at, title in enumerate(part.all("title")):
        assert_told(title.text, results["map"], f"destinations[{at}]")
    [caption] = part.all("figcaption")
    assert_told(caption.text, results["map"], "unplaced")


def test_time_line(page, results):
    """The bars: as high as the bytes of their share, on an axis of these numbers."""
    part, result = section(page, "time"), results["time"]
    [drawing] = part.all("svg", "time")
    axis = [*map(int, result["time_line"]["axis_bytes"].split())]
    labels = {ENGLISH.bytes(size) for size in axis}
    times = set().union(
        *(quantities(form) for one in result["time_line"]["axis_times"].split() for form in forms("", one))
    )
    assert set().union(*(quantities(text.text) for text in part.all("text"))) <= labels | times
    [base] = {
        float(one.attributes["y1"])
        for one in part.all("line", "base")
        if one.attributes["y1"] == one.attributes["y2"]
    }
    heights = {}
    for bar in drawing.all("rect"):
        if bar.attributes["class"] != "gap":
            heights.setdefault(bar.attributes["class"][2:], []).append(float(bar.attributes["height"]))
    for share, drawn in heights.items():
        sizes = [int(line[f"bytes_by_share.{share}"]) for path, line in result.items() if "spans" in path]
        wanted = [size / axis[-1] * (base - 12) for size in sizes if size]
        assert drawn == pytest.approx(wanted, abs=0.06)
    assert len(list(part.all("path", "mark"))) == sum(
        line["findings"] not in ("", "0") for line in result.values()
    )
    assert_told(next(part.all("figcaption")).text, result, "time_line")


def test_rows(page, results):
    """Each component, place and verdict, and the total."""
    part = section(page, "rows")
    [rows] = bodies(part)
    named = {}
    for path in results["rows"]:
        named.setdefault(path.partition(".")[0], []).append(path)
    for at, row in enumerate(rows):
        assert_told(row.text, results["rows"], *named[f"rows[{at}]"])
    assert_told(next(part.all("tfoot")).text, results["rows"], "total")
    assert len(rows) == sum(re.fullmatch(r"rows\[\d+\]", path) is not None for path in results["rows"])


def test_csv_has_the_numbers_of_the_rows(page):
    """The report as CSV has each row, with all its numbers."""
    words = next(words for words in commands(page[0]) if "rows" in words)
    at = words.index("--table")
    text = run([*words[:at], "--format", "csv", "-o", "-", *words[at + 2 :]])
    [rows] = bodies(section(page, "rows"))
    for row, line in zip(rows, csv.DictReader(io.StringIO(text)), strict=True):
        named = line.pop("named_by")
        assert quantities(row.text) - told(line) <= quantities(named)


def test_view(page, results):
    """What could not be seen: how much, out of how much, and the share; and each interruption."""
    part = section(page, "view")
    assert_told(next(part.all("p")).text, results["view"], "view")
    blinds, *gaps = bodies(part)
    for at, row in enumerate(blinds):
        details = [path for path in results["view"] if path.startswith(f"view.blinds[{at}].")]
        assert_told(row.text, results["view"], f"view.blinds[{at}]", *details)
        assert f"({ENGLISH.percent(float(results['view'][f'view.blinds[{at}]']['share']))})" in row.text
    for at, row in enumerate(gaps[0] if gaps else ()):
        assert_told(row.text, results["view"], f"scope.gaps[{at}]")


def test_stated(page, results):
    """The dates and numbers of promises, concerns and measures."""
    part = section(page, "stated")
    quoted = set().union(*(quantities(one.text) for tag in ("blockquote", "span") for one in part.all(tag)))
    for one in part.all("div", "stated"):
        assert_told(one.text, results["stated"], *results["stated"], more=quoted)
    for at, row in enumerate(rows for table in bodies(part) for rows in table):
        assert_told(row.text, results["stated"], f"measures[{at}]")


def test_used(page, results):
    """Versions, hashes and numbers of runs; and the sensors, if there are many."""
    tables = bodies(section(page, "used"))
    for at, row in enumerate(tables[0]):
        assert_told(row.text, results["used"], f"used[{at}]")
    for at, row in enumerate(tables[1] if len(tables) > 1 else ()):
        assert_told(row.text, results["sensors"], f"scope.sensors[{at}]")


def views(page, by):
    """The rows of another command, which adds up on its own: text, flows, sent, received, findings."""
    words = next(words for words in commands(page[0]) if "rows" in words)
    at = words.index("--table")
    given = ["history", "--by", by] if "--store" in words else ["read", "--no-exit-code", "--by", by]
    output = run(["netmon", *given, *words[2:at], *words[at + 2 :]])
    rows = [match.groups() for line in output.splitlines() if (match := ROW.match(line))]
    assert rows
    return {
        row[0]: (int(row[1].replace(",", "")), *row[2:4], int(row[4].replace(",", "") or 0)) for row in rows
    }


def shown(*sums):
    """Flows, sent and received bytes of sums, as a terminal shows them."""
    flows, sent, received = (
        sum(one[key] for one in sums) for key in ("flows", "sent_bytes", "received_bytes")
    )
    return (flows, *(ENGLISH.bytes(number).replace(NARROW, " ") for number in (sent, received)))


def test_clients_of_findings_are_those_of_history(page):
    """Another command, which does not share the report's queries, counts as many findings of each client."""
    listed, others = {}, page[1]["findings_more"]["flows"]
    for finding in page[1]["findings"]:
        others += finding["unlisted"]["flows"]
        for one in finding["contacts"]:
            listed[one["client"]] = listed.get(one["client"], 0) + one["sum"]["flows"]
    found = {client.partition(",")[0]: row[3] for client, row in views(page, "client").items() if row[3]}
    assert sum(found.values()) == sum(listed.values()) + others == page[1]["findings_total"]["flows"]
    if not others:
        assert found == listed


def test_places_of_the_map_are_those_of_history(page):
    """The bytes of each place that is drawn, and of what is not."""
    by_place = views(page, "place")
    for place in page[1]["destinations"]:
        name = f"kaspersky: {place['spot']['city']}, {place['spot']['country']}"
        assert by_place.pop(name)[:3] == shown(place["sum"])
    assert [row[:3] for row in by_place.values()] == [shown(page[1]["unplaced"])]


def test_days_of_the_time_line_are_those_of_history(page):
    """All bars together have the bytes of all days."""
    bars = sum(sum(one["bytes_by_share"]) for one in page[1]["time_line"]["spans"])
    total = page[1]["answers"][0]["total"]
    assert sum(row[0] for row in views(page, "day").values()) == total["flows"]
    assert bars == total["total_bytes"]


def test_components_are_those_of_history(page):
    """The rows of a component add up to it."""
    wanted = {}
    for row in page[1]["rows"]:
        wanted.setdefault(f"kaspersky: {row['component']}", []).append(row["sum"])
    found = {name: row[:3] for name, row in views(page, "component").items()}
    assert found == {name: shown(*sums) for name, sums in wanted.items()}


def test_the_report_again(page):
    """The command for its JSON form gives that, apart from the words of the command itself."""
    words = next(words for words in commands(page[0]) if "json" in words)
    assert {**json.loads(run(words)), "asked": []} == {**page[1], "asked": []}


def test_the_second_opinion(page):
    """Wireshark reads the same; a report from a store does not know where the files are now."""
    need("tshark")
    words = next(words for words in commands(page[0]) if "verify" in words)
    if DEMO not in words:
        assert words == ["netmon", "verify", "FILE"]
        return
    assert netmon(*words[1:])[0] == 0
