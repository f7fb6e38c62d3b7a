"""The sweep over folders of captures: what it finds, keeps, repeats and reports."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from netmon.verify.show import TITLES
from tests.sweep import captures, report
from tests.sweep.__main__ import main
from tests.sweep.argued import ALL, Argued, Kind, load
from tests.sweep.captures import Capture
from tests.sweep.examination import Result
from tests.sweep.store import Store
from tests.sweep.workers import examine_all

CAPTURES = Path(__file__).parent / "captures"
SMALL = CAPTURES / "nDPI/no_sni.pcap"


def capture(name: str) -> Capture:
    """A capture that is never opened."""
    return Capture(Path(name), name, 1)


def behave(found: Capture, _known: Result | None) -> Result:
    """Does what a file's name says."""
    match found.path.name:
        case "crashes":
            os._exit(7)
        case "hangs":
            time.sleep(60)
        case "raises":
            raise ValueError("a surprise")
    return Result(found.sha256, str(found.path), found.size, packets=1)


def test_each_content_is_found_once_and_other_files_are_not(tmp_path: Path) -> None:
    """A second file with the same packets, and a text file, are not examined."""
    for name in ("a.pcap", "deeper/b.pcap"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(SMALL, tmp_path / name)
    (tmp_path / "notes.pcap").write_text("no capture", encoding="utf-8")
    (tmp_path / "empty.pcap").touch()
    assert [found.path.name for found in captures.find([tmp_path])] == ["a.pcap"]


def test_a_failure_costs_one_file() -> None:
    """A crash, an endless loop and an exception are attributed to their file; all others are examined."""
    names = ("good", "crashes", "fine", "hangs", "raises", "last")
    results = list(examine_all([(capture(name), None) for name in names], 2, behave, limit_s=3))
    failures = {result.path: result.failure for result in results if result.failure}
    assert failures == {
        "crashes": "the process ended with exit code 7",
        "hangs": "no result after 3 s",
        "raises": "ValueError: a surprise",
    }
    assert [result.path for result in results if result.packets] == ["good", "fine", "last"]


def test_results_survive_an_interruption(tmp_path: Path) -> None:
    """A line that an interruption cut is ignored; the last line about a capture counts."""
    file = tmp_path / "results.jsonl"
    store = Store(file)
    store.add(Result("a", "a.pcap", 1, packets=1))
    store.add(Result("b", "b.pcap", 1))
    store.add(Result("a", "a.pcap", 1, packets=2))
    with file.open("a", encoding="utf-8") as lines:
        lines.write('{"sha256": "c", "pa')
    again = Store(file)
    assert {name: result.packets for name, result in again.results.items()} == {"a": 2, "b": 0}
    again.compact()
    assert len(file.read_text(encoding="utf-8").splitlines()) == 2


def test_the_report_groups_differences_and_shows_the_smallest_example() -> None:
    """Differences that differ in numbers only are one kind; recall counts what tshark reads."""

    def result(path: str, size: int, packet: int) -> Result:
        difference = {
            "over": "tcp",
            "source": {"ip": "192.0.2.1", "port": 1000 + packet},
            "destination": {"ip": "192.0.2.2", "port": 443},
            "first_packet": packet,
            "wireshark": ["a.example"],
            "netmon": [],
            "note": f"Wireshark reports packet {packet} as malformed",
            "seen": "not_tls",
        }
        return Result(path, path, size, tshark="4.0.17", equal={"tcp": 3}, differences=(difference,))

    lines = list(report.lines([result("large.pcap", 900, 5), result("small.pcap", 100, 7)]))
    assert any(line.split()[-5:] == ["TCP", "8", "6", "75.00%", "0"] for line in lines), lines
    (kind,) = (number for number, line in enumerate(lines) if "tcp missing" in line)
    assert (
        " ".join(lines[kind].split()) == "2 in 2 files tcp missing: Wireshark reports packet N as malformed"
    )
    assert "small.pcap: packet 7" in lines[kind + 1]


def difference(over: str, packet: int) -> dict[str, Any]:
    """A name that only tshark reads."""
    ends = {"source": {"ip": "192.0.2.1", "port": 1000}, "destination": {"ip": "192.0.2.2", "port": 80}}
    texts = {"wireshark": ["/"], "netmon": [], "note": None, "seen": "not_tls"}
    return {"over": over, "first_packet": packet} | ends | texts


def test_what_is_argued_counts_separately() -> None:
    """A difference is argued at its packet, in its class and file; an entry without one is reported."""
    argued = Argued([Kind("odd", "It is odd.", {("http", "set/a.pcap"): [5, 9], ("tcp", "set/a.pcap"): ALL})])
    differences = (difference("http", 5), difference("http", 7), difference("tcp", 8))
    result = Result(
        "a", "/captures/set/a.pcap", 1, tshark="4.0.17", equal={"http": 2}, differences=differences
    )
    lines = [" ".join(line.split()) for line in report.lines([result], argued)]
    recall = [line for line in lines if line.startswith("hosts of HTTP requests")]
    assert recall == ["hosts of HTTP requests 4 2 50.00% 0", "hosts of HTTP requests 1 1 66.67% 0 0"]
    heading = lines.index("Argued differences")
    kinds = [line for line in lines[heading:] if " files " in line]
    assert kinds == [
        "1 in 1 files http missing: odd",
        "1 in 1 files tcp missing: odd",
        "1 in 1 files http missing: not_tls",
    ]
    assert lines[-1] == "argued, but there is no such difference: odd: http set/a.pcap 9"


def test_a_file_of_another_set_is_not_argued() -> None:
    """The end of a path has to be that of the entry, folder by folder."""
    argued = Argued([Kind("odd", "It is odd.", {("http", "set/a.pcap"): ALL})])
    assert argued.kind("/captures/set/a.pcap", difference("http", 5)) is not None
    for path in ("/captures/other/a.pcap", "/captures/subset/a.pcap", "/captures/set/b.pcap"):
        assert argued.kind(path, difference("http", 5)) is None
    assert list(argued.unused(["/captures/other/a.pcap"])) == []


def test_each_argument_is_complete() -> None:
    """Each kind has its own name, a reason in sentences, and packets in a class that is compared."""
    kinds = load()
    assert len({kind.name for kind in kinds}) == len(kinds)
    page = (Path(__file__).parent.parent / "docs" / "wire-coverage.md").read_text(encoding="utf-8")
    for kind in kinds:
        assert kind.why.endswith("."), kind.name
        assert f"`{kind.name}`" in page, kind.name
        assert kind.where, kind.name
        for (over, file), packets in kind.where.items():
            assert over in TITLES, kind.name
            assert file.count("/") > 1, file
            assert packets == ALL or (packets and len(set(packets)) == len(packets)), file
            assert packets == ALL or all(packet is None or packet > 0 for packet in packets), file


def test_a_repeated_sweep_asks_tshark_only_where_netmon_reads_something_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without tshark, a capture whose records are unchanged keeps its comparison."""
    shutil.copy(SMALL, tmp_path / "a.pcap")
    words = ["--results", str(tmp_path / "results.jsonl"), str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["sweep", *words])
    main()
    assert "captures: 1, compared with tshark: 1" in capsys.readouterr().out
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["sweep", "--again", *words])
    main()
    assert "captures: 1, compared with tshark: 1" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["sweep", "--afresh", *words])
    main()
    assert "captures: 1, compared with tshark: 0" in capsys.readouterr().out
