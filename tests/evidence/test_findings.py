"""Every finding of the golden captures and of the scenarios is judged again from its evidence file alone."""

import json
import shlex
from dataclasses import replace

import pytest
from click.testing import CliRunner

from netmon.cli.app import app
from netmon.cli.exit_codes import ERROR, FOUND, OK
from netmon.evidence import recorder
from netmon.version import package_sha256
from tests.craft import golden, golden_time
from tests.craft.packets import ethernet
from tests.craft.pcap import Interface, pcapng
from tests.craft.scene import ETHERNET, connection, ethernet_file, flight
from tests.craft.talk import SECOND_NS, frames, tls_session
from tests.places.mmdb import nested, write_database
from tests.scenarios.table import SCENARIOS, SOURCES
from tests.test_golden import EXIT_CODES, SIGNATURES

RUNNER = CliRunner()
JUDGED = ("vendor", "component", "evidence", "verdict", "reason", "severity")
FINDINGS = ("unexpected", "forbidden")
VIEW = {"expected place_as_promised", "undecided insufficient_view"}
"""Verdicts that depend on how much of a flow was seen, and evidence holds only a part of it: no findings."""

by_case = pytest.mark.parametrize("case", golden.CASES, ids=lambda case: case.__name__)


def netmon(*words):
    """Exit code, standard output and standard error of a command."""
    done = RUNNER.invoke(app, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def read_golden(case, folder, *words):
    """The events of a golden capture, read with evidence."""
    capture = golden.FOLDER / case.__name__ / golden.input_name(case)
    given = ("--config", golden.config(case), "--signatures", SIGNATURES, "--evidence", folder)
    code, output, _ = netmon("read", "--json", *given, *words, capture)
    assert code == EXIT_CODES.get(case, OK)
    return [json.loads(line) for line in output.splitlines()]


def facts(event):
    """What evidence must show again."""
    inner, place = event["netmon"], event["netmon"]["place"]
    where = {key: place[key] for key in ("location", "country", "confidence")}
    return {key: inner.get(key) for key in JUDGED} | where | {"name": event["destination"].get("domain")}


def documents(folder):
    """The documents in a folder, by the port of the client."""
    return {
        one["flow"]["client_port"]: one for one in map(json.loads, map(read, sorted(folder.glob("*.json"))))
    }


def read(path):
    return path.read_text(encoding="utf-8")


def reproduced(folder, document):
    """The last event that the command in a document gives for its flow."""
    command = shlex.split(document["reproduce"])
    assert command[0] == "netmon"
    words = [folder / word if "." in word else word for word in command[1:]]
    events = [json.loads(line) for line in netmon(*words)[1].splitlines()]
    ends = (document["flow"]["client"], document["flow"]["client_port"])
    return [one for one in events if (one["source"]["ip"], one["source"]["port"]) == ends][-1]


@by_case
@pytest.mark.parametrize("level", [0, 1])
def test_the_findings_of_a_golden_capture(case, level, tmp_path):
    """Each finding has one file; the command in its document gives the same verdict, name and place."""
    events = read_golden(case, tmp_path / "evidence", "--privacy", level)
    found = [one for one in events if one["netmon"].get("verdict") in FINDINGS]
    written = documents(tmp_path / "evidence")
    assert sorted(written) == sorted({one["source"].get("port") for one in found})
    for event in found:
        document = written[event["source"]["port"]]
        again = reproduced(tmp_path / "evidence", document)
        assert facts(again) == facts(event)
        judged = {key: value for key, value in document["judged"].items() if key != "grounds"}
        assert judged == facts(event)
        assert [one["shows"] for one in document["packets"]]
        assert document["votes"] == event["netmon"]["place"]["votes"]
        assert document["program_sha256"] == package_sha256()


@by_case
@pytest.mark.parametrize("level", [0, 1])
def test_any_flow_of_a_golden_capture_could_be_a_finding(case, level, tmp_path, monkeypatch):
    """Written for every flow of a vendor, evidence shows the same but for the view, at level 1 as well."""
    monkeypatch.setattr(recorder, "is_finding", lambda classified: classified.vendor is not None)
    read_golden(case, tmp_path / "evidence", "--privacy", level)
    _, output, problems = netmon("evidence", "verify", tmp_path / "evidence")
    lines = [line.partition(".json: ")[2] for line in problems.splitlines()]
    if case is golden_time.two_clocks:
        assert lines[0].startswith("component:")  # so few packets do not show that the clocks differ
    else:
        assert [line for line in lines if not line.startswith(("verdict: ", "reason: "))] == []
        before = [line for line in lines if line.startswith("verdict: ")]
        assert all("expected" in line and "undecided" in line and "unexpected" not in line for line in before)
    assert ("no problem found" in output) == (not lines)


@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.name) for one in SCENARIOS])
@pytest.mark.parametrize("level", [0, 2])
def test_the_findings_of_a_scenario(scenario, level, tmp_path):
    """Each finding is judged again with the policy, the databases and the subject that applied."""
    records = {network: nested(*where.split("/")) for network, where in SOURCES.items()}
    text = "GeoLite2 City database"
    write_database(tmp_path / "mmdb" / "GeoLite2-City.mmdb", records, "GeoLite2-City", description=text)
    (tmp_path / "scenario.pcap").write_bytes(scenario.packets())
    config = tmp_path / "netmon.yaml"
    config.write_text(f"{scenario.config}places: {{databases: [mmdb]}}\n", encoding="utf-8")
    folder = tmp_path / "evidence"
    words = ("--config", config, "--evidence", folder, "--privacy", level, tmp_path / "scenario.pcap")
    assert netmon("read", *words)[0] == scenario.exit_code
    is_finding = scenario.outcome in FINDINGS
    assert len(list(folder.glob("*.json"))) == is_finding
    code, output, problems = netmon("evidence", "verify", folder)
    assert (code, problems) == (OK, "")
    assert output.count("the same verdict") == is_finding


def test_other_databases_and_signatures_are_reported(tmp_path):
    """A finding is not judged by other sources than those that decided; they are found by their hashes."""
    scenario = next(one for one in SCENARIOS if one.exit_code == FOUND)
    records = {network: nested(*where.split("/")) for network, where in SOURCES.items()}
    text = "GeoLite2 City database"
    database = tmp_path / "mmdb" / "GeoLite2-City.mmdb"
    write_database(database, records, "GeoLite2-City", description=text)
    (tmp_path / "scenario.pcap").write_bytes(scenario.packets())
    config = tmp_path / "netmon.yaml"
    config.write_text(f"{scenario.config}places: {{databases: [mmdb]}}\n", encoding="utf-8")
    folder = tmp_path / "evidence"
    netmon("read", "--config", config, "--evidence", folder, tmp_path / "scenario.pcap")
    database.rename(tmp_path / "old.mmdb")
    write_database(database, {}, "GeoLite2-City", description=text)
    code, _, problems = netmon("evidence", "verify", folder)
    assert code == ERROR
    assert "location database" in problems
    assert "name its folder with --databases" in problems
    assert netmon("evidence", "verify", folder, "--databases", tmp_path)[0] == OK
    code, _, problems = netmon("evidence", "verify", folder, "--signatures", SIGNATURES)
    assert code == ERROR
    assert "other signatures" in problems
    assert netmon("evidence", "verify", folder, "--chain-only")[0] == OK


@pytest.mark.parametrize("is_one_clock", [False, True])
def test_round_trips_between_two_interfaces(is_one_clock, tmp_path, monkeypatch):
    """They are measured in a file only if one clock timed both, and the evidence says so as well."""
    monkeypatch.setattr(recorder, "is_finding", lambda classified: classified.vendor is not None)
    sent = tls_session(connection(), flight())
    order = zip(sent, frames(sent, ethernet), strict=True)
    tapped = [frame if one.up else replace(frame, interface=1) for one, frame in order]
    tap = [Interface("tap0", ETHERNET), Interface("tap1", ETHERNET)]
    (tmp_path / "tapped.pcapng").write_bytes(pcapng(tapped, tap))
    (tmp_path / "netmon.yaml").write_text(f"capture: {{one_clock: {is_one_clock}}}\n".lower())
    words = ("--config", tmp_path / "netmon.yaml", "--signatures", SIGNATURES, "--evidence", tmp_path / "e")
    [event] = map(json.loads, netmon("read", "--json", *words, tmp_path / "tapped.pcapng")[1].splitlines())
    assert ("answer_rtt_ms" in event["netmon"]) == is_one_clock
    [document] = documents(tmp_path / "e").values()
    again = reproduced(tmp_path / "e", document)["netmon"]
    assert again.get("answer_rtt_ms") == event["netmon"].get("answer_rtt_ms")


def test_a_flow_that_is_silent_between_the_packets_of_its_evidence(tmp_path, monkeypatch):
    """Packets that show nothing kept the flow alive: without them, it must not end before its last one."""
    monkeypatch.setattr(recorder, "is_finding", lambda classified: classified.vendor is not None)
    talk = connection()
    talk.open()
    talk.send(flight())
    for _ in range(4):
        talk.wait(200 * SECOND_NS)
        talk.send(b"\x17\x03\x03\x00\x01x")
    talk.receive(b"\x17\x03\x03\x00\x01y")
    (tmp_path / "silent.pcap").write_bytes(ethernet_file(talk.sent))
    words = (
        "--config",
        golden.FOLDER / "netmon.yaml",
        "--signatures",
        SIGNATURES,
        "--evidence",
        tmp_path / "e",
    )
    [event] = map(json.loads, netmon("read", "--json", *words, tmp_path / "silent.pcap")[1].splitlines())
    assert event["netmon"]["contact"] == "data"
    [document] = documents(tmp_path / "e").values()
    assert len(document["packets"]) < len(talk.sent)
    assert reproduced(tmp_path / "e", document)["netmon"]["contact"] == "data"
