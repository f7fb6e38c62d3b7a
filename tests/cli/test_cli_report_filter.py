"""A filter decides what netmon could see: every report says which there was, and what that means."""

import html
import json
import re

import pytest

from tests.cli.test_cli_read_again import cut

DEMO_CLIENT = "192.168.10.21"
NEVER = "Packets that a filter does not let through were never looked at."


@pytest.fixture
def reported(netmon):
    """The JSON and the page of a report with these words."""

    def reported(*words):
        document = netmon("report", *words, "--format", "json", "-o", "-")
        page = netmon("report", *words, "-o", "-")
        assert (document.returncode, page.returncode, page.stderr) == (0, 0, "")
        return json.loads(document.stdout), html.unescape(page.stdout)

    return reported


def filtered_of(report):
    """What the report says about filters: the list, that of its sensor, and what could not be seen."""
    scope = report["scope"]
    [sensor] = scope["sensors"]
    blinds = [one for one in report["view"]["blinds"] if one["kind"] == "filtered"]
    return scope["filters"], sensor["filters"], [(one["count"], one["of"]) for one in blinds]


@pytest.mark.usefixtures("libpcap")
@pytest.mark.parametrize(
    "filter_words", [["tcp", "port", "443"], ["not udp port 53"], ["tcp[13]", "!=", "4"]]
)
def test_the_filter_of_files(reported, demo, filter_words):
    """Words after the files are one; the report has the flows that `netmon read` has with it."""
    report, page = reported("--country", "DE", demo, *filter_words)
    text = " ".join(filter_words)
    assert filtered_of(report) == ([text], [text], [(1, 1)])
    assert f"<code>{text}</code>" in page
    assert NEVER in page
    assert "whatever their destination." in page.partition('id="view"')[2]


@pytest.mark.usefixtures("libpcap")
def test_the_filter_of_a_store(netmon, reported, demo):
    """`netmon read --store` records it; the report from the store is that from the file."""
    words = ("tcp", "port", "443")
    assert netmon("read", "--country", "DE", "--store", "f.db", demo, *words).stderr == ""
    stored, _ = reported("--store", "f.db")
    direct, _ = reported("--country", "DE", demo, *words)
    assert filtered_of(stored) == filtered_of(direct)
    assert stored["rows"] == direct["rows"]


@pytest.mark.usefixtures("libpcap")
def test_runs_with_and_without_a_filter(netmon, reported, demo, tmp_path):
    """Each filter is listed once, and how many of the runs had one; each read a part of the capture."""
    first, rest = cut(demo, 300)
    (tmp_path / "rest.pcap").write_bytes(rest)
    second, third = cut(tmp_path / "rest.pcap", 300)
    for number, (part, *words) in enumerate([(first,), (second, "tcp"), (third, "tcp port 443")]):
        (tmp_path / f"{number}.pcap").write_bytes(part)
        netmon("read", "--country", "DE", "--store", "f.db", f"{number}.pcap", *words)
    report, page = reported("--store", "f.db")
    assert report["scope"]["filters"] == ["tcp", "tcp port 443"]
    [blind] = [one for one in report["view"]["blinds"] if one["kind"] == "filtered"]
    assert (blind["count"], blind["of"], blind["is_poor"]) == (2, 3, False)
    assert blind["details"] == [{"what": "tcp", "count": 1}, {"what": "tcp port 443", "count": 1}]
    assert "<code>tcp</code>; <code>tcp port 443</code>" in page


def test_no_filter(reported, demo):
    """That there was none is said as well."""
    report, page = reported("--country", "DE", demo)
    assert filtered_of(report) == ([], [], [])
    assert "<dt>Packet filter (BPF)</dt><dd>none</dd>" in page
    assert NEVER not in page


@pytest.mark.usefixtures("libpcap")
def test_a_client_in_the_filter_is_not_shown(netmon, demo):
    """Neither in the report nor in its commands, unless clients are shown by their addresses."""
    words = ["report", demo, "-o", "-", "host", DEMO_CLIENT]
    pages = {level: netmon(*words, "--privacy", level).stdout for level in "0123"}
    assert {level: DEMO_CLIENT in page for level, page in pages.items()} == dict(
        zip("0123", (True, False, False, False), strict=True)
    )
    assert all("<code>host …</code>" in pages[level] for level in "123")


@pytest.mark.usefixtures("libpcap")
def test_the_commands_have_the_filter(netmon, demo):
    """What repeats the numbers of a table reads the same packets."""
    page = netmon("report", "--country", "DE", demo, "tcp", "port", "443", "-o", "-").stdout
    found = re.findall(r"<code>(netmon (?:read|report) [^<]*)</code>", page)
    assert found
    assert all("tcp port 443" in one for one in found)


@pytest.mark.usefixtures("libpcap")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.pcap"], "nowhere.pcap: no such file"),
        (["{demo}", "nonsense"], "there is no file 'nonsense' either"),
        (["{demo}", "tcp", "prot", "443"], "tcp prot 443"),
    ],
)
def test_wrong_words(netmon, demo, words, said):
    """A file that does not exist is no filter, and a wrong filter is told."""
    done = netmon("report", *(word.format(demo=demo) for word in words), "-o", "x.html")
    assert done.returncode == 1
    assert said in " ".join(done.stderr.split())
