"""Every command that stands below a table is run as it is written, and gives the numbers of that table."""

import html
import json
import re
import shlex

import pytest

from netmon.language.language import ENGLISH, NARROW
from tests.evidence.test_findings import netmon
from tests.machine import ROOT, need

DEMO = str(ROOT / "netmon" / "data" / "demo.pcap")
ROW = re.compile(r"^(.*\S) {2,}([\d,]+) +(\S+ [kMG]?B) +(\S+ [kMG]?B)(?: +([\d,]+) +([\d,]+))?$")
SECTIONS = ("findings", "map", "time", "rows", "view")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with the demo."""
    path = tmp_path_factory.mktemp("store") / "s.db"
    netmon("read", "--country", "DE", "--store", path, DEMO)
    return path


@pytest.fixture(scope="module", params=["store", "files"])
def page(request, store):
    """A page and its twin: from a store, and from a file."""
    words = ["--store", store, "--since", "2026-09-15", "--until", "2026-09-15"]
    words = words if request.param == "store" else ["--country", "DE", "--privacy", 0, DEMO]
    made = [netmon("report", *words, "--format", kind, "-o", "-")[1] for kind in ("html", "json")]
    return made[0], json.loads(made[1])


def commands(page):
    """The commands by section of the page."""
    found = {}
    for section in page.split("<section id=")[1:]:
        name = section[1 : section.index('"', 1)]
        found[name] = [html.unescape(text) for text in re.findall(r"<code>(netmon [^<]*)</code>", section)]
    return found


def run(command):
    """What a command writes; it must not fail, though `netmon read` has an exit code for findings."""
    code, output, problems = netmon(*shlex.split(command)[1:])
    assert (code, problems) in ((0, ""), (3, "")), command
    return output


def table(page, section):
    """The rows of the table that a section's command shows: text, flows, sent, received, findings."""
    [command] = commands(page[0])[section]
    rows = [match.groups() for line in run(command).splitlines() if (match := ROW.match(line))]
    assert rows
    return {row[0]: (int(row[1].replace(",", "")), *row[2:4], int(row[4] or 0)) for row in rows}


def shown(*sums):
    """Flows, sent and received bytes of sums, as a terminal shows them."""
    flows, sent, received = (
        sum(one[key] for one in sums) for key in ("flows", "sent_bytes", "received_bytes")
    )
    return (flows, *(ENGLISH.bytes(number).replace(NARROW, " ") for number in (sent, received)))


def test_every_table_has_a_command(page):
    """One below each, and those for the whole report."""
    found = commands(page[0])
    assert {name: len(found[name]) for name in SECTIONS} == dict.fromkeys(SECTIONS, 1)
    assert len(found["used"]) == 2


def test_findings(page):
    """Of each client as many as in the table, and together as many as the page says."""
    by_client = table(page, "findings")
    listed = {}
    for finding in page[1]["findings"]:
        for one in finding["contacts"]:
            listed[one["client"]] = listed.get(one["client"], 0) + one["sum"]["flows"]
    found = {client.partition(",")[0]: row[3] for client, row in by_client.items() if row[3]}
    assert found == listed
    assert f"<p>{sum(found.values())} connections are findings.</p>" in page[0]


def test_map(page):
    """The bytes of each place that is drawn, and of what is not."""
    by_place = table(page, "map")
    for place in page[1]["destinations"]:
        name = f"kaspersky: {place['spot']['city']}, {place['spot']['country']}"
        assert by_place.pop(name)[:3] == shown(place["sum"])
    assert [row[:3] for row in by_place.values()] == [shown(page[1]["unplaced"])]


def test_time_line(page):
    """The bytes of the day."""
    by_day = table(page, "time")
    bars = sum(sum(one["bytes_by_share"]) for one in page[1]["time_line"]["spans"])
    total = page[1]["answers"][0]["total"]
    assert {day: row[:3] for day, row in by_day.items()} == {"2026-09-15": shown(total)}
    assert bars == total["total_bytes"]


def test_rows(page):
    """From a store the sums of each component; from a file each component and place by verdict."""
    [command] = commands(page[0])["rows"]
    rows = page[1]["rows"]
    if "history" in command:
        wanted = {}
        for row in rows:
            wanted.setdefault(f"kaspersky: {row['component']}", []).append(row["sum"])
        assert {name: row[:3] for name, row in table(page, "rows").items()} == {
            name: shown(*sums) for name, sums in wanted.items()
        }
        return
    lines = [match.groups() for line in run(command).splitlines() if (match := ROW.match(line))]
    found = sorted((one[0].split()[0], int(one[1]), *one[2:4]) for one in lines)
    assert found == sorted((row["component"], *shown(row["sum"])) for row in rows)


def test_view(page):
    """The packets, and the connections without a name."""
    [command] = commands(page[0])["view"]
    output = run(command)
    if command.endswith("-o -"):
        assert json.loads(output)["view"] == page[1]["view"]
    else:
        assert re.search(rf"^all packets +{page[1]['view']['packets']:,}$", output, re.MULTILINE)
    for one in page[1]["view"]["blinds"]:
        assert f"{one['count']:,}" in page[0]


def test_the_report_again(page):
    """The command for its JSON form gives that, apart from the words of the command itself."""
    [*_, again] = commands(page[0])["used"]
    report = json.loads(run(again))
    assert {**report, "asked": []} == {**page[1], "asked": []}


def test_the_second_opinion(page):
    """Wireshark reads the same; a report from a store does not know where the files are now."""
    need("tshark")
    command, _ = commands(page[0])["used"]
    if DEMO not in command:
        assert command == "netmon verify FILE"
        return
    assert netmon(*shlex.split(command)[1:])[0] == 0
