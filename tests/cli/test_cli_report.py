"""`netmon report`: formats, errors, and numbers that are those of every other output."""

import csv
import hashlib
import importlib.util
import io
import json

import pytest

from netmon.version import package_sha256
from tests.craft.pcap import Frame, pcap

COUNTED = ("flows", "sent_bytes", "received_bytes")


@pytest.fixture
def reported(netmon):
    """The report with these words as JSON."""

    def reported(*words):
        done = netmon("report", *words, "--format", "json", "-o", "-")
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    return reported


@pytest.fixture
def stored(netmon, demo):
    """A store with the demo."""
    netmon("read", "--country", "DE", "--store", "demo.db", demo)
    return "demo.db"


def totals_of_events(text):
    """Flows and bytes of the events of a vendor."""
    found = [json.loads(line) for line in text.splitlines()]
    flows = [one for one in found if "vendor" in one["netmon"]]
    sent = sum(one["source"]["bytes"] for one in flows)
    return len(flows), sent, sum(one["destination"]["bytes"] for one in flows)


def test_a_page_is_written(netmon, demo, tmp_path):
    """One file, and nothing is printed; that there are findings is no error of the report."""
    done = netmon("report", "--country", "DE", demo, "-o", "office.html")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    page = (tmp_path / "office.html").read_text(encoding="utf-8")
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "Traffic to Kaspersky ended in Russia." in page


@pytest.mark.parametrize(
    ("name", "begins"),
    [("a.json", "{\n"), ("a.csv", "vendor,"), ("a.CSV", "vendor,"), ("a.htm", "<!DOCTYPE"), ("a", "<!DOC")],
)
def test_the_name_gives_the_format(netmon, demo, tmp_path, name, begins):
    """As the name ends, in either case; a page if it says nothing."""
    assert netmon("report", demo, "-o", name).returncode == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


@pytest.mark.parametrize("name", ["a.docx", "a.txt", "month.pdf.bak", "a.HTML5"])
def test_an_unknown_ending_is_no_page(netmon, demo, tmp_path, name):
    """Nothing is written in another format than the name says; `--format` allows any name."""
    done = netmon("report", demo, "-o", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert "a report is html, pdf, json or csv, and not " in " ".join(done.stderr.split())
    assert not (tmp_path / name).exists()
    assert netmon("report", demo, "-o", name, "--format", "json").returncode == 0
    json.loads((tmp_path / name).read_text(encoding="utf-8"))


def test_a_table_is_csv_whatever_its_name(netmon, demo, tmp_path):
    """`--table` leaves no choice of a format."""
    assert netmon("report", demo, "--table", "findings", "-o", "a.txt").returncode == 0
    assert "," in (tmp_path / "a.txt").read_text(encoding="utf-8")


def test_the_option_overrules_the_name(netmon, demo, tmp_path):
    """`--format` decides if it is given."""
    assert netmon("report", demo, "-o", "a.csv", "--format", "json").returncode == 0
    json.loads((tmp_path / "a.csv").read_text(encoding="utf-8"))


def test_german(netmon, demo):
    """The page in German, and numbers as there."""
    page = netmon("report", "--country", "DE", "--language", "de", demo, "-o", "-").stdout
    assert '<html lang="de">' in page
    assert "Datenverkehr zu Kaspersky endete in Russland." in page
    assert "Moskau" in page


def test_the_locale_gives_the_language(netmon, environment, demo):
    """Unless the option gives another one; JSON is the same in every language."""
    words = ("report", "--country", "DE", "--privacy", "3", demo, "-o", "-")
    plain = netmon(*words, "--format", "json").stdout
    environment["LANG"] = "de_CH.UTF-8"
    assert '<html lang="de">' in netmon(*words).stdout
    assert '<html lang="en">' in netmon(*words, "--language", "en").stdout
    assert netmon(*words, "--format", "json").stdout == plain


def test_totals_are_those_of_the_events(netmon, demo, reported, stored):
    """Report, its CSV, its table, the time line, the store and the events agree to the byte."""
    events = totals_of_events(netmon("read", "--country", "DE", "--json", demo).stdout)
    report = reported("--country", "DE", demo)
    [answer] = report["answers"]
    assert tuple(answer["total"][name] for name in COUNTED) == events
    assert tuple(sum(one["sum"][name] for one in answer["shares"]) for name in COUNTED) == events
    assert tuple(sum(row["sum"][name] for row in report["rows"]) for name in COUNTED) == events
    bars = sum(sum(one["bytes_by_share"]) for one in report["time_line"]["spans"])
    assert bars == events[1] + events[2]
    text = netmon("report", "--country", "DE", demo, "--format", "csv", "-o", "-").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(sum(int(row[name]) for row in rows) for name in COUNTED) == events
    [from_store] = reported("--store", stored)["answers"]
    assert from_store["total"] == answer["total"]


def test_events_alone_give_a_report(netmon, demo, reported, tmp_path):
    """Those of `netmon read --json`, imported: the same numbers, and that the conditions are not recorded."""
    (tmp_path / "e.jsonl").write_text(netmon("read", "--country", "DE", "--json", demo).stdout)
    assert netmon("store", "import", "--store", "e.db", "e.jsonl").returncode == 0
    report, whole = reported("--store", "e.db"), reported("--country", "DE", demo)
    for name in ("rows", "destinations"):
        assert report[name] == whole[name]
    assert report["answers"][0]["shares"] == whole["answers"][0]["shares"]
    assert report["view"]["grade"] == "none"
    page = netmon("report", "--store", "e.db", "--since", "2026-09-15", "--until", "2026-09-15", "-o", "-")
    assert (page.returncode, page.stderr) == (0, "")
    assert "Traffic to Kaspersky ended in Russia." in page.stdout
    assert page.stdout.count("<dd>not recorded</dd>") == 4


def test_the_statement_is_that_of_read(netmon, demo, reported):
    """The statement of `netmon read` and the report count the same flows."""
    lines = netmon("read", "--country", "DE", demo).stdout.splitlines()
    [line] = [line for line in lines if line.startswith("Russia: ")]
    [statement] = reported("--country", "DE", demo)["answers"][0]["statements"]
    counted = {one["standing"]: one["sum"]["flows"] for one in statement["standings"]}
    possible, unknown = counted["possible"], counted["unknown"]
    assert line == (
        f"Russia: {statement['counted']['flows']} flows of kaspersky: {counted['located']} located there, "
        f"{counted.get('excluded', 0)} cannot be there, {possible + unknown} not excluded "
        f"({possible} named by a source, {unknown} by none)."
    )


def test_files_and_their_store_give_the_same_report(demo, reported, stored):
    """Apart from the command, and from pseudonyms, whose key is another one in each run."""
    one, other = reported("--country", "DE", demo), reported("--store", stored)
    for report in (one, other):
        del report["asked"]
        for finding in report["findings"]:
            for contact in finding["contacts"]:
                del contact["client"]
            finding["contacts"].sort(key=lambda contact: contact["flow"])
    assert one == other


@pytest.mark.parametrize("kind", ["html", "json", "csv"])
def test_the_same_store_gives_the_same_bytes(netmon, stored, kind):
    """Each time, whenever it is asked."""
    words = ("report", "--store", stored, "--format", kind, "-o", "-")
    one, other = netmon(*words).stdout, netmon(*words).stdout
    assert one == other
    assert one


def test_clients_are_pseudonyms_unless_asked_for(demo, reported):
    """As `privacy.level` says, because a report is passed on; --privacy 0 shows addresses."""
    contact = reported("--country", "DE", demo)["findings"][0]["contacts"][0]
    assert contact["client"].startswith("client-")
    contact = reported("--country", "DE", "--privacy", "0", demo)["findings"][0]["contacts"][0]
    assert contact["client"].startswith("192.0.2.")


def test_scope_names_files_by_their_hash(netmon, demo, reported):
    """SHA-256, size, country and version are in the report."""
    scope = reported("--country", "DE", demo)["scope"]
    assert scope["countries"] == ["DE"]
    [file] = scope["files"]
    assert (file["path"], file["size"]) == (str(demo), demo.stat().st_size)
    assert len(file["sha256"]) == 64


def test_all_that_decided_has_a_hash(reported, tmp_path, demo):
    """netmon and the configuration too, and a row for each source that votes anywhere in the report."""
    (tmp_path / "netmon.yaml").write_text("subject: {country: DE}\n")
    report = reported("--config", "netmon.yaml", demo)
    used = {one["kind"]: one["sha256"] for one in report["used"]}
    assert used["netmon"] == package_sha256()
    assert used["configuration"] == hashlib.sha256((tmp_path / "netmon.yaml").read_bytes()).hexdigest()
    assert used["signatures"] == used["source"] == report["signatures_sha256"]
    votes = {vote["source"] for finding in report["findings"] for vote in finding["votes"]}
    assert votes
    assert votes <= {one["name"] for one in report["used"] if one["kind"] == "source"}


def test_period_of_a_store(reported, stored):
    """Whole days: that of the demo has all its flows, and the last one is included."""
    one = reported("--store", stored, "--since", "2026-09-15", "--until", "2026-09-15")
    assert one["answers"][0]["total"]["flows"] == 37
    assert one["scope"]["since"] == "2026-09-15T00:00:00.000000Z"


def test_no_store(refused):
    """What to do about it."""
    assert refused("report", "--store", "none.db", "-o", "a.html").startswith("none.db: there is no store")


def test_the_store_of_the_configuration(netmon, demo, environment, tmp_path):
    """Without files and --store, the report is about the store that `netmon run` writes."""
    state = tmp_path / "state"
    state.mkdir()
    (tmp_path / "netmon.yaml").write_text("store: {path: state/flows.db}\n")
    netmon("read", "--country", "DE", "--store", "state/flows.db", demo)
    done = netmon("report", "--config", "netmon.yaml", "-o", "-")
    assert done.returncode == 0
    assert "Traffic to Kaspersky ended in Russia." in done.stdout
    assert "netmon report --config netmon.yaml --format json -o -" in done.stdout


def test_no_store_yet(refused, tmp_path):
    """The default store, if no sensor has run."""
    line = refused("report", "-o", "a.html")
    assert line.startswith(str(tmp_path / ".local" / "state" / "netmon" / "flows.db"))


def test_the_store_is_off(refused, tmp_path):
    """Then there is nothing to report without --store."""
    (tmp_path / "netmon.yaml").write_text("store: {path: off}\n")
    line = refused("report", "--config", "netmon.yaml", "-o", "a.html")
    assert line == "the store is off (store.path): give capture files, or another store with --store"


def test_empty_period(refused, stored):
    """A report about nothing is not written."""
    line = refused(
        "report", "--store", stored, "--since", "2001-01-01", "--until", "2001-01-02", "-o", "a.html"
    )
    assert line == "the store has no record of this period: choose another with --since and --until"


def test_unknown_vendor(refused, demo):
    """With the name that may be meant."""
    line = refused("report", "--vendor", "kasperski", demo, "-o", "a.html")
    assert line == "--vendor: no vendor 'kasperski' in the signatures; did you mean 'kaspersky'?"


def test_existing_file_is_kept(refused, demo, tmp_path):
    """It may be a report of another period."""
    (tmp_path / "a.html").write_text("kept")
    line = refused("report", demo, "-o", "a.html")
    assert line == "a.html: exists already, and is not overwritten; remove it, or give another name"
    assert (tmp_path / "a.html").read_text() == "kept"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("missing/a.html", "missing: no such folder; make it, or give another name for the report"),
        (".", ".: a folder; give the name of a file in it"),
        ("/proc/a.html", "/proc"),
    ],
)
def test_unwritable_target(refused, demo, target, said):
    """What cannot be written is said in one line, with what to do where that is known."""
    assert refused("report", demo, "-o", target).startswith(said)


def test_missing_capture(refused):
    """A file that is not there."""
    assert refused("report", "none.pcap", "-o", "a.html") == "none.pcap: no such file"


def test_no_browser(refused, demo, environment, tmp_path):
    """A PDF needs a program, and the message says which, and what to do without."""
    if importlib.util.find_spec("weasyprint"):
        pytest.skip("WeasyPrint is installed")
    environment["PATH"] = str(tmp_path)
    line = refused("report", demo, "-o", "a.pdf")
    assert line.startswith("a PDF needs Chromium or WeasyPrint, and neither is installed")
    assert not (tmp_path / "a.pdf").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.pcap"], "give the file to write, such as -o report.html"),
        (["a.pcap", "-o", "a.html", "--since", "30d"], "--since, --until and --store select from a store"),
        (
            ["--store", "a.db", "-o", "a.html", "--since", "yesterday"],
            "'yesterday' is no date: write 2026-06-30, or",
        ),
        (["--store", "a.db", "-o", "a.html", "--since", "2026-02-30"], "'2026-02-30' is no date"),
        (["--store", "a.db", "-o", "a", "--since", "2026-03-02", "--until", "2026-03-01"], "is not after"),
        (["a.pcap", "-o", "a.html", "--format", "docx"], "docx"),
        (["a.pcap", "-o", "a.html", "--language", "fr"], "fr"),
    ],
)
def test_wrong_usage(netmon, words, said):
    """Exit code 2, and what is wrong."""
    done = netmon("report", *words)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


def test_packets_that_could_not_be_decoded_are_no_all_clear(netmon, tmp_path):
    """From the file and from a store: the first page says so, and the command fails as `netmon read` does."""
    unknown = bytes(12) + b"\x99\x99" + bytes(60)
    frames = [Frame(1_789_000_000_000_000_000 + number * 10**9, unknown) for number in range(30)]
    (tmp_path / "u.pcap").write_bytes(pcap(frames, 1))
    assert netmon("read", "--store", "u.db", "u.pcap").returncode == 1
    for source in (["u.pcap"], ["--store", "u.db"]):
        for vendor in ([], ["--vendor", "kaspersky"]):
            done = netmon("report", *source, *vendor, "-o", "-")
            assert done.returncode == 1
            assert "most packets could not be decoded" in done.stderr
            assert "Most of the traffic could not be read, so" in done.stdout
            assert "No traffic to" not in done.stdout
            assert "There is no finding:" not in done.stdout


def test_a_file_without_packets_is_no_all_clear(netmon, tmp_path):
    """Neither its headline nor its period says that something was watched."""
    (tmp_path / "e.pcap").write_bytes(pcap([], 1))
    page = netmon("report", "--vendor", "kaspersky", "e.pcap", "-o", "-").stdout
    assert "<h1>No packet was received, so nothing can be said about traffic to Kaspersky.</h1>" in page
    assert "<dt>Period</dt><dd>no packets</dd>" in page
    assert "1 Jan 1970" not in page


def test_a_damaged_file_is_reported_all_the_same(netmon, demo, tmp_path):
    """With a line about it, and exit code 1."""
    (tmp_path / "cut.pcap").write_bytes(demo.read_bytes()[:100_001])
    done = netmon("report", "--country", "DE", "cut.pcap", "-o", "cut.html")
    assert done.returncode == 1
    assert "cut.pcap" in done.stderr
    assert "The capture is not complete." in (tmp_path / "cut.html").read_text(encoding="utf-8")
